"""Where a run stands: what has happened so far, and how that is drawn."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from holdfast.executor.model import Happening, HostDone, HostResult, HostStarted, ResourceDone, RunStarted
from holdfast.reports.fold import stopped_at
from holdfast.reports.style import PAINT_OF, Style, printable
from holdfast.reports.summary import IN_DRIFT, SAID, counted, resources
from holdfast.reports.words import duration, many, named, where

FEW = 12  # so many hosts are drawn one by one
SLOWEST = 4  # hosts in hand that are named when there are many
BAR = 30  # columns
SIGN_OF = {"ok": "✔", "changed": "✔", "pending": "●", "untouched": "·", "interrupted": "✘"}


@dataclass
class InHand:
    """A host that is being worked on. begun: seconds of a clock that only goes forward."""

    begun: float
    resources: int
    done: int = 0
    last: str = ""


@dataclass
class Progress:
    """Fed with what happens; the clock is the caller's."""

    hosts: tuple[str, ...] = ()
    mode: str = ""
    begun: float = 0.0
    in_hand: dict[str, InHand] = field(default_factory=dict)
    results: dict[str, HostResult] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def take(self, happening: Happening, now: float) -> None:
        """Remembers what matters of it. now: seconds."""
        if isinstance(happening, RunStarted):
            self.hosts, self.mode, self.begun = happening.hosts, happening.mode, now
        elif isinstance(happening, HostStarted):
            self.in_hand[happening.host] = InHand(now, happening.resources)
        elif isinstance(happening, ResourceDone) and happening.host in self.in_hand:
            host = self.in_hand[happening.host]
            host.done, host.last = host.done + 1, happening.result.id
        elif isinstance(happening, HostDone):
            result = happening.result
            self.in_hand.pop(result.host, None)
            self.counts[result.status] += 1
            if len(self.hosts) <= FEW:
                self.results[result.host] = result


def draw(progress: Progress, now: float, style: Style, drift: bool = False) -> list[str]:
    """The moving part of the screen, cut to its width. now: seconds, of the clock that `take` was given."""
    said = IN_DRIFT if drift else SAID
    if len(progress.hosts) <= FEW:
        lines = [_host_line(progress, host, now, style, said) for host in progress.hosts]
    else:
        lines = [_bar(progress, now, style, said), *_slowest(progress, now)]
    return [style.line(line) for line in lines]


def _host_line(progress: Progress, host: str, now: float, style: Style, said: dict[str, str]) -> str:
    width = max(map(len, progress.hosts))
    name = printable(host).ljust(width)
    if host in progress.results:
        result = progress.results[host]
        sign = style.paint(SIGN_OF.get(result.status, "✘"), PAINT_OF[result.status])
        return f"{sign} {name}  {host_words(result, said, style)}, {duration(result.seconds)}"
    if host not in progress.in_hand:
        return style.paint(f"· {name}  waits", "faint")
    hand = progress.in_hand[host]
    counted_to = f"{hand.done}/{hand.resources}" if hand.resources else f"{hand.done} done"
    last = f"  {named(hand.last)}" if hand.last else ""
    return f"● {name}  {counted_to}{last}  {style.paint(duration(now - hand.begun), 'faint')}"


def host_words(result: HostResult, said: dict[str, str], style: Style) -> str:
    """`3 changed, 1 in state`, or what went wrong."""
    counts = result.counts()
    changed = counts["changed"] + counts["pending"] + counts["unknown"]
    failed = stopped_at(result)
    words = style.paint(said[result.status], PAINT_OF[result.status])
    if failed:
        words += f" at {named(failed[0].id)}{where(failed[0].place)}"
    elif result.status in ("changed", "pending"):
        words += f": {changed} of {many(resources(result), 'resource')}"
    elif result.status == "ok":
        words += f": {printable(result.message)}" if result.message else f" ({many(resources(result), 'resource')})"
    elif result.message:
        words += ": " + printable(result.message.partition("\n")[0])
    return words


def _bar(progress: Progress, now: float, style: Style, said: dict[str, str]) -> str:
    done, all_ = progress.counts.total(), len(progress.hosts)
    columns = BAR if style.width is None else min(BAR, style.width // 4)
    filled = columns * done // max(1, all_)
    bar = style.paint("━" * filled, "good") + style.paint("─" * (columns - filled), "faint")
    counts = f" · {counted(progress.counts, said, style)}" if done else ""
    in_hand = f"{len(progress.in_hand):,} in hand"
    return f"{bar} {done:,}/{all_:,} hosts{counts} · {in_hand} · {duration(now - progress.begun)}"


def _slowest(progress: Progress, now: float) -> Iterator[str]:
    slow = sorted(progress.in_hand.items(), key=lambda item: item[1].begun)[:SLOWEST]
    for host, hand in slow:
        last = f" after {named(hand.last)}" if hand.last else ""
        yield f"  {printable(host)}: {duration(now - hand.begun)}, {hand.done}/{hand.resources}{last}"
