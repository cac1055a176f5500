"""One resource's result in full: fields, text diffs, what was said."""
from __future__ import annotations

from collections.abc import Iterator

from holdfast.reports.style import PAINT_OF, Style, printable
from holdfast.reports.words import many, value
from holdfast_host.graph import Event

DIFF_PAINTS = {"+": "added", "-": "removed", "@": "hunk"}
OUTPUT_LINES = 40  # of a program's output


def change_lines(event: Event, style: Style, diff: bool = True) -> Iterator[str]:
    """What is or was different, field by field, then content as unified diffs. diff=False: only their size."""
    for name, before, after in event.fields:
        yield f"{name}: {style.paint(value(before), 'removed')} → {style.paint(value(after), 'added')}"
    for name, text in event.diffs:
        lines = text.splitlines()
        if not diff or not lines or lines[0][:2] != "@@":
            yield f"{name}: {printable(lines[0]) if len(lines) == 1 else _size(lines)}"
            continue
        yield f"{name}:"
        yield from ("  " + style.paint(printable(line), DIFF_PAINTS.get(line[:1], "")) for line in lines)
    if event.refreshed:
        yield f"because of {printable(event.refreshed.partition(': ')[2] or event.refreshed)}"


def _size(lines: list[str]) -> str:
    added = sum(line.startswith("+") for line in lines)
    return f"{many(added, 'line')} added, {sum(line.startswith('-') for line in lines)} removed"


def said_lines(event: Event, style: Style) -> Iterator[str]:
    """What went wrong and the mend; in a plan, why it is not known."""
    paint = PAINT_OF[event.status] if event.status != "pending" else ""
    for line in message_lines(event.message):
        yield style.paint(line, paint)
    for line in message_lines(event.mend):
        yield "→ " + line


def message_lines(message: str) -> list[str]:
    """A message of any length, its lines bounded."""
    lines = [printable(line) for line in message.splitlines()]
    kept = OUTPUT_LINES - 1
    return lines if len(lines) <= OUTPUT_LINES else [*lines[:kept], f"… {len(lines) - kept} more lines"]
