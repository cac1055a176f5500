"""What would change, and what has drifted: by resource, with equal changes of many hosts shown once."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from itertools import groupby

from holdfast.executor.model import HostResult, Result
from holdfast.reports.details import change_lines, said_lines
from holdfast.reports.fold import Group, by_resource, resource_of
from holdfast.reports.style import Style, printable
from holdfast.reports.words import many, moment, named, ranges, where

SIGNS = {"create": "+", "install": "+", "add": "+", "delete": "-", "remove": "-", "unknown": "?"}
MOST_WAYS = 5  # in which one resource changes, for people to see one by one
SHOWN = frozenset({"pending", "changed", "unknown"})


Since = Mapping[tuple[str, str], float]  # by host and id of the resource: seconds since the epoch
UNSEEN: Since = {}


def changes(results: Iterable[HostResult], style: Style, diff: bool = True, since: Since = UNSEEN,
            zone: tzinfo | None = None, everything: bool = False) -> list[str]:
    """The changes, planned or made. diff=False: without the content of text diffs. since: when each of them was seen
    first, told in this zone; None: this machine's. everything: when a resource changes on each host in another way,
    all of these, not only a few."""
    found = list(results)
    lines: list[str] = []
    for _, groups in groupby(by_resource(found, SHOWN), resource_of):
        ways = list(groups)
        for group in ways if everything else ways[:MOST_WAYS]:
            lines.append(_head(group, style, len(found)))
            lines += ("    " + line for line in _whole_name(group.example.id))
            lines += ("    " + line for line in _first_seen(group, since, zone))
            lines += ("    " + line for line in change_lines(group.example.event, style, diff))
            lines += ("    " + line for line in said_lines(group.example.event, style))
        if len(ways) > MOST_WAYS and not everything:
            lines += _more(ways[MOST_WAYS:], style)
    return [style.line(line) for line in lines]


def _more(ways: Sequence[Group[Result]], style: Style) -> Iterator[str]:
    hosts = [host for group in ways for host in group.hosts]
    head = f"~ {named(ways[0].example.id)}: in {len(ways):,} other ways on {_hosts(hosts)}; -v shows them"
    yield style.paint(head, "change")


def _whole_name(id_: str) -> Sequence[str]:
    """A command of many lines, in full: it is what is going to be done."""
    lines = printable(id_.strip()).splitlines()
    return lines if len(lines) > 1 else ()


def _first_seen(group: Group[Result], since: Since, zone: tzinfo | None) -> Iterator[str]:
    times = sorted((since[host, one.id], host) for host, one in zip(group.hosts, group.items, strict=True)
                   if (host, one.id) in since)
    if times:
        (first, host), (last, _) = times[0], times[-1]
        on = f" on {host}, last {moment(last, zone)}" if moment(first) != moment(last) else ""
        yield f"first seen {moment(first, zone)}{on}"


def _head(group: Group[Result], style: Style, hosts: int) -> str:
    one = group.example
    event = one.event
    action = event.status if event.status == "unknown" else event.action
    words = {"unknown": "not known yet"}.get(action, action or "update")
    on = f" on {_hosts(group.hosts)}" if hosts > 1 else ""
    alike = "" if group.alike else " (alike but for the host's name)"
    head = style.paint(f"{SIGNS.get(action, '~')} {named(one.id)}: {words}", "change")
    return f"{head}{on}{style.paint(alike + where(one.place), 'faint')}"


def _hosts(hosts: Sequence[str]) -> str:
    return ranges(hosts) if len(hosts) == 1 else f"{many(len(hosts), 'host')} {ranges(hosts)}"
