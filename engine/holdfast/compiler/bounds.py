"""How much templates may make: whatever is written in one, or given to it, costs bounded time and memory.

What multiplies is refused before it is made (widths, powers, products); what adds up is refused when it is too much.
What takes long without making much (regular expressions above all) is ended by time, see patience.py.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass
from typing import Any, TypeAlias

from holdfast.compiler.faults import Misused

LARGEST = 16 * 1024 * 1024  # characters of a text
LONGEST = 1_000_000  # elements of a list, and of all lists in a value
WIDEST = 100_000  # columns that a text may be filled up or indented to
BITS = 14_000  # of a whole number; Python writes at most 4300 digits
COUNT = 2_000_000  # steps of all loops and calls of one text
NESTED = 100  # lists and mappings in one another
MADE = 512 * 1024 * 1024  # bytes, about, of all that the filters, calls and operators of one text make
_SLOT, _NEW = 8, 40  # bytes of an element that a list shares with others, and of one of its own

# A width or precision of a million in a format, or one that is given apart: `%*d`, `{:{width}}`.
_WIDE = re.compile(r"%(?:\([^)]*\))?[-+ #0]*(?:\d{6}|\*|\d*\.(?:\d{6}|\*))|\{[^{}]*:[^{}]*(?:\d{6}|\{)")
_WIDTHS = frozenset({"center", "indent", "batch", "slice", "wordwrap", "truncate", "ljust", "rjust", "zfill",
                     "expandtabs", "to_json", "to_nice_json", "to_yaml", "to_nice_yaml", "tojson"})
# Filters that take lists and mappings as such; all others may write them out as text, or compare what is in them.
_STRUCTURAL = frozenset({
    "map", "select", "reject", "selectattr", "rejectattr", "list", "length", "count", "first", "last", "default", "d",
    "mandatory", "items", "batch", "slice", "reverse", "random", "zip", "zip_longest", "product", "combinations",
    "permutations", "subelements", "extract", "ternary", "bool", "type_debug", "dict2items", "items2dict",
    "rekey_on_member", "attr", "path_join"})
_GATHERING = frozenset({"format", "format_map", "combine", "join"})  # they write out what else they are given
_CONTAINERS = (list, tuple, dict)
_TOO_LARGE = "this would make a text of more than 16 MiB"
_LESS = "make less of it"


@dataclass(slots=True)
class Spent:
    """What one text has taken by now: steps of its loops and calls; bytes, about, of what they made."""

    steps: int = 0
    made: int = 0

    def count(self, steps: int) -> None:
        """Raises Misused when it is too much."""
        self.steps += steps
        if self.steps > COUNT:
            raise Misused(f"the loops and calls of this text take more than {COUNT} steps", "loop over less")

    def keep(self, made: Any, *, is_shared: bool = False) -> Any:
        """What was made. is_shared: its elements are those of other lists. Raises Misused when it is too much."""
        if isinstance(made, str):
            self.made += len(made)
        elif isinstance(made, _CONTAINERS):
            self.made += len(made) * (_SLOT if is_shared else _NEW)
        if self.made > MADE:
            raise Misused(f"what this text makes takes more than {MADE >> 20} MiB", _LESS)
        return made


def of_binop(operator: str, left: Any, right: Any) -> None:
    """Raises Misused for what `*`, `**`, `+` and `%` would make too large."""
    if operator == "**":
        if isinstance(left, int) and isinstance(right, int) and left.bit_length() * abs(right) > BITS:
            raise Misused("the power is too large", _LESS)
    elif operator == "*":
        _product(left, right)
    elif operator == "%":
        if isinstance(left, str):
            weigh(right)
            of_format(left, right)
    elif isinstance(left, str) and isinstance(right, str):
        if len(left) + len(right) > LARGEST:
            raise Misused(_TOO_LARGE, _LESS)
    elif isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        _refuse_long(len(left) + len(right))
        if isinstance(left, tuple) and _is_nested((*left, *right)):
            weigh((left, right))


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
        if isinstance(text, tuple) and _is_nested(text):
            weigh(text * times)


def _is_nested(value: Any) -> bool:
    return any(isinstance(one, _CONTAINERS) for one in (value.values() if isinstance(value, dict) else value))


def of_comparison(left: Any, right: Any) -> None:
    """Raises Misused for lists in lists that would take long to compare, or to be found in a mapping as a tuple."""
    if isinstance(left, _CONTAINERS) and isinstance(right, (*_CONTAINERS, Mapping)) and _is_nested(left):
        weigh((left, right) if isinstance(right, _CONTAINERS) else left)


def of_tuple(made: tuple[Any, ...]) -> tuple[Any, ...]:
    """A tuple as it is written. Raises Misused when it holds so much that its hash, as a key, would take long."""
    if _is_nested(made):
        weigh(made)
    return made


def of_format(text: str, *given: Any) -> None:
    """Raises Misused for a format with a width that nobody means, and for one that says long texts often. given: what
    it writes, already weighed."""
    if _WIDE.search(text):
        raise Misused("the width in this format is too large, or given apart", "write the width into it, as in %8s")
    places = text.count("%") + text.count("{")
    if len(text) + places * sum(_characters(one) for one in given) > LARGEST:
        raise Misused(_TOO_LARGE, _LESS)


def _characters(value: Any) -> int:
    """Of a value that is written out, about; what is no text or list of texts counts little."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(_characters(one) for one in value.values())
    return sum(map(_characters, value)) if isinstance(value, (list, tuple)) else 8


