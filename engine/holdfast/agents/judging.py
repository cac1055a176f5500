"""From what a host answered to how its agents stand; pure."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from holdfast.agents.model import AgentState
from holdfast.documents.model import Agent, State
from holdfast_host.graph import CHANGED, FAILED, OK, PENDING, SKIPPED

if TYPE_CHECKING:
    from holdfast.executor.model import HostResult, Result

STANDS = frozenset({OK, CHANGED})
ANSWERED = frozenset({"ok", "changed", "pending", "failed"})
REMOVAL, PACKAGE, WATCHED = "removal", "package", ("service", "health")
VERSIONED = ("package: ", "archive: ")  # ids of resources that tell of a version
REPLACING = ("upgrade", "downgrade", "update")  # what is there already


def agent_states(result: HostResult, declared: Iterable[State]) -> tuple[AgentState, ...]:
    """The agents of a host after a run. declared: the documents that may give it resources. An agent of which all is
    left out there is not told of."""
    found = [_state(result, one) for one in declared if isinstance(one, Agent)]
    return tuple(one for one in found if one is not None)


def _state(result: HostResult, agent: Agent) -> AgentState | None:
    parts = [(one, role) for one in result.results for role in _roles(one, agent)]
    there = [(one, role) for one, role in parts if not _is_left(one)]
    if not there:
        return None if parts and result.status in ANSWERED else AgentState(
            result.host, agent.name, "", None, None, why=result.message or f"the host is {result.status}")
    if all(role == REMOVAL for _, role in there):
        return _removed(result.host, agent.name, [one for one, _ in there])
    installing = [one for one, role in there if role == PACKAGE]
    present = _present(installing)
    watched = [one for one, role in there if role in WATCHED]
    healthy = _all_stand(watched) if watched else present
    if present is False:
        healthy = False
    return AgentState(result.host, agent.name, "present", present, healthy,
                      _version(installing, agent) if present else "", _why([one for one, _ in there]))


def _roles(one: Result, agent: Agent) -> list[str]:
    return [part.name for part in one.parts if part.kind == "agent" and part.document == agent.name]


def _is_left(one: Result) -> bool:
    return one.status == SKIPPED and not one.is_alone and not one.event.message.startswith("needs ")


def _removed(host: str, agent: str, removing: Sequence[Result]) -> AgentState:
    gone = _all_stand([one for one in removing if one.id.startswith("package: ")] or removing)
    return AgentState(host, agent, "absent", None if gone is None else not gone, None, why=_why(removing))


def _present(installing: Sequence[Result]) -> bool | None:
    """What is to change from one version to another is there, and what tells of a version though it is refused."""
    found = [True if one.status in STANDS or _is_replaced(one) or (one.status == FAILED and _told_version(one))
             else False if one.status == PENDING else None for one in installing]
    return False if False in found else None if None in found or not found else True


def _all_stand(results: Sequence[Result]) -> bool | None:
    """Is everything in state now? None: that is not known."""
    found = [_stands(one) for one in results]
    return False if False in found else None if None in found else True


def _stands(one: Result) -> bool | None:
    """Is it in state now, before anything that a plan shows has come? A service that would only be restarted is."""
    if one.status == PENDING:
        return bool(one.event.refreshed) and not one.event.fields and not one.event.diffs
    return {**dict.fromkeys(STANDS, True), FAILED: False}.get(one.status, {OK: True, PENDING: False}.get(one.event.now))


def _is_replaced(one: Result) -> bool:
    return one.status == PENDING and one.event.action in REPLACING


def _version(installing: Sequence[Result], agent: Agent) -> str:
    """As it is now. "" where a plan does not tell: of what is put back as it was, only the difference is known."""
    first = installing[0] if installing else None
    if first is None or not first.id.startswith(VERSIONED):
        return agent.version
    if _is_replaced(first):
        return next((str(before) for name, before, _ in first.event.fields if name == "version" and before), "")
    return _told_version(first)


def _told_version(one: Result) -> str:
    return str(one.event.outputs.get("version") or "")


def _why(results: Sequence[Result]) -> str:
    """What is wrong first: a failure, then what differs, then what is not known."""
    for statuses in ((FAILED,), (PENDING,)):
        for one in results:
            if one.status in statuses:
                said = one.event.message.split("\n", 1)[0] or f"to {one.event.action}"
                return f"{one.id}: {said}"
    return next((f"{one.id}: {one.event.message or one.status}" for one in results if one.status not in STANDS), "")
