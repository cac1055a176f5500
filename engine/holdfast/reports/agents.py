"""How agents stand, a line for each on each host; what is well is folded."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from typing import Any

from holdfast.agents.model import AgentState
from holdfast.reports.fold import fold, without_host
from holdfast.reports.style import Style, printable
from holdfast.reports.words import moment, ranges, table

HEAD = ("host", "agent", "present", "healthy", "version", "since", "asked")
UNKNOWN = "not known"


def agents_table(states: Sequence[AgentState], style: Style, zone: tzinfo | None = None) -> list[str]:
    """One line for each agent of each host, what is wrong below it."""
    if not states:
        return ["no agents are known yet: `holdfast plan` or `apply` with a document `agent: …` tells of them"]
    rows = [(printable(one.host), one.agent, _present(one), _healthy(one), printable(one.version) or "-",
             *(moment(at, zone) if at is not None else "-" for at in (one.since, one.asked))) for one in states]
    head, *lines = table(HEAD, rows)
    told = [style.line(head)]
    for one, line in zip(states, lines, strict=True):
        told.append(style.line(style.paint(line, _paint(one))))
        told += [style.line("    " + line) for line in _below(one, zone)]
    return told


def agents_seen(states: Iterable[AgentState], style: Style, zone: tzinfo | None = None) -> list[str]:
    """The agents of a run, hosts where one stands the same folded."""
    groups = fold(((one.host, one) for one in states), lambda host, one: (
        one.agent, one.wanted, one.present, one.healthy, one.version, without_host(one.why, host)),
        lambda one: one.since)
    lines = []
    for group in sorted(groups, key=lambda group: (group.example.agent, group.example.is_well)):
        one = max(group.items, key=lambda one: one.since or 0)
        words = _in_words(one, zone) + ("" if group.alike else " at the latest")
        lines.append(style.line(style.paint(f"agent {one.agent}: {words}", _paint(one)) + f"  {ranges(group.hosts)}"))
        lines += [style.line("    " + printable(one.why))] if one.why and not one.is_well else []
    return lines


def agent_object(state: AgentState) -> dict[str, Any]:
    """For programs. What is not known is null."""
    more = {"version": state.version, "why": state.why, "since": state.since, "asked": state.asked}
    return {"event": "agent", "host": state.host, "agent": state.agent, "wanted": state.wanted or None,
            "present": state.present, "healthy": state.healthy, "is_well": state.is_well,
            **{name: value for name, value in more.items() if value}}


def _in_words(one: AgentState, zone: tzinfo | None) -> str:
    since = f", since {moment(one.since, zone)}" if one.since is not None else ""
    if one.wanted == "absent" or one.present is None:
        return {None: UNKNOWN, True: "still there, and it is to be gone", False: "absent, as it is to be"}[
            one.present] + since
    parts = ["present" if one.present else "not present"]
    parts += [{True: "healthy", False: "not healthy", None: "health not known"}[one.healthy]] if one.present else []
    parts += [f"version {printable(one.version)}"] if one.version else []
    return ", ".join(parts) + since


def _present(one: AgentState) -> str:
    said = {True: "yes", False: "no", None: UNKNOWN}[one.present]
    return f"{said}, to be gone" if one.wanted == "absent" and one.present else said


def _healthy(one: AgentState) -> str:
    if one.wanted == "absent":
        return "-"
    return {True: "yes", False: "no", None: UNKNOWN}[one.healthy]


def _below(one: AgentState, zone: tzinfo | None) -> Iterable[str]:
    if one.why and not one.is_well:
        yield printable(one.why)
    if one.present is None and one.asked is not None:
        yield f"last told by the host at {moment(one.asked, zone)}"


def _paint(one: AgentState) -> str:
    return "good" if one.is_well else "change" if one.present is None else "bad"
