"""What a run has done and cannot be undone, for a person to know before anything happens."""
from __future__ import annotations

from collections.abc import Iterable

from holdfast.executor.model import HostResult
from holdfast.reports.fold import fold, is_left_out
from holdfast.reports.style import Style, printable
from holdfast.reports.words import named, ranges


def stays(results: Iterable[HostResult], style: Style) -> list[str]:
    """A line for each resource; equal ones of many hosts are told once."""
    items = [(result.host, one) for result in results for one in result.results if is_left_out(one)]
    groups = fold(items, lambda _, one: (one.id, one.event.message), lambda one: one.event.message)
    return [style.paint(f"{named(group.example.id)} stays as it is on {ranges(group.hosts)}: "
                        f"{printable(group.example.event.message)}", "bad") for group in groups]
