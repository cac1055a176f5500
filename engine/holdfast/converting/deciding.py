"""Values that conditions decide, in as few words as say the same: what contradicts itself is left out, what follows is
not said, and releases with the same value stand together."""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from holdfast_host import os_release

_FAMILY, _NAME = "facts.os.family", "facts.os.name"
_IS = re.compile(r"(facts\.os\.\w+|\(facts\.os\.version \| split\('\.'\) \| first\))\s*(==|!=)\s*['\"]([^'\"]*)['\"]\Z")
_FAMILIES = {member: family for family, members in os_release.FAMILIES for member in members.split()}


@dataclass(frozen=True, slots=True)
class Case:
    """A value and when it counts. of: what facts have to be, by fact, one of these words; further: other conditions."""

    value: str
    of: Mapping[str, tuple[str, ...]]
    further: tuple[str, ...] = ()

    @property
    def asked(self) -> str:
        """The condition; "": there is none."""
        said = [f"{fact} == '{words[0]}'" if len(words) == 1 else f"{fact} in {list(words)}"
                for fact, words in self.of.items()]
        parts = [*said, *self.further]
        return parts[0] if len(parts) == 1 else " and ".join(
            f"({one})" if re.search(r"\b(or|if)\b", one) else one for one in parts)

    def excludes(self, other: Case) -> bool:
        """Is there no host for which both count?"""
        return any(not set(words) & set(other.of[fact]) for fact, words in self.of.items() if fact in other.of)

    def covers(self, other: Case) -> bool:
        """Does it count wherever the other one does?"""
        named = other.of.get(_NAME, ())
        of = {_FAMILY: tuple(_FAMILIES.get(word, "") for word in named), **other.of} if named else other.of
        return not self.further and all(fact in of and set(of[fact]) <= set(words) for fact, words in self.of.items())


def case(value: str, conditions: Sequence[str]) -> Case | None:
    """A value with conditions that are translated; None: no host has them all."""
    of: dict[str, tuple[str, ...]] = {}
    further: list[str] = []
    unlike: list[tuple[str, str, str]] = []
    for written in conditions:
        bare = re.sub(r"\A\(([^()]*)\)\Z", r"\1", written.strip())
        found = _IS.match(bare)
        if found is None:
            further.append(bare)
        elif found[2] == "!=":
            unlike.append((found[1], found[3], bare))
        elif of.setdefault(found[1], (found[3],)) != (found[3],):
            return None
    family = _FAMILIES.get(of[_NAME][0]) if _NAME in of else None  # which then need not be said
    if family is not None and of.pop(_FAMILY, (family,)) != (family,):
        return None
    for fact, word, bare in unlike:
        if of.get(fact) == (word,):
            return None
        further += [bare] if fact not in of else []
    return Case(value, of, tuple(further))


def merged(cases: Sequence[Case]) -> list[Case]:
    """Those of one value as one, where the order of all others stays as it is for each host."""
    made: list[Case] = []
    for one in cases:
        if any(there.covers(one) for there in made):
            continue
        for at in range(len(made) - 1, -1, -1):
            both = _both(made[at], one)
            if both is not None:
                made[at] = both
                break
            if not made[at].excludes(one):
                made.append(one)
                break
        else:
            made.append(one)
    return made


def _both(first: Case, second: Case) -> Case | None:
    """Two that differ in one fact only."""
    if first.value != second.value or first.further != second.further or set(first.of) != set(second.of):
        return None
    unlike = [fact for fact in first.of if first.of[fact] != second.of[fact]]
    if len(unlike) != 1:
        return None
    words = tuple(dict.fromkeys((*first.of[unlike[0]], *second.of[unlike[0]])))
    return replace(first, of={**first.of, unlike[0]: words})


def any_of(cases: Sequence[Case]) -> str:
    """The condition that one of them counts."""
    asked = [one.asked for one in merged(cases)]
    return asked[0] if len(asked) == 1 else " or ".join(f"({one})" if " and " in one else one for one in asked)


def expression(cases: Sequence[Case], other: str, *, is_all: bool) -> str:
    """The cases as one expression. other: the value when none counts; "": there is none. is_all: one always counts, or
    what reads it fails."""
    facts = {fact for one in cases for fact in one.of}
    if is_all and not other and len(facts) == 1 < len(cases) and all(one.of and not one.further for one in cases):
        fact, = facts
        pairs = [f"'{word}': {one.value}" for one in cases for word in one.of[fact]]
        return "{" + ", ".join(pairs) + f"}}[{fact}]"
    parts = [f"{one.value} if {one.asked}" if one.asked else one.value for one in merged(cases)]
    return " else ".join([*parts, *([other] if other else [])])
