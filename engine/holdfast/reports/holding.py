"""What is held, what has drifted until now, and how hosts stand to what keeps them."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import Any

from holdfast.reports.details import change_lines
from holdfast.reports.style import Style, printable
from holdfast.reports.words import duration, many, moment, named, table
from holdfast.store.model import ENFORCING, UNDECLARED, Episode, Hold, Standing
from holdfast_host.graph import PENDING, Event

PAINT_OF = {"good": "good", "held": "change", "drifted": "change", "failed": "bad", "unreachable": "bad",
            "unknown": "bad"}
HELD = "held until"
CAUSES = {"corrective": "the host moved", "intended": "the document moved", "": "not known whether host or document"}


def held_words(hold: Hold, zone: tzinfo | None = None) -> str:
    """Why a resource is left alone."""
    return f"{HELD} {moment(hold.until, zone)} by {hold.owner}: {hold.why}"


def holds_lines(holds: Sequence[Hold], fights: Sequence[Episode], style: Style,
                zone: tzinfo | None = None) -> list[str]:
    """What is left alone: by people for a time, and because it drifts again and again."""
    if not holds and not fights:
        return ["nothing is held"]
    rows = [(one.host, named(one.id), moment(one.until, zone), one.owner, one.why) for one in holds]
    rows += [(one.host, named(one.id), "released", "holdfast", "a fight: it drifts again and again since "
              f"{moment(one.first_seen, zone)}") for one in fights]
    found = table(("host", "resource", "until", "owner", "why"), [tuple(map(printable, row)) for row in rows])
    return [style.line(line) for line in found]


def history_lines(episodes: Sequence[Episode], style: Style, diff: bool = True,
                  zone: tzinfo | None = None) -> list[str]:
    """Drift in the order in which it was seen first."""
    if not episodes:
        return ["no drift is kept of that time"]
    lines: list[str] = []
    for one in episodes:
        open_ = one.ended is None
        lines.append(style.paint(f"{printable(one.host)}: {named(one.id)}", "change" if open_ else "good"))
        lines += ("    " + line for line in _told(one, zone))
        event = Event(0, PENDING, one.action, one.fields, one.diffs)
        lines += ("    " + line for line in change_lines(event, style, diff))
    return [style.line(line) for line in lines]


def _told(one: Episode, zone: tzinfo | None) -> Iterator[str]:
    yield f"first seen {moment(one.first_seen, zone)}; {CAUSES[one.cause]}"
    if one.stopped is not None:
        yield f"a fight: left alone since {moment(one.stopped, zone)}"
    if one.ended is None:
        yield "not healed yet"
        return
    if one.ended_by == UNDECLARED:
        yield f"over {moment(one.ended, zone)}: nothing declares it there any more"
        return
    by = f"by {printable(one.who)}, run {one.ended_by}" if one.who else "found as declared"
    yield f"healed {moment(one.ended, zone)}, after {duration(one.ended - one.first_seen)}: {by}"


def standing_lines(standings: Sequence[Standing], style: Style, zone: tzinfo | None = None) -> list[str]:
    """How hosts stand."""
    if not standings:
        return ["no host has been asked yet"]
    rows = []
    for one in standings:
        rows.append((one.association, one.host, one.status, moment(one.asked, zone),
                     moment(one.good, zone) if one.good is not None else "never", one.message))
    head = ("association", "host", "status", "asked", "last good", "")
    return [style.line(line) for line in table(head, [tuple(map(printable, row)) for row in rows])]


def dark_lines(standings: Sequence[Standing], style: Style, zone: tzinfo | None = None) -> list[str]:
    """Hosts of which nothing is known now, so that no drift is not taken for none."""
    return [style.line(style.paint(f"{printable(one.host)}: {one.status} since {moment(one.since, zone)}", "bad")
                       + ": what has drifted there since is not known"
                       + (f" ({printable(one.message)})" if one.message else "")) for one in standings]


def keeper_words(association: str, process: int, who: str, since: float, zone: tzinfo | None = None) -> str:
    """Which process keeps an association."""
    return f"{association} is kept by process {process} of {who} since {moment(since, zone)}"


def event_lines(event: Mapping[str, Any], style: Style, zone: tzinfo | None = None) -> list[str]:
    """What enforcement tells, for people."""
    return [style.line(line) for line in _LINES[event["event"]](event, style)]


def _seen(event: Mapping[str, Any], style: Style) -> Iterator[str]:
    word, paint = {"drift": ("drifted", "change"), "healed": ("healed", "good"),
                   "fight": ("drifts again and again: left alone", "bad")}[event["event"]]
    how = _how(str(event.get("by", ""))) if event["event"] == "healed" else ""
    yield (f"{printable(event['association'])}: {printable(event['host'])}: {named(event['resource'])}: "
           + style.paint(word, paint) + how)
    if event["event"] == "drift":
        change = Event(0, PENDING, event.get("action", ""),
                       tuple((one["name"], one["before"], one["after"]) for one in event.get("fields", ())),
                       tuple((one["name"], one["diff"]) for one in event.get("diffs", ())))
        yield from ("    " + line for line in change_lines(change, style, diff=False))
    if event["event"] == "fight":
        yield (f"    end it with `holdfast hold release {printable(event['host'])} '{printable(event['resource'])}'` "
               "when you know who changes it")


def _how(by: str) -> str:
    if by == UNDECLARED:
        return ", not declared any more"
    if by.startswith(ENFORCING):
        return ", put back"
    return f" by {printable(by)}" if by else ", found as declared"


def _failed(event: Mapping[str, Any], style: Style) -> Iterator[str]:
    said = f": {printable(str(event['message']))}" if event.get("message") else ""
    yield (f"{printable(event['association'])}: {printable(event['host'])}: "
           + style.paint(str(event["status"]), "bad") + said)


def _refused(event: Mapping[str, Any], style: Style) -> Iterator[str]:
    mend = f" ({printable(event['mend'])})" if event["mend"] else ""
    place = f"{printable(event['place'])} " if event["place"] else ""
    yield style.paint(f"refused: {place}{printable(event['what'])}{mend}", "bad")


def _round_done(event: Mapping[str, Any], style: Style) -> Iterator[str]:
    counts = ", ".join(style.paint(f"{count} {status}", PAINT_OF[status])
                       for status, count in sorted(event["counts"].items()))
    hosts = sum(event["counts"].values())
    again = "" if event["is_whole"] else " that was away" if hosts == 1 else " that were away"
    yield (f"{printable(event['association'])}: {many(hosts, 'host')}{again}: "
           f"{counts or 'none'}, {duration(event['seconds'])}"
           + (f"; {many(event['changed'], 'host')} changed by run {printable(event['run'])}" if "run" in event else ""))


def _stands_by(event: Mapping[str, Any], style: Style) -> Iterator[str]:
    held = keeper_words(printable(event["association"]), event["process"], printable(event["who"]), event["since"])
    yield held + ": " + style.paint("stands by", "faint")


def _taken_over(event: Mapping[str, Any], style: Style) -> Iterator[str]:
    yield f"{printable(event['association'])}: " + style.paint("taken over", "change") + ": who kept it has ended"


_LINES: Mapping[str, Callable[[Mapping[str, Any], Style], Iterator[str]]] = {
    "drift": _seen, "healed": _seen, "fight": _seen, "failed": _failed, "refused": _refused,
    "round_done": _round_done, "stands_by": _stands_by, "taken_over": _taken_over,
    "noticed": lambda event, _: iter([printable(str(event["message"]))])}
