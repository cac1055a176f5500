"""Tests: what may stand after `is`."""
from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

from holdfast.compiler.faults import Misused
from holdfast.compiler.filters.data import boolean
from holdfast.compiler.filters.text import _compiled

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "=": operator.eq, "eq": operator.eq, "!=": operator.ne, "<>": operator.ne, "ne": operator.ne,
    "<": operator.lt, "lt": operator.lt, "<=": operator.le, "le": operator.le, ">": operator.gt, "gt": operator.gt,
    ">=": operator.ge, "ge": operator.ge}


def match(value: Any, pattern: str, ignorecase: bool = False, multiline: bool = False) -> bool:
    """Does the pattern match from the start?"""
    return _compiled(pattern, ignorecase, multiline).match(str(value)) is not None


def search(value: Any, pattern: str, ignorecase: bool = False, multiline: bool = False) -> bool:
    """Does the pattern find something?"""
    return _compiled(pattern, ignorecase, multiline).search(str(value)) is not None


def regex(value: Any, pattern: str, ignorecase: bool = False, multiline: bool = False, match_type: str = "search") \
        -> bool:
    """`search`, `match` or `fullmatch`, as match_type says."""
    if match_type not in ("search", "match", "fullmatch"):
        raise Misused(f"`match_type` is search, match or fullmatch, not `{match_type}`")
    return getattr(_compiled(pattern, ignorecase, multiline), match_type)(str(value)) is not None


def version(value: Any, other: Any, compared: str = "==", strict: bool = False) -> bool:
    """Is this version that much against the other? 1.10 is newer than 1.9, and 2.0~rc1 older than 2.0."""
    if compared not in _OPERATORS:
        raise Misused(f"`{compared}` does not compare", "one of ==, !=, <, <=, >, >=")
    return _OPERATORS[compared](_version_key(str(value)), _version_key(str(other)))


def _version_key(text: str) -> list[tuple[int, int, str]]:
    """Numbers compare as numbers; a word behind them (rc1, beta) is before nothing at all, a further number after."""
    parts: list[tuple[int, int, str]] = []
    for digits, word in re.findall(r"(\d+)|([A-Za-z~]+)", text):
        parts.append((2, int(digits), "") if digits else (0, 0, word.lower()))
    while parts and parts[-1] == (2, 0, ""):
        parts.pop()  # 1.0 is 1
    return [*parts, (1, 0, "")]


def subset(value: Any, other: Any) -> bool:
    """Is each element in the other list?"""
    return all(one in other for one in value)


def superset(value: Any, other: Any) -> bool:
    """Is each element of the other list in this one?"""
    return all(one in value for one in other)


def contains(value: Any, one: Any) -> bool:
    """Is it in the list? For `select('contains', …)`."""
    return one in value


def truthy(value: Any, convert_bool: bool = False) -> bool:
    """Is it true, as Python sees it? convert_bool: as `bool` sees it."""
    return boolean(value) if convert_bool else bool(value)


def falsy(value: Any, convert_bool: bool = False) -> bool:
    """The opposite of `truthy`."""
    return not truthy(value, convert_bool)


TESTS: dict[str, Callable[..., Any]] = {
    "match": match, "search": search, "regex": regex, "version": version, "version_compare": version,
    "subset": subset, "issubset": subset, "superset": superset, "issuperset": superset, "contains": contains,
    "truthy": truthy, "falsy": falsy, "any": any, "all": all,
}
