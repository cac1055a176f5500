"""What came of a run, for a person to take in at once, with three hosts or with three thousand."""
from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from holdfast.executor.model import HostResult, Result, RunDone
from holdfast.reports.details import message_lines
from holdfast.reports.fold import Group, by_status, fold, is_left_out, moved, not_begun, stopped_at, without_host
from holdfast.reports.style import PAINT_OF, Style, printable
from holdfast.reports.words import duration, many, named, ranges, short_list, where

# The order of the summary: what needs a person stands last, next to the prompt.
ORDER = ("ok", "pending", "changed", "untouched", "interrupted", "refused", "timed_out", "unreachable", "failed")
SAID = {"ok": "in state", "changed": "changed", "pending": "would change", "failed": "failed",
        "unreachable": "unreachable", "timed_out": "timed out", "interrupted": "interrupted", "refused": "refused",
        "untouched": "never touched"}
IN_DRIFT = {**SAID, "ok": "as declared", "pending": "drifted"}
MOST_GROUPS = 5  # of one status
MOST_GOOD = 4  # of one that nobody has to act on
TO_SHOW = {"plan": ("failed", "timed_out"), "drift": ("failed", "timed_out"),
           "apply": ("failed", "timed_out", "changed"),
           "saved plan": ("failed", "timed_out", "refused", "changed"), "facts": ("failed", "timed_out"),
           "undo": ("failed", "timed_out"), "undone": ("failed", "timed_out", "changed"),
           "command": ("failed", "timed_out")}
# How to go on with a run that was stopped.
TO_GO_ON = {"apply": "to go on where it ended: holdfast apply --resume {run}",
            "saved plan": "to go on: plan anew; what this run has done is found in state",
            "undone": "to go on: undo the same run again; what is as it was is left alone",
            "command": "to go on: run it again with -t on the hosts that were never touched"}
MOST_NAMES = 6  # of resources in one line


def summary(done: RunDone, mode: str, style: Style, drift: bool = False, store: str = "") -> list[str]:
    """The groups, what is owed, the totals, and what to look at next. mode: a key of TO_SHOW. store: where the run is
    kept, if not where the next command would look."""
    said = IN_DRIFT if drift else SAID
    groups = by_status(done.results)
    lines: list[str] = []
    for status in sorted(groups, key=ORDER.index):
        lines += _groups(groups[status], said[status], style, done.stopped)
    lines += _owed(done.results, style)
    if lines:
        lines.append("")
    lines.append(total(done, said, style))
    lines += _next(done, mode, store)
    return [style.line(line) for line in lines]


def _groups(groups: Sequence[Group[HostResult]], said: str, style: Style, stopped: str) -> Iterator[str]:
    most = MOST_GOOD if groups[0].example.status in ("ok", "pending", "changed") else MOST_GROUPS
    for group in groups[:most]:
        result = group.example
        head = f"{_subject(group.hosts)} {said}{_what(result, group.alike)}"
        if result.status == "untouched" and stopped and not result.message:
            head += f": {printable(stopped)}"
        yield f"{style.paint(head, PAINT_OF[result.status])}"
        yield from ("    " + line for line in _more(result))
        if len(group.hosts) > 1:
            yield "    " + style.paint(ranges(group.hosts), "faint")
    if len(groups) > most:
        hosts = sum(len(group.hosts) for group in groups[most:])
        yield style.paint(f"{many(hosts, 'more host')} {said}, in {many(len(groups) - most, 'other way')}",
                          PAINT_OF[groups[0].example.status])


def _subject(hosts: Sequence[str]) -> str:
    return printable(hosts[0]) if len(hosts) == 1 else many(len(hosts), "host")


def _what(result: HostResult, alike: bool) -> str:
    """What it was that changed or failed."""
    if result.status in ("changed", "pending"):
        names = [named(one.id) for one in moved(result)]
        return f": {len(names)} of {many(resources(result), 'resource')} ({short_list(names, MOST_NAMES)})"
    failed = stopped_at(result)
    if failed:
        first = failed[0]
        return f" at {named(first.id)}{where(first.place)}: {_first_line(first.event.message, alike)}"
    return f": {_first_line(result.message, alike)}" if result.message else ""


