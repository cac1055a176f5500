"""The parts of target expressions, as data, and which hosts each is true of."""
from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from functools import lru_cache
from typing import Any, Literal

from holdfast.inventory.hostpattern import Wrong, expand
from holdfast.inventory.model import Host, Inventory

Facts = Mapping[str, Mapping[str, Any]]  # by host
Operator = Literal["=", "!=", "<", "<=", ">", ">="]
WORDS = frozenset({"and", "or", "not", "all"})
_BARE = re.compile(r"(?:[^\s()\[\],=!<>'\"&|]|\[[^\]\s'\"]*\])+\Z")
_RANGE = re.compile(r"\[[^\]]*:[^\]]*\]")
_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)*\Z")


@dataclass(frozen=True, slots=True)
class Pattern:
    """Text to compare with. glob: `*`, `?`, `[ab]` and ranges `[01:10]` have their meaning; else all is literal."""

    text: str
    glob: bool = False

    def matches(self, value: str) -> bool:
        """Whether the value is meant."""
        return value == self.text or (self.glob and _compiled(self.text).match(value) is not None)

    def __str__(self) -> str:
        return self.text if self.glob else quoted(self.text)


@lru_cache(maxsize=256)
def _compiled(text: str) -> re.Pattern[str]:
    try:
        parts = expand(text) if _RANGE.search(text) else [text]
    except Wrong:
        parts = [text]
    return re.compile("|".join(translate(part) for part in parts))


def is_glob(text: str) -> bool:
    """Whether a bare word has a sign that stands for others."""
    return any(sign in text for sign in "*?[")


def quoted(text: str) -> str:
    """The text as it is written in an expression: bare if that reads the same, else in quotes."""
    if _BARE.match(text) and not is_glob(text) and text not in WORDS:
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass(frozen=True, slots=True)
class Term:
    """A part of an expression, or all of it. column: where the part starts, from 0; width: how long it is."""

    column: int = field(default=0, compare=False, repr=False, kw_only=True)
    width: int = field(default=1, compare=False, repr=False, kw_only=True)

    def matches(self, host: Host, facts: Mapping[str, Any]) -> bool:
        """Whether it is true of the host."""
        raise NotImplementedError

    def parts(self) -> tuple[Term, ...]:
        """The terms in it."""
        return ()

    def leaves(self) -> tuple[Term, ...]:
        """The smallest terms in it, in order."""
        return tuple(leaf for part in self.parts() for leaf in part.leaves()) or (self,)

    @property
    def fact_paths(self) -> frozenset[str]:
        """The facts that must be known, as dotted paths: `os.family`."""
        return frozenset(path for part in self.parts() for path in part.fact_paths)

    def matching(self, inventory: Inventory, facts: Facts | None = None) -> tuple[str, ...]:
        """The hosts that it is true of, in inventory order; none is no error here."""
        known = facts or {}
        return tuple(name for name, host in inventory.hosts.items() if self.matches(host, known.get(name, {})))


@dataclass(frozen=True, slots=True)
class All(Term):
    """Every host."""

    def matches(self, host: Host, facts: Mapping[str, Any]) -> bool:
        return True

    def __str__(self) -> str:
        return "all"


@dataclass(frozen=True, slots=True)
class HostNamed(Term):
    """Hosts by their names."""

    name: Pattern

    def matches(self, host: Host, facts: Mapping[str, Any]) -> bool:
        return self.name.matches(host.name)

    def __str__(self) -> str:
        text = str(self.name)
        return f'"{text}"' if not self.name.glob and text.startswith(("group:", "tag:", "facts.")) else text


@dataclass(frozen=True, slots=True)
class InGroup(Term):
    """Hosts of a group, over its children too."""

    group: Pattern

    def matches(self, host: Host, facts: Mapping[str, Any]) -> bool:
        if self.group.matches("all"):
            return True
        return any(map(self.group.matches, host.groups)) or (not host.groups and self.group.matches("ungrouped"))

    def __str__(self) -> str:
        return f"group:{self.group}"


@dataclass(frozen=True, slots=True)
class HasTag(Term):
    """Hosts that have a tag, whatever its value."""

    key: str

    def matches(self, host: Host, facts: Mapping[str, Any]) -> bool:
        return self.key in host.tags

    def __str__(self) -> str:
        return f"tag:{quoted(self.key)}"


@dataclass(frozen=True, slots=True)
class TagIs(Term):
    """Hosts by the value of a tag. unequal: those that have another value, or no such tag."""

    key: str
    value: Pattern
    unequal: bool = False

    def matches(self, host: Host, facts: Mapping[str, Any]) -> bool:
        value = host.tags.get(self.key)
        return (value is not None and self.value.matches(value)) != self.unequal

    def __str__(self) -> str:
        return f"{_tag_key(self.key)}{'!=' if self.unequal else '='}{self.value}"


