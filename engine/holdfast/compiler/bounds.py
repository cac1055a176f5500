"""How much templates may make: whatever is written in one, or given to it, costs bounded time and memory.

What multiplies is refused before it is made (widths, powers, products); what adds up is refused when it is too much.
Regular expressions are the exception: Python's have no limit, and one with nested repetitions can take very long.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sized
from typing import Any

from holdfast.compiler.faults import Misused

LARGEST = 16 * 1024 * 1024  # characters of a text
LONGEST = 1_000_000  # elements of a list, and of all lists in a value
WIDEST = 100_000  # columns that a text may be filled up or indented to
BITS = 14_000  # of a whole number; Python writes at most 4300 digits
COUNT = 2_000_000  # steps of all loops and calls of one text
NESTED = 100  # lists and mappings in one another

# A width or precision of a million in a format, or one that is given apart: `%*d`, `{:{width}}`.
_WIDE = re.compile(r"%(?:\([^)]*\))?[-+ #0]*(?:\d{6}|\*|\d*\.(?:\d{6}|\*))|\{[^{}]*:[^{}]*(?:\d{6}|\{)")
_WIDTHS = frozenset({"center", "indent", "batch", "slice", "wordwrap", "truncate", "ljust", "rjust", "zfill",
                     "expandtabs", "to_json", "to_nice_json", "to_yaml", "to_nice_yaml", "tojson"})
# Filters that take lists and mappings as such; all others may write them out as text.
_STRUCTURAL = frozenset({
    "map", "select", "reject", "selectattr", "rejectattr", "list", "length", "count", "first", "last", "default", "d",
    "mandatory", "items", "dictsort", "sort", "unique", "groupby", "batch", "slice", "reverse", "random", "min", "max",
    "union", "intersect", "difference", "symmetric_difference", "zip", "zip_longest", "product", "combinations",
    "permutations", "subelements", "extract", "ternary", "bool", "type_debug", "dict2items", "items2dict",
    "rekey_on_member", "attr", "path_join"})
_GATHERING = frozenset({"format", "format_map", "combine", "join"})  # they write out what else they are given
_CONTAINERS = (list, tuple, dict)
_TOO_LARGE = "this would make a text of more than 16 MiB"
_LESS = "make less of it"


def of_binop(operator: str, left: Any, right: Any) -> None:
    """Raises Misused for what `*`, `**`, `+` and `%` would make too large."""
    if operator == "**":
        if isinstance(left, int) and isinstance(right, int) and left.bit_length() * abs(right) > BITS:
            raise Misused("the power is too large", _LESS)
    elif operator == "*":
        _product(left, right)
    elif operator == "%":
        if isinstance(left, str):
            of_format(left)
            weigh(right)
    elif isinstance(left, str) and isinstance(right, str):
        if len(left) + len(right) > LARGEST:
            raise Misused(_TOO_LARGE, _LESS)
    elif isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)) and len(left) + len(right) > LONGEST:
        raise Misused(f"this would make a list of more than {LONGEST} elements", _LESS)


def _product(left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int):
        if left.bit_length() + right.bit_length() > BITS:
            raise Misused("the number is too large", _LESS)
        return
    for text, times in ((left, right), (right, left)):
        most = LARGEST if isinstance(text, str) else LONGEST
        if isinstance(text, (str, list, tuple)) and isinstance(times, int) and len(text) * times > most:
            raise Misused("the text is multiplied too often" if isinstance(text, str)
                          else "the list is multiplied too often", _LESS)


def of_format(text: str) -> None:
    """Raises Misused for a format with a width that nobody means."""
    if _WIDE.search(text):
        raise Misused("the width in this format is too large, or given apart", "write the width into it, as in %8s")


def of_call(name: str, given: tuple[Any, ...], named: Mapping[str, Any]) -> None:
    """Raises Misused for what a filter or a method of this name would make too large. given: what it works on first."""
    if not given:
        return
    first = given[0]
    if name in _WIDTHS:
        width = max((abs(one) for one in (*given[1:], *named.values()) if isinstance(one, int)), default=0)
        if width > WIDEST or (name == "indent" and isinstance(first, str) and first.count("\n") * width > LARGEST):
            raise Misused(f"`{name}` is given a number that is too large", f"{WIDEST} is the most", name)
    if name in ("format", "format_map") and isinstance(first, str):
        of_format(first)
    elif name == "replace" and isinstance(first, str) and len(given) > 2 and isinstance(given[1], str):
        grown = (first.count(given[1]) if given[1] else len(first)) * len(str(given[2]))
        if len(first) + grown > LARGEST:
            raise Misused(_TOO_LARGE, _LESS)
    elif name == "split" and isinstance(first, str) and len(first) > LONGEST:
        raise Misused(f"`split` takes texts of at most {LONGEST} characters", _LESS, name)
    elif name == "comment":
        marks = sum(len(one) for one in (*given[1:], *named.values()) if isinstance(one, str))
        if (str(first).count("\n") + 3) * marks > LARGEST:
            raise Misused(_TOO_LARGE, _LESS)
    if name not in _STRUCTURAL and (isinstance(first, _CONTAINERS) or name in _GATHERING):
        weigh((given, named))


def of_result(made: Any) -> Any:
    """What was made. Raises Misused when it is too large."""
    if isinstance(made, str) and len(made) > LARGEST:
        raise Misused(_TOO_LARGE, _LESS)
    if isinstance(made, (list, tuple, dict)) and len(made) > LONGEST:
        raise Misused(f"this makes a list of more than {LONGEST} elements", _LESS)
    return made


def joined(pieces: Iterable[Any]) -> str:
    """Texts as one. Raises Misused before it gets too large."""
    parts: list[str] = []
    size = 0
    for piece in pieces:
        parts.append(piece)
        size += len(piece)
        if size > LARGEST:
            raise Misused("the rendered text is larger than 16 MiB", _LESS)
    return "".join(parts)


def texts(values: Iterable[Any]) -> Iterator[str]:
    """Values as text, for `~`. Raises Misused."""
    for value in values:
        if isinstance(value, _CONTAINERS):
            weigh(value)
        yield str(value)


def weigh(value: Any) -> None:
    """Raises Misused for a value that is too large when it is written out: lists that hold one another may be small and
    stand for billions."""
    elements = characters = 0
    waiting: list[tuple[Any, int]] = [(value, 0)]
    while waiting:
        one, depth = waiting.pop()
        elements += 1
        if isinstance(one, (str, bytes)):
            characters += len(one)
        elif isinstance(one, Mapping):
            waiting += [(part, depth + 1) for pair in one.items() for part in pair]
        elif isinstance(one, (list, tuple, set, frozenset, range)):
            if len(one) > LONGEST:
                raise Misused(f"this makes a list of more than {LONGEST} elements", _LESS)
            waiting += [(part, depth + 1) for part in one]
        if elements > LONGEST or len(waiting) > LONGEST or characters > LARGEST:
            raise Misused("the value is too large", _LESS)
        if depth > NESTED:
            raise Misused(f"more than {NESTED} lists and mappings in one another", "make it flatter")


def size_of(value: Any) -> int:
    """How many steps a loop over it takes."""
    return len(value) if isinstance(value, Sized) else 0
