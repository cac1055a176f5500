"""Resources of one host to its graph. What is equal among hosts is made once: the order, the nodes, their hashes."""
from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from holdfast.compiler.contents import Contents
from holdfast.compiler.edits import Pair, fight, pairs, rivals
from holdfast.compiler.model import HostGraph, Left
from holdfast.compiler.order import Arranged, Cycles, arrange, finder
from holdfast.compiler.units import Compiled, Outcome, Unit
from holdfast.documents.model import Part
from holdfast.documents.types import Types
from holdfast.problems import Place, Problem
from holdfast_host.graph import Node
from holdfast_host.values import did_you_mean

EDGES = {"requires": "requires", "notifies": "notify", "watches": "watch"}  # of an item, and as documents write them


class Where:
    """Gives for a node's position and an argument the place where it was written."""

    __slots__ = ("_units",)

    def __init__(self, units: tuple[Unit, ...]) -> None:
        self._units = units

    def __call__(self, position: int, argument: str) -> Place:
        return self._units[position].resource.where(argument)


@dataclass(frozen=True, eq=False, slots=True)
class _Structure:
    """All of a graph but the arguments. kept: positions of the resources, without those that are declared again;
    again: pairs of positions of one id. edited: pairs of positions in kept; see edits."""

    kept: tuple[int, ...]
    again: tuple[tuple[int, int], ...]
    edited: tuple[Pair, ...]
    arranged: Arranged | None
    places: tuple[Place, ...]
    where: Where
    parts: tuple[tuple[Part, ...], ...]
    problems: tuple[Problem, ...]


class Graphs:
    """Makes graphs, for one host after the other."""

    def __init__(self, types: Types, contents: Contents) -> None:
        self.types, self.contents = types, contents
        self._structures: dict[tuple[tuple[int, ...], tuple[str, ...], frozenset[str]], _Structure] = {}
        self._nodes: dict[str, tuple[Node, ...]] = {}

    def graph(self, host: str, outcomes: Sequence[Outcome], uses: tuple[str, ...],
              lacking: frozenset[str] = frozenset()) -> tuple[HostGraph | None, tuple[Problem, ...]]:
        """The graph, or everything that is wrong between its resources. uses: names of all used documents. lacking:
        the types of resources that could not be made; references to those may well be right."""
        made = [one for outcome in outcomes for one in outcome.made]
        left = tuple(one for outcome in outcomes for one in outcome.left)
        key = (tuple([one.structure for one in made]), tuple([one.id for one in left]), lacking)
        structure = self._structures.get(key)
        if structure is None:
            structure = self._structures[key] = self._structure(made, left, uses, lacking)
        problems = structure.problems + self._unequal(made, structure.again) + self._fights(made, structure)
        secrets, found = _secrets(made)
        problems += found
        if problems or structure.arranged is None:
            return None, problems
        arranged = structure.arranged
        nodes, digest = [], hashlib.sha256()
        for position, needs, notifies in zip(arranged.order, arranged.needs, arranged.notifies, strict=True):
            node, own = _node(made[structure.kept[position]], needs, notifies)
            nodes.append(node)
            digest.update(own)
        name = digest.hexdigest()
        shared = self._nodes.setdefault(name, tuple(nodes))
        return HostGraph(host, shared, structure.places, left, secrets, name, structure.where,
                         structure.parts), ()

    def _structure(self, made: Sequence[Compiled], left: Sequence[Left], known_uses: tuple[str, ...],
                   lacking: frozenset[str]) -> _Structure:
        first: dict[str, int] = {}
        kept, again = [], []
        for position, one in enumerate(made):
            if first.setdefault(one.item.id, position) == position:
                kept.append(position)
            else:
                again.append((first[one.item.id], position))
        uses: dict[str, dict[str, None]] = {}  # so is what several used documents declare
        for one in made:
            uses.setdefault(one.item.id, {}).update(dict.fromkeys(one.item.uses))
        resources = [made[position] for position in kept]
        if again:
            resources = [replace(one, item=replace(one.item, uses=tuple(uses[one.item.id]))) for one in resources]
        problems = [*self._references(resources, left, known_uses, lacking), *_conflicts(resources)]
        arranged = None
        try:
            arranged = arrange([one.item for one in resources])
        except Cycles as found:
            problems += [_cycle([resources[position] for position in cycle]) for cycle in found.cycles]
        units = tuple(resources[position].unit for position in arranged.order) if arranged else ()
        parts: dict[str, dict[Part, None]] = {}  # what is declared twice is part of both
        for one in made:
            parts.setdefault(one.item.id, {}).update(dict.fromkeys(one.unit.parts))
        return _Structure(tuple(kept), tuple(again), pairs(resources), arranged, tuple(unit.place for unit in units),
                          Where(units), tuple(tuple(parts[resources[position].item.id]) for position in arranged.order)
                          if arranged else (), tuple(problems))

    def _references(self, resources: Sequence[Compiled], left: Sequence[Left], uses: tuple[str, ...],
                    lacking: frozenset[str]) -> list[Problem]:
        """References to what is not there, and notifications of what cannot be notified."""
        by_id = {one.item.id: one for one in resources}
        known = {*by_id, *(one.id for one in left), *(f"use: {name}" for name in uses)}
        find = finder([one.item for one in resources])
        problems = []
        for one in resources:
            item = one.item
            for reference in (*item.requires, *item.notifies, *item.watches):
                if reference not in known and reference.partition(": ")[0] not in lacking:
                    mend = _nearest(reference, known, self.types)
                    problems.append(Problem(f"there is no `{reference}` among the host's resources",
                                            one.where[reference], mend))
            told = [(reference, resources[position]) for reference in item.notifies for position in find([reference])]
            told += [(reference, one) for reference in item.watches if reference in known]
            for reference, target in told:
                if not self.types.need(target.type).refreshes:
                    problems.append(Problem(
                        f"`{target.item.id}` cannot be notified: a {target.type} does nothing then",
                        one.where[reference], "`requires` gives an order without notification"))
        return list(dict.fromkeys(problems))

    def _fights(self, made: Sequence[Compiled], structure: _Structure) -> tuple[Problem, ...]:
        found = (fight(made[structure.kept[editor]], made[structure.kept[owner]], self.contents.get,
                       self.contents.run.patience) for editor, owner in structure.edited)
        again = rivals([made[position] for position in structure.kept], self.contents.run.patience)
        return (*(problem for problem in found if problem), *again)

    @staticmethod
    def _unequal(made: Sequence[Compiled], again: Sequence[tuple[int, int]]) -> tuple[Problem, ...]:
        problems = []
        for first, second in again:
            one, other = made[first], made[second]
            if (one.args, one.limit_s, replace(one.item, uses=())) != (
                    other.args, other.limit_s, replace(other.item, uses=())):
                differ = sorted(key for key in {*one.args, *other.args} if one.args.get(key) != other.args.get(key))
                differ += [word for name, word in EDGES.items() if getattr(one.item, name) != getattr(other.item, name)]
                said = f"; {', '.join(f'`{key}`' for key in differ)} differ" if differ else ""
                mend = "keep one of the two, or make them equal" if other.unit is not one.unit else \
                    "put `{{ item }}` into its name, so that each is one of its own"
                problems.append(Problem(f"`{other.item.id}` is declared twice{said}", other.unit.place, mend,
                                        (("the other one", one.unit.place),) if other.unit is not one.unit else ()))
        return tuple(problems)


