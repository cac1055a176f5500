"""Tests: what may stand after `is`."""
from __future__ import annotations

import operator
import re
import urllib.parse
from collections.abc import Callable
from typing import Any

from holdfast.compiler.faults import Misused
from holdfast.compiler.filters.data import boolean
from holdfast.compiler.filters.text import _compiled, _searched

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "=": operator.eq, "eq": operator.eq, "!=": operator.ne, "<>": operator.ne, "ne": operator.ne,
    "<": operator.lt, "lt": operator.lt, "<=": operator.le, "le": operator.le, ">": operator.gt, "gt": operator.gt,
    ">=": operator.ge, "ge": operator.ge}


def match(value: Any, pattern: str, ignorecase: bool = False, multiline: bool = False) -> bool:
    """Does the pattern match from the start?"""
    return _compiled(pattern, ignorecase, multiline).match(_searched(value)) is not None


def search(value: Any, pattern: str, ignorecase: bool = False, multiline: bool = False) -> bool:
    """Does the pattern find something?"""
    return _compiled(pattern, ignorecase, multiline).search(_searched(value)) is not None


def regex(value: Any, pattern: str, ignorecase: bool = False, multiline: bool = False, match_type: str = "search") \
        -> bool:
    """`search`, `match` or `fullmatch`, as match_type says."""
    if match_type not in ("search", "match", "fullmatch"):
        raise Misused(f"`match_type` is search, match or fullmatch, not `{match_type}`")
    return getattr(_compiled(pattern, ignorecase, multiline), match_type)(_searched(value)) is not None


def version(value: Any, version: Any, operator: str = "eq", strict: bool = False, version_type: str = "") -> bool:
    """Is this version that much against the other? Numbers compare as numbers, words as words, part by part; a version
    with more parts is newer. version_type: loose (this), or semver, in which 1.0.0-rc1 is older than 1.0.0."""
    if operator not in _OPERATORS:
        raise Misused(f"`{operator}` does not compare", "one of ==, !=, <, <=, >, >=", operator)
    if strict or version_type not in ("", "loose", "semver", "semantic"):
        raise Misused("versions are compared loosely, or as semver",
                      "leave `strict` out; `version_type` is loose or semver")
    key = _semantic if version_type in ("semver", "semantic") else _loose
    try:
        return _OPERATORS[operator](key(str(value)), key(str(version)))
    except TypeError:
        raise Misused(f"`{value}` and `{version}` cannot be compared: one has a word where the other has a number",
                      "use `version_type='semver'`, or compare parts of them") from None


def _loose(text: str) -> list[int | str]:
    parts = [part for part in re.split(r"(\d+|[a-z]+|\.)", text) if part and part != "."]
    return [int(part) if part.isdecimal() else part for part in parts]


def _semantic(text: str) -> tuple[Any, ...]:
    """A key by the rules of semver.org: a pre-release is older than its release, build metadata counts for nothing."""
    found = re.fullmatch(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?", text)
    if found is None:
        raise Misused(f"`{text}` is no version as semver has them", "as in 1.2.3 or 1.2.3-rc.1")
    before = tuple((0, int(one), "") if one.isdecimal() else (1, 0, one) for one in (found[4] or "").split(".") if one)
    return int(found[1]), int(found[2]), int(found[3]), not before, before


def absolute(path: Any) -> bool:
    """Does the path begin with / ?"""
    return str(path).startswith("/")


def url(value: Any, schemes: Any = None) -> bool:
    """Is it a URL, of one of the schemes?"""
    try:
        found = urllib.parse.urlsplit(str(value))
    except ValueError:
        return False
    return bool(found.netloc) and (not schemes or found.scheme in schemes)


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
    "abs": absolute, "is_abs": absolute, "url": url,
    "truthy": truthy, "falsy": falsy, "any": any, "all": all,
}
