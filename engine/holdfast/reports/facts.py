"""Facts as lines: one a line, by its full name, hosts with equal facts folded."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from holdfast.reports.fold import fold
from holdfast.reports.style import Style, printable
from holdfast.reports.words import many, ranges, value


def facts_lines(facts: Mapping[str, Mapping[str, Any]], style: Style) -> list[str]:
    """facts: by host."""
    lines: list[str] = []
    for group in fold(facts.items(), lambda _, found: repr(found), repr):
        before = "" if len(group.hosts) == 1 else many(len(group.hosts), "host") + " "
        lines.append(style.paint(before + ranges(group.hosts), "strong"))
        lines += (f"    {name}: {text}" for name, text in flat(group.example))
    return [style.line(line) for line in lines]


def flat(facts: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """`os.family`, `debian` …; what is empty is left out."""
    for name, found in facts.items():
        if isinstance(found, Mapping):
            yield from flat(found, f"{before}{printable(name)}.")
        elif found not in ("", None, []):
            yield before + printable(name), value(found)


def picked(facts: Mapping[str, Any], names: Sequence[str]) -> Mapping[str, Any]:
    """Those facts and what is below them; all when none is named."""
    if not names:
        return facts
    found: dict[str, Any] = {}
    for name in names:
        value: Any = facts
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if value is not None:
            found[name] = value
    return found
