"""What is done about each difference that a look at a host has found; pure."""
from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from holdfast.compiler.model import HostGraph
from holdfast.documents.association import Damping
from holdfast.executor.model import HostResult, Result
from holdfast.store.model import Episode
from holdfast_host.values import from_wire

Cause = Literal["corrective", "intended"]
Decision = Literal["repair", "report", "held", "fight"]

DAY_S = 86_400.0
ROUNDS = 5  # how many of them a fight may take, where they are rarer than once in a few hours
KNOWN = frozenset({"ok", "pending", "changed", "failed"})  # statuses of hosts that have answered
STANDING_OF = {"failed": "failed", "unreachable": "unreachable"}  # of hosts; others that are not known are `unknown`


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a host from before. open, past: drift of it by id, that which goes on and that which is over,
    the newest first. settled: digests of what its resources were declared to be when they were last in state. held: why
    resources are left alone, by id."""

    open: Mapping[str, Episode]
    past: Mapping[str, Sequence[Episode]]
    settled: Mapping[str, str]
    held: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One difference. decision: `repair` or `report` it, or leave it alone because it is `held` or a `fight`."""

    result: Result
    cause: Cause
    decision: Decision
    is_new: bool
    stopped: float | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """What is to be done about one host. over: drift that is no more, and undeclared: that is declared no more. owed:
    ids of what differs in nothing, but is to be told of a change (a service that is to be restarted): that of another
    resource now, or one of before a crash; or that is to be looked into deeper (lists of packages that are old)."""

    host: str
    verdicts: tuple[Verdict, ...] = ()
    over: tuple[Episode, ...] = ()
    owed: tuple[str, ...] = ()
    undeclared: tuple[Episode, ...] = ()

    @property
    def wants_repair(self) -> bool:
        """Is there something to put back, or to tell?"""
        return bool(self.of("repair") or self.owed)

    def of(self, decision: Decision) -> tuple[Verdict, ...]:
        """The differences with this decision."""
        return tuple(one for one in self.verdicts if one.decision == decision)


def findings(result: HostResult, graph: HostGraph, declared: Mapping[str, str], known: Known, *, association: str,
             is_reapplied: bool, damping: Damping, interval_s: float, now: float) -> Findings:
    """declared: digests of the graph's resources. now: seconds since the epoch."""
    acts = _acting(graph)
    verdicts, owed = [], []
    for one in result.results:
        if one.status != "pending" or one.id in acts:
            continue
        is_in_state = one.event.now == "ok"  # as far as can be seen before it is done
        if is_in_state or (one.event.refreshed and not one.event.fields and not one.event.diffs):
            owed += [one.id] if is_reapplied or not is_in_state else []
            continue
        before = known.open.get(one.id)
        cause = _cause(one.id, declared, known)
        decision: Decision = "repair" if is_reapplied else "report"
        stopped = None
        if one.id in known.held:
            decision, stopped = "held", before.stopped if before else None
        elif is_reapplied and cause == "corrective":
            given_up = before is not None and before.stopped is not None
            if given_up or is_fight(known.past.get(one.id, ()), damping, interval_s, now):
                decision, stopped = "fight", before.stopped if before and given_up else now
        verdicts.append(Verdict(one, cause, decision, before is None, stopped))
    told = _told_by(graph, {one.result.id for one in verdicts if one.decision != "repair"})
    owed = [id_ for id_ in owed if id_ not in told]  # what comes of what is left alone is left alone too
    there = {one.id for one in result.results}
    gone = [episode for id_, episode in known.open.items() if id_ not in there and episode.association == association]
    return Findings(result.host, tuple(verdicts), tuple(_over(result, known)), tuple(owed),
                    tuple(gone) if result.status in ("ok", "pending") else ())


def met(looked: HostResult, repaired: HostResult, graph: HostGraph, declared: Mapping[str, str],
        known: Known) -> tuple[Verdict, ...]:
    """What was in state in the look, and had moved when the repair came to it a moment later: it is over already."""
    acts = _acting(graph)
    in_state = {one.id for one in looked.results if one.status == "ok"}
    found = [one for one in repaired.results if one.status == "changed" and (one.event.fields or one.event.diffs)
             and one.id in in_state and one.id not in known.open and one.id not in acts]
    return tuple(Verdict(one, _cause(one.id, declared, known), "repair", True) for one in found)


def _acting(graph: HostGraph) -> frozenset[str]:
    """What acts in each run, so that it is no drift."""
    return frozenset(node.id for node in graph.nodes if from_wire(node.args.get("always", False)) is True)


def _told_by(graph: HostGraph, ids: Collection[str]) -> set[str]:
    """All that these notify, over others too."""
    found: set[str] = set()
    ahead = [node for node in graph.nodes if node.id in ids]
    while ahead:
        for target in (graph.nodes[number] for number in ahead.pop().notifies):
            if target.id not in found:
                found.add(target.id)
                ahead.append(target)
    return found


def _cause(id_: str, declared: Mapping[str, str], known: Known) -> Cause:
    return "corrective" if known.settled.get(id_) == declared.get(id_) else "intended"


def is_fight(past: Sequence[Episode], damping: Damping, interval_s: float, now: float) -> bool:
    """Has it been put back too often? What came of a changed document, of somebody else, or of a fight that was given
    up before begins a new count. past: the newest first."""
    within_s = fight_s(damping, interval_s)
    repairs = 0
    for episode in past:
        is_counted = episode.is_repair and episode.cause == "corrective" and episode.stopped is None
        if not is_counted or (episode.ended or 0.0) < now - within_s:
            break
        repairs += 1
    return repairs >= damping.repairs


def fight_s(damping: Damping, interval_s: float) -> float:
    """In what time repairs count as those of one fight, in seconds."""
    return damping.within_s or max(DAY_S, ROUNDS * interval_s)


def standing(status: str, found: Findings | None) -> tuple[str, str]:
    """How a host stands by what became of it, and by what is not put back there: the status, and what to say of it."""
    if status not in KNOWN or status == "failed" or found is None:
        return STANDING_OF.get(status, "unknown"), ""
    waits = [*(one.result.id for one in found.of("repair")), *found.owed] if status == "pending" else []
    for word, name, some in (("fight", "drifted", _ids(found, "fight")), ("reported", "drifted", _ids(found, "report")),
                             ("not put back yet", "drifted", waits), ("held", "held", _ids(found, "held"))):
        if some:
            return name, f"{word}: {', '.join(some[:3])}" + (f" and {len(some) - 3} more" if len(some) > 3 else "")
    return "good", ""


def _ids(found: Findings, decision: Decision) -> list[str]:
    return [one.result.id for one in found.of(decision)]


def _over(result: HostResult, known: Known) -> list[Episode]:
    """What was open and is in state."""
    in_state = {one.id for one in result.results if one.status == "ok"}
    return [episode for id_, episode in known.open.items() if id_ in in_state]
