"""Small pieces of text: numbers, times, names of many hosts, values."""
from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from itertools import accumulate
from typing import Any

from holdfast.problems import Place
from holdfast.reports.style import printable

MOST_RANGES = 8  # ranges of hosts in one line
LONGEST_RANGES = 120  # characters of them; one range is always shown
LONGEST_VALUE = 120  # characters of a field's value in one line


def many(count: int, noun: str) -> str:
    """`1 host`, `3,000 hosts`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def named(id_: str) -> str:
    """A resource's id in one line; of a command of many lines the first."""
    first, _, rest = printable(id_).strip().partition("\n")
    return f"{first.rstrip()} …" if rest else first


def duration(seconds: float) -> str:
    """`0.4 s`, `12.5 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def moment(seconds: float, zone: tzinfo | None = None) -> str:
    """A time as people of that zone read it; None: this machine's. seconds: since the epoch."""
    return datetime.fromtimestamp(seconds, zone).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z")


def ranges(hosts: Iterable[str], most: int | None = MOST_RANGES) -> str:
    """The names of hosts, neighbours in number folded: `db1, web[001-250]`. At most so many parts, and on a line, then
    how many hosts are left; None: all."""
    parts = _folded(hosts)
    if most is None:
        return ", ".join(text for text, _ in parts)
    ends = accumulate(len(text) + 2 for text, _ in parts[:most])
    shown = max(1, sum(end <= LONGEST_RANGES for end in ends))
    left = sum(count for _, count in parts[shown:])
    return ", ".join(text for text, _ in parts[:shown]) + (f" and {left:,} more" if left else "")


def _folded(hosts: Iterable[str]) -> list[tuple[str, int]]:
    """Parts and how many hosts each stands for. Names fold when they differ in their last number alone."""
    numbered: dict[tuple[str, str, int], list[int]] = {}
    parts: list[tuple[str, int, str]] = []  # with the first host, by whose name they are sorted
    for host in hosts:
        cut = re.fullmatch(r"(.*?)(\d+)(\D*)", host)
        if cut is None or len(cut[2]) > 9:
            parts.append((host, 1, host))
            continue
        width = len(cut[2]) if cut[2].startswith("0") and len(cut[2]) > 1 else 0
        numbered.setdefault((cut[1], cut[3], width or -len(cut[2])), []).append(int(cut[2]))
    for (before, after, width), numbers in _joined(numbered).items():
        parts += _spans(before, after, width, sorted(set(numbers)))
    parts.sort(key=lambda part: (_natural(part[2]), part[0]))
    return [(printable(text), count) for text, count, _ in parts]


def _joined(numbered: dict[tuple[str, str, int], list[int]]) -> dict[tuple[str, str, int], list[int]]:
    """web8, web9, web10: one range without leading zeros; web08 … web10 one of width 2."""
    joined: dict[tuple[str, str, int], list[int]] = {}
    for (before, after, width), numbers in numbered.items():
        digits = abs(width)
        padded = (before, after, digits)
        joined.setdefault(padded if width > 0 or padded in numbered else (before, after, 0), []).extend(numbers)
    return joined


def _spans(before: str, after: str, width: int, numbers: Sequence[int]) -> Iterable[tuple[str, int, str]]:
    start = previous = numbers[0]
    for number in [*numbers[1:], None]:
        if number == previous + 1:
            previous = number
            continue
        first, last = str(start).zfill(width), str(previous).zfill(width)
        inner = first if start == previous else f"[{first}-{last}]"
        yield f"{before}{inner}{after}", previous - start + 1, f"{before}{first}{after}"
        if number is not None:
            start = previous = number


def _natural(text: str) -> list[tuple[int, int, str]]:
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d{1,18})", text)]


def short_list(items: Sequence[str], most: int) -> str:
    """`a, b and 3 more`."""
    shown = ", ".join(items[:most])
    return shown + (f" and {len(items) - most:,} more" if len(items) > most else "")


def value(given: Any) -> str:
    """A field's value on one line; None is `absent`."""
    if given is None:
        return "absent"
    if isinstance(given, bool):
        return "true" if given else "false"
    text = given if isinstance(given, str) else _as_json(given)
    if not text or text != text.strip():
        text = json.dumps(text, ensure_ascii=False)
    text = printable(text.replace("\n", "\\n"))
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE - 1] + "…"


def _as_json(given: Any) -> str:
    if isinstance(given, (list, tuple)) and all(isinstance(item, str) for item in given):
        return ", ".join(given) or "none"
    return json.dumps(given, ensure_ascii=False)


def where(place: Place | None) -> str:
    """` (webs.yml:14)`, or nothing."""
    return f" ({place.file}:{place.line})" if place is not None and place.line else f" ({place})" if place else ""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns side by side, two blanks apart; nothing is cut."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in [head, *rows]]