@dataclass(frozen=True, slots=True)
class FactIs(Term):
    """Hosts by a fact. A fact that is a list is compared by each of its elements. What is not known is unequal to
    everything, and neither smaller nor larger than anything."""

    path: str
    operator: Operator
    value: Pattern

    def matches(self, host: Host, facts: Mapping[str, Any]) -> bool:
        fact = fact_at(facts, self.path)
        values = fact if isinstance(fact, (list, tuple)) else (fact,)
        if self.operator in ("=", "!="):
            equal = any(each is not None and self.value.matches(_as_text(each)) for each in values)
            return equal == (self.operator == "=")
        compare = _COMPARISONS[self.operator]
        return any(compare(order) for order in (_order(each, self.value.text) for each in values) if order is not None)

    @property
    def fact_paths(self) -> frozenset[str]:
        return frozenset((self.path,))

    def __str__(self) -> str:
        return f"facts.{self.path}{self.operator}{self.value}"


@dataclass(frozen=True, slots=True)
class FactHolds(Term):
    """Hosts on which a fact is known, and neither false, 0 nor empty."""

    path: str

    def matches(self, host: Host, facts: Mapping[str, Any]) -> bool:
        return bool(fact_at(facts, self.path))

    @property
    def fact_paths(self) -> frozenset[str]:
        return frozenset((self.path,))

    def __str__(self) -> str:
        return f"facts.{self.path}"


@dataclass(frozen=True, slots=True)
class Not(Term):
    """The hosts of which the other is not true."""

    other: Term

    def parts(self) -> tuple[Term, ...]:
        return (self.other,)

    def matches(self, host: Host, facts: Mapping[str, Any]) -> bool:
        return not self.other.matches(host, facts)

    def __str__(self) -> str:
        return f"not {_inside(self.other, And, Or)}"


@dataclass(frozen=True, slots=True)
class And(Term):
    """The hosts of which all are true; two at least."""

    terms: tuple[Term, ...]

    def parts(self) -> tuple[Term, ...]:
        return self.terms

    def matches(self, host: Host, facts: Mapping[str, Any]) -> bool:
        return all(part.matches(host, facts) for part in self.terms)

    def __str__(self) -> str:
        return " and ".join(_inside(part, And, Or) for part in self.terms)


@dataclass(frozen=True, slots=True)
class Or(Term):
    """The hosts of which one is true; two at least."""

    terms: tuple[Term, ...]

    def parts(self) -> tuple[Term, ...]:
        return self.terms

    def matches(self, host: Host, facts: Mapping[str, Any]) -> bool:
        return any(part.matches(host, facts) for part in self.terms)

    def __str__(self) -> str:
        return " or ".join(_inside(part, Or) for part in self.terms)


def _inside(part: Term, *kinds: type[Term]) -> str:
    return f"({part})" if isinstance(part, kinds) else str(part)


def _tag_key(key: str) -> str:
    return f'"{key}"' if key.startswith(("group:", "tag:", "facts.")) else quoted(key)


def fact_at(facts: Mapping[str, Any], path: str) -> Any:
    """The fact at a dotted path; None if there is none. Numbers in a path are places in lists."""
    here: Any = facts
    for step in path.split("."):
        if isinstance(here, Mapping):
            here = here.get(step)
        elif isinstance(here, Sequence) and not isinstance(here, (str, bytes)) and step.isdecimal():
            here = here[int(step)] if int(step) < len(here) else None
        else:
            return None
    return here


def _as_text(fact: Any) -> str:
    if isinstance(fact, bool):
        return "true" if fact else "false"
    return str(int(fact)) if isinstance(fact, float) and fact.is_integer() else str(fact)


def is_comparable(text: str) -> bool:
    """Whether it is a number or a version, so that a fact can be smaller or larger."""
    return _number(text) is not None or _VERSION.match(text) is not None


def _number(text: str) -> float | None:
    try:
        number = float(text) if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) else math.nan
    except (ValueError, OverflowError):
        return None
    return None if math.isnan(number) else number


def _order(fact: Any, text: str) -> int | None:
    """-1, 0 or 1: the fact is smaller, equal or larger. Numbers by value, text as versions, part by part."""
    number = _number(text)
    if isinstance(fact, (int, float)) and not isinstance(fact, bool) and number is not None:
        return (fact > number) - (fact < number)
    if isinstance(fact, str) and _VERSION.match(fact) and _VERSION.match(text):
        left, right = _version(fact), _version(text)
        return (left > right) - (left < right)
    return None


def _version(text: str) -> tuple[tuple[int, str], ...]:
    """Comparable; `12` and `12.0` are equal. By length and digits, so that no number is too long."""
    parts = [part.lstrip("0") for part in text.split(".")]
    while parts and not parts[-1]:
        parts.pop()
    return tuple((len(part), part) for part in parts)


_COMPARISONS: dict[str, Callable[[int], bool]] = {
    "<": lambda order: order < 0, "<=": lambda order: order <= 0,
    ">": lambda order: order > 0, ">=": lambda order: order >= 0,
}