def _nearest(reference: str, known: set[str], types: Types) -> str:
    """The mend for a reference to what is not there: the name is wrong, or the type."""
    type_, _, name = reference.partition(": ")
    if type_ not in types and type_ != "use":
        near = did_you_mean(type_, [one for one in types if f"{one}: {name}" in known] or list(types))
        word = re.search(r"mean `(\w+)`", near)
        return f"did you mean `{word[1]}: {name}`?" if word else f"there is no type `{type_}`"
    same = sorted(one for one in known if one.startswith(type_ + ": "))
    found = did_you_mean(reference, same)
    if found.startswith("did"):
        return found
    return f"known of this type: {', '.join(same[:8])}" if same else f"no {type_} is declared for this host"


# Identities of settings: two resources may name one, as long as they do not say different things of it.
_SETTINGS = frozenset({"sysctl", "ini", "value", "environment", "limits", "alternatives", "kernel_module", "service"})


def _conflicts(resources: Sequence[Compiled]) -> list[Problem]:
    """Two resources that each say what a path is, or what a host has one of, or a setting otherwise; or of which one
    removes what the other needs. The other identities may have several who provide them."""
    owners: dict[tuple[str, str], Compiled] = {}
    problems = []
    removed = {identity: one for one in resources if one.item.removes for identity in one.item.provides
               if identity[0] in ("path", "user", "group")}
    for one in resources:
        for identity in () if one.item.removes else one.item.wants:
            if identity in removed:
                other = removed[identity]
                what = identity[1] if identity[0] == "path" else f"the {identity[0]} {identity[1]}"
                problems.append(Problem(f"`{one.item.id}` needs {what}, which `{other.item.id}` removes",
                                        one.unit.place, "keep one of the two",
                                        (("it is removed here", other.unit.place),)))
        for identity in one.item.provides:
            owner = owners.setdefault(identity, one)
            if owner is one or not _fight(identity, owner, one):
                continue
            what = f"{identity[0]} {identity[1]}" if identity[0] in ("uid", "gid") else \
                identity[1] or f"the {identity[0]} of the host"
            problems.append(Problem(f"`{one.item.id}` and `{owner.item.id}` both say what {what} is",
                                    one.unit.place, "keep one of the two", (("the other one", owner.unit.place),)))
            break
    return problems


def _fight(identity: tuple[str, str], one: Compiled, other: Compiled) -> bool:
    """Whether two that provide the same cannot both have their way."""
    kind, name = identity
    if kind not in _SETTINGS:
        return kind in ("path", "uid", "gid") or not name
    return one.type == other.type and one.item.id != other.item.id and any(
        key != "name" and other.args.get(key, value) != value for key, value in one.args.items())


def _cycle(cycle: Sequence[Compiled]) -> Problem:
    said = " -> ".join(one.item.id for one in cycle)
    return Problem(f"these resources wait for one another: {said}", cycle[0].unit.place,
                   "take one of their `requires`, `notify` or `watch` out",
                   tuple((f"`{one.item.id}`", one.unit.place) for one in cycle[1:-1]))


def _secrets(made: Sequence[Compiled]) -> tuple[dict[str, str], tuple[Problem, ...]]:
    found: dict[str, str] = {}
    problems = []
    for one in made:
        for name, value in one.secrets.items():
            if found.setdefault(name, value) != value:
                problems.append(Problem(f"the secret `{name}` has two values on one host", one.unit.place,
                                        "give one of the two another name"))
    return found, tuple(problems)


def _node(made: Compiled, needs: tuple[int, ...], notifies: tuple[int, ...]) -> tuple[Node, bytes]:
    """The node and its SHA-256."""
    found = made.nodes.get((needs, notifies))
    if found is None:
        node = Node(made.item.id, made.type, made.args, needs, notifies, made.limit_s)
        text = json.dumps(node.to_wire(), sort_keys=True, separators=(",", ":"))
        found = made.nodes[needs, notifies] = node, hashlib.sha256(text.encode("ascii")).digest()
    return found
