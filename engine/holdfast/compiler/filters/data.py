"""Lists and mappings."""
from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

from jinja2.runtime import Undefined

from holdfast.compiler.bounds import LONGEST
from holdfast.compiler.faults import Misused
from holdfast_host.values import describe

_LISTS = {"union": "lists are joined by `+` too", "flatten": "for one element write [x]",
          "items2dict": "of a mapping make one with `dict2items`"}
_MAPPINGS = {"combine": "it joins two mappings; lists are joined by `+`",
             "dict2items": "a list can go into `loop` as it is"}


def _list(value: Any, name: str) -> list[Any]:
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise Misused(f"`{name}` takes a list, not {describe(value)}", _LISTS.get(name, "look what it is given"))
    return list(value)


def _mapping(value: Any, name: str) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        raise Misused(f"`{name}` takes a mapping, not {describe(value)}", _MAPPINGS.get(name, "look what it is given"))
    return value


def _unique(values: Iterable[Any]) -> list[Any]:
    """Without doubles, first ones kept; values need not be hashable."""
    found: list[Any] = []
    for value in values:
        if value not in found:
            found.append(value)
    return found


def mandatory(value: Any, message: str = "") -> Any:
    """The value; an error when it is not defined."""
    if isinstance(value, Undefined):
        if message:
            raise Misused(message)
        str(value)  # raises with the name
    return value


def combine(first: Any, *more: Any, recursive: bool = False, list_merge: str = "replace") -> dict[Any, Any]:
    """Mappings laid over one another, the last one on top. recursive: inner mappings too. list_merge: replace, keep,
    append, prepend, append_rp, prepend_rp."""
    mappings: list[Any] = []
    for one in (first, *more):
        mappings += one if isinstance(one, (list, tuple)) else [one]
    result: dict[Any, Any] = {}
    for mapping in mappings:
        result = _laid_over(result, _mapping(mapping, "combine"), recursive, list_merge)
    return result


def _laid_over(low: Mapping[Any, Any], high: Mapping[Any, Any], recursive: bool, lists: str) -> dict[Any, Any]:
    result = dict(low)
    for key, value in high.items():
        old = result.get(key)
        if recursive and isinstance(old, Mapping) and isinstance(value, Mapping):
            result[key] = _laid_over(old, value, recursive, lists)
        elif isinstance(old, (list, tuple)) and isinstance(value, (list, tuple)):
            result[key] = _merged(list(old), list(value), lists)
        else:
            result[key] = value
    return result


def _merged(low: list[Any], high: list[Any], how: str) -> list[Any]:
    ways: dict[str, Callable[[], list[Any]]] = {
        "replace": lambda: high, "keep": lambda: low, "append": lambda: low + high, "prepend": lambda: high + low,
        "append_rp": lambda: [one for one in low if one not in high] + high,
        "prepend_rp": lambda: high + [one for one in low if one not in high]}
    if how not in ways:
        raise Misused(f"`list_merge` is {', '.join(ways)}, not `{how}`")
    return ways[how]()


def dict2items(value: Any, key_name: str = "key", value_name: str = "value") -> list[dict[str, Any]]:
    """A mapping as a list of {key, value}, for `loop`."""
    return [{key_name: key, value_name: inner} for key, inner in _mapping(value, "dict2items").items()]


def items2dict(value: Any, key_name: str = "key", value_name: str = "value") -> dict[Any, Any]:
    """A list of {key, value} as a mapping."""
    try:
        return {one[key_name]: one[value_name] for one in _list(value, "items2dict")}
    except (KeyError, TypeError):
        raise Misused(f"`items2dict` takes a list of mappings with `{key_name}` and `{value_name}`") from None


def union(first: Any, second: Any) -> list[Any]:
    """What is in one of the two lists, each once."""
    return _unique([*_list(first, "union"), *_list(second, "union")])


def intersect(first: Any, second: Any) -> list[Any]:
    """What is in both lists, each once."""
    other = _list(second, "intersect")
    return _unique(one for one in _list(first, "intersect") if one in other)


def difference(first: Any, second: Any) -> list[Any]:
    """What is in the first list and not in the second, each once."""
    other = _list(second, "difference")
    return _unique(one for one in _list(first, "difference") if one not in other)


def symmetric_difference(first: Any, second: Any) -> list[Any]:
    """What is in exactly one of the two lists, each once."""
    return difference(first, second) + difference(second, first)


def flatten(value: Any, levels: int | None = None, skip_nulls: bool = True) -> list[Any]:
    """Lists in lists as one list. levels: how deep; None: all."""
    result: list[Any] = []
    for one in _list(value, "flatten"):
        if isinstance(one, (list, tuple)) and (levels is None or levels > 0):
            result += flatten(one, None if levels is None else levels - 1, skip_nulls)
        elif one is not None or not skip_nulls:
            result.append(one)
    return result


def zip_(first: Any, *more: Any) -> list[list[Any]]:
    """Lists side by side, as long as the shortest."""
    return [list(row) for row in zip(_list(first, "zip"), *(_list(one, "zip") for one in more), strict=False)]


def zip_longest(first: Any, *more: Any, fillvalue: Any = None) -> list[list[Any]]:
    """Lists side by side, as long as the longest."""
    lists = [_list(one, "zip_longest") for one in (first, *more)]
    return [list(row) for row in itertools.zip_longest(*lists, fillvalue=fillvalue)]


def product(first: Any, *more: Any) -> list[list[Any]]:
    """Every element of each list with every one of the others."""
    lists = [_list(one, "product") for one in (first, *more)]
    _refuse_many("product", math.prod(map(len, lists)) * len(lists))
    return [list(row) for row in itertools.product(*lists)]


