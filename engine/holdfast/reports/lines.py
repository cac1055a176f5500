"""A run told line by line, as it happens: for pipes and logs, and above the moving part of a terminal."""
from __future__ import annotations

from collections.abc import Iterator

from holdfast.executor.model import Happening, HostDone, Noticed, OutputCame, ResourceDone, RunStarted
from holdfast.reports.fold import stopped_at
from holdfast.reports.progress import host_words
from holdfast.reports.style import PAINT_OF, Style, printable
from holdfast.reports.summary import IN_DRIFT, SAID
from holdfast.reports.words import many, named, where

BAD = frozenset({"failed", "timed_out"})
DOES = {"plan": "plan for", "apply": "apply to", "drift": "drift of"}


def lines(happening: Happening, style: Style, drift: bool = False, output: bool = False) -> list[str]:
    """What there is to say of it; nothing for what only the summary needs. output: programs' live output too. The same
    events give the same lines: no clock is read, and times are left to the end of the run."""
    if output and isinstance(happening, OutputCame):
        return output_lines(happening, style)
    return [style.line(line) for line in _lines(happening, style, drift)]


def output_lines(happening: Happening, style: Style) -> list[str]:
    """What a program printed, each line after its host's name."""
    if not isinstance(happening, OutputCame):
        return []
    return [style.line(f"{style.paint(printable(happening.host), 'faint')}| {printable(line)}")
            for line in happening.text.splitlines()]


def _lines(happening: Happening, style: Style, drift: bool) -> Iterator[str]:
    if isinstance(happening, RunStarted):
        does = DOES[happening.mode]
        yield f"run {happening.run}: {does} {many(len(happening.hosts), 'host')}, by {printable(happening.who)}"
    elif isinstance(happening, HostDone):
        if happening.result.status == "untouched":
            return  # thousands of them, when a run stops early; the summary has them
        if stopped_at(happening.result):
            return  # each failure has been told as it came
        yield f"{printable(happening.result.host)}: {host_words(happening.result, IN_DRIFT if drift else SAID, style)}"
    else:
        yield from troubles(happening, style)


def troubles(happening: Happening, style: Style) -> list[str]:
    """Only what somebody may want to act on before the run is over."""
    if isinstance(happening, ResourceDone) and happening.result.event.status in BAD:
        event, one = happening.result.event, happening.result
        message = printable(event.message.partition("\n")[0])
        head = style.paint(f"{event.status.replace('_', ' ')} at {named(one.id)}", PAINT_OF[event.status])
        return [style.line(f"{printable(happening.host)}: {head}{where(one.place)}: {message}")]
    if isinstance(happening, HostDone) and happening.result.status in ("unreachable", "refused"):
        return [style.line(f"{printable(happening.result.host)}: {host_words(happening.result, SAID, style)}")]
    if isinstance(happening, Noticed):
        before = f"{printable(happening.host)}: " if happening.host else ""
        return [style.line(before + style.paint(printable(happening.message), "strong"))]
    return []