def resources(result: HostResult) -> int:
    """How many are declared for this host."""
    return sum(not is_left_out(one) for one in result.results)


def _first_line(message: str, alike: bool) -> str:
    lines = message_lines(message)
    return (lines[0] if lines else "no reason was given") + ("" if alike else " (and alike)")


def _more(result: HostResult) -> Iterator[str]:
    """What stands below the head: the rest of the message, the mend, further failures, what was left undone."""
    failed = stopped_at(result)
    first = failed[0].event if failed else None
    yield from message_lines(first.message if first else result.message)[1:]
    for line in message_lines((first.mend if first else result.mend) or ""):
        yield "→ " + line
    yield from _further(failed)
    if failed and result.message:
        yield from message_lines(result.message)
    left = [named(one.id) for one in not_begun(result)]
    if left:
        yield f"not done: {short_list(left, MOST_NAMES)}"
    skipped = [named(one.id) for one in result.results
               if one.event.status == "skipped" and not is_left_out(one)]
    if skipped:
        yield f"skipped because of it: {short_list(skipped, MOST_NAMES)}"


def _further(failed: Sequence[Result]) -> Iterator[str]:
    """All failures but the first, each with all that is said of it; what several have in common once."""
    said: dict[tuple[str, str], list[Result]] = {}
    for one in failed:
        said.setdefault((one.event.message, one.event.mend or ""), []).append(one)
    for number, ((message, mend), alike) in enumerate(said.items()):
        others = [f"{named(one.id)}{where(one.place)}" for one in (alike if number else alike[1:])]
        if not others:
            continue
        if number >= MOST_NAMES:
            yield f"and at {sum(map(len, said.values())) - sum(map(len, list(said.values())[:number]))} more"
            return
        names = short_list(others, MOST_NAMES)
        yield f"and at {names}: " + (_first_line(message, True) if number else "the same")
        if number:
            yield from ("    " + line for line in message_lines(message)[1:])
            yield from ("    → " + line for line in message_lines(mend))


def _owed(results: Iterable[HostResult], style: Style) -> Iterator[str]:
    items = [(result.host, owed) for result in results for owed in result.owed]
    for group in fold(items, lambda host, owed: (owed[0], without_host(owed[2], host)), lambda owed: owed[2]):
        id_, _since, why = group.example
        yield style.paint(f"{_subject(group.hosts)}: {named(id_)} is owed a notification ({printable(why)}); "
                          "the next apply carries it out", "change")
        if len(group.hosts) > 1:
            yield "    " + style.paint(ranges(group.hosts), "faint")


def total(done: RunDone, said: dict[str, str], style: Style) -> str:
    """The last word: hosts by what became of them, and how long it took."""
    text = f"{many(len(done.results), 'host')}: {counted(done.counts(), said, style)} in {duration(done.seconds)}"
    return f"{text}; {style.paint('stopped: ' + printable(done.stopped), 'bad')}" if done.stopped else text


def counted(counts: Counter[str], said: dict[str, str], style: Style) -> str:
    """`2 in state, 1 failed`."""
    parts = [style.paint(f"{counts[status]:,} {said[status]}", PAINT_OF[status]) for status in ORDER if counts[status]]
    return ", ".join(parts) or "none"


def _next(done: RunDone, mode: str, store: str) -> Iterator[str]:
    of_status: dict[str, str] = {}
    for result in reversed(done.results):
        of_status[result.status] = result.host
    shown = [of_status[status] for status in TO_SHOW[mode] if status in of_status]
    if shown:
        there = f"HOLDFAST_STORE={shlex.quote(store)} " if store else ""
        yield f"in full: {there}holdfast runs show {done.run} {shown[0]}"
    if done.stopped and mode in TO_GO_ON:
        yield TO_GO_ON[mode].format(run=done.run)
    if mode == "plan" and not shown and "pending" in of_status:
        yield "nothing was written; `holdfast apply` makes it so"