def combinations(value: Any, size: int) -> list[list[Any]]:
    """All ways to take so many elements, whatever their order."""
    elements = _list(value, "combinations")
    _refuse_many("combinations", len(elements) ** 2)
    _refuse_many("combinations", math.comb(len(elements), size) * size)
    return [list(row) for row in itertools.combinations(elements, size)]


def permutations(value: Any, size: int | None = None) -> list[list[Any]]:
    """All ways to put so many elements (None: all) in order."""
    elements = _list(value, "permutations")
    _refuse_many("permutations", len(elements) ** 2)
    _refuse_many("permutations", math.perm(len(elements), size) * (size or len(elements)))
    return [list(row) for row in itertools.permutations(elements, size)]


def _refuse_many(name: str, elements: int) -> None:
    if elements > LONGEST:
        raise Misused(f"`{name}` would give more than {LONGEST} elements", "take shorter lists")


def subelements(value: Any, path: str | Sequence[str], skip_missing: bool = False) -> list[list[Any]]:
    """Each mapping of a list beside each element of a list in it: `users | subelements('keys')`."""
    steps = path.split(".") if isinstance(path, str) else list(path)
    rows = []
    for one in value.values() if isinstance(value, Mapping) else _list(value, "subelements"):
        inner: Any = one
        for step in steps:
            if not isinstance(inner, Mapping) or step not in inner:
                if skip_missing:
                    inner = ()
                    break
                raise Misused(f"there is no `{step}` in one of the elements", "say `skip_missing=true`")
            inner = inner[step]
        rows += [[one, element] for element in inner]
    return rows


def rekey_on_member(value: Any, key: str, duplicates: str = "error") -> dict[Any, Any]:
    """Mappings of a list (or the values of a mapping), by what each has under the key. duplicates: error, overwrite."""
    found: dict[Any, Any] = {}
    for one in value.values() if isinstance(value, Mapping) else _list(value, "rekey_on_member"):
        if not isinstance(one, Mapping) or key not in one:
            raise Misused(f"there is no `{key}` in one of the elements", "each needs one")
        if one[key] in found and duplicates != "overwrite":
            raise Misused(f"two elements have the `{key}` {describe(one[key])}", "say `duplicates='overwrite'`")
        found[one[key]] = one
    return found


def extract(key: Any, container: Any, morekeys: Any = None) -> Any:
    """What a container has under the key: `names | map('extract', hostvars, 'site')`."""
    keys = [key] if morekeys is None else [key, *(morekeys if isinstance(morekeys, (list, tuple)) else [morekeys])]
    for one in keys:
        try:
            container = container[one]
        except (KeyError, IndexError, TypeError):
            raise Misused(f"there is no `{one}` to extract") from None
    return container


def ternary(value: Any, true: Any, false: Any, null: Any = None) -> Any:
    """The first of the two if the value is true, else the second."""
    return null if value is None and null is not None else true if value else false


def boolean(value: Any) -> bool:
    """yes, on, true, 1 are true, and no, off, false, 0 and nothing are false, in any case. Others are an error."""
    if isinstance(value, bool) or value is None:
        return bool(value)
    word = str(value).strip().lower()
    if word in ("yes", "on", "true", "1", "y", "t"):
        return True
    if word in ("no", "off", "false", "0", "n", "f", ""):
        return False
    raise Misused(f"`{word[:40]}` is neither true nor false", "write true or false")


def _no_number(value: Any, kind: str) -> NoReturn:
    raise Misused(f"`{str(value)[:40]}` is not a {kind}", "give a default, as in `| int(0)`")


def integer(value: Any, default: Any = None, base: int = 10) -> Any:
    """A whole number. Other than Jinja2's own, what is none is an error unless a default is given."""
    try:
        if isinstance(value, str):
            return int(value, base) if base != 10 or "." not in value else int(float(value))
        return int(value)
    except (ValueError, TypeError, OverflowError):
        return default if default is not None else _no_number(value, "whole number")


def number(value: Any, default: Any = None) -> Any:
    """A number. Other than Jinja2's own, what is none is an error unless a default is given."""
    try:
        return float(value)
    except (ValueError, TypeError):
        return default if default is not None else _no_number(value, "number")


def logarithm(value: Any, base: float = math.e) -> float:
    """The logarithm."""
    try:
        return math.log10(value) if base == 10 else math.log(value, base)
    except (TypeError, ValueError, ZeroDivisionError) as error:
        raise Misused(f"`log`: {error}", "it takes numbers greater than 0") from None


def power(value: Any, exponent: float) -> float:
    """The number to that power."""
    try:
        return math.pow(value, exponent)
    except (TypeError, ValueError, OverflowError) as error:
        raise Misused(f"`pow`: {error}", "it takes numbers of moderate size") from None


def root(value: Any, base: float = 2) -> float:
    """The square root, or another."""
    try:
        return math.sqrt(value) if base == 2 else math.pow(value, 1.0 / float(base))
    except (TypeError, ValueError, ZeroDivisionError) as error:
        raise Misused(f"`root`: {error}", "it takes numbers that are not negative") from None


def type_debug(value: Any) -> str:
    """The name of the value's type."""
    return type(value).__name__


FILTERS: dict[str, Callable[..., Any]] = {
    "mandatory": mandatory, "combine": combine, "dict2items": dict2items, "items2dict": items2dict, "union": union,
    "intersect": intersect, "difference": difference, "symmetric_difference": symmetric_difference,
    "flatten": flatten, "zip": zip_, "zip_longest": zip_longest, "product": product, "combinations": combinations,
    "permutations": permutations, "rekey_on_member": rekey_on_member, "subelements": subelements,
    "extract": extract, "ternary": ternary, "bool": boolean, "int": integer, "float": number,
    "log": logarithm, "pow": power, "root": root, "type_debug": type_debug,
}