def of_call(name: str, given: tuple[Any, ...], named: Mapping[str, Any]) -> None:
    """Raises Misused for what a filter or a method of this name would make too large. given: what it works on first."""
    if not given:
        return
    first = given[0]
    if name in _WIDTHS:
        others = [one for word, one in named.items() if word != "width" or not name.endswith("_yaml")]  # it only folds
        width = max((abs(one) if isinstance(one, int) else len(one) for one in (*given[1:], *others)
                     if isinstance(one, (int, str))), default=0)
        if width > WIDEST or (name == "indent" and isinstance(first, str) and first.count("\n") * width > LARGEST):
            raise Misused(f"`{name}` is given a number that is too large", f"{WIDEST} is the most", name)
    if name in _GROWTH and _GROWTH[name](given, named) > LARGEST:
        raise Misused(_TOO_LARGE, _LESS)
    if name == "split" and isinstance(first, str) and len(first) > LONGEST:
        raise Misused(f"`split` takes texts of at most {LONGEST} characters", _LESS, name)
    if name in ("zip", "zip_longest"):
        _refuse_long(max((len(one) for one in given if isinstance(one, Sized)), default=0) * len(given))
    if name not in _STRUCTURAL and (isinstance(first, _CONTAINERS) or name in _GATHERING):
        weigh((given, named))
    if name in ("format", "format_map") and isinstance(first, str):
        of_format(first, *given[1:], *named.values())


def _refuse_long(elements: int) -> None:
    if elements > LONGEST:
        raise Misused(f"this would make a list of more than {LONGEST} elements", _LESS)


Given: TypeAlias = tuple[Any, ...]
Named: TypeAlias = Mapping[str, Any]


def _replaced(given: Given, _: Named) -> int:
    """`text.replace(old, new)`"""
    text, old, new = (*given, "", "", "")[:3]
    if not isinstance(text, str) or not isinstance(old, str):
        return 0
    return len(text) + (text.count(old) if old else len(text)) * len(str(new))


def _translated(given: Given, _: Named) -> int:
    """`text.translate({97: 'b'})`"""
    table = given[1] if len(given) > 1 and isinstance(given[1], Mapping) else {}
    return len(given[0]) * max((len(one) for one in table.values() if isinstance(one, str)), default=1)


def _wrapped(given: Given, named: Named) -> int:
    """`text | wordwrap(60, wrapstring='…')`: each letter may come on a line of its own."""
    return len(str(given[0])) * max([1, *_lengths((*given[1:], *named.values()))])


def _commented(given: Given, named: Named) -> int:
    """`text | comment(decoration='…')`"""
    return (str(given[0]).count("\n") + 3) * sum(_lengths((*given[1:], *named.values())))


def _joined(given: Given, named: Named) -> int:
    """`list | join(sign)` and `sign.join(list)`: the signs alone."""
    first, second = (*given, named.get("d", ""))[:2]
    parts, sign = (second, first) if isinstance(first, str) and not isinstance(second, str) else (first, second)
    return len(parts) * len(sign) if isinstance(parts, Sized) and isinstance(sign, str) else 0


def _lengths(values: Iterable[Any]) -> list[int]:
    return [len(one) for one in values if isinstance(one, str)]


# How many characters these may make, at most or about.
_GROWTH: Mapping[str, Callable[[Given, Named], int]] = {
    "replace": _replaced, "translate": _translated, "wordwrap": _wrapped, "comment": _commented, "join": _joined}


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
