"""The order of a host's resources, and who needs and who notifies whom.

A resource is carried out where it is written, or earlier if something written before it needs it. Pure.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

Identity = tuple[str, str]
EARLIER_ONLY = frozenset({"package_lists"})  # kinds of which one waits for those that are written before it


@dataclass(frozen=True, slots=True)
class Item:
    """What the order depends on. requires, notifies, watches: ids; outputs: ids whose outputs it takes; uses: names of
    the used documents that it belongs to; removes: what it provides will be gone, so that nothing waits for it; edits:
    the file that it edits; says_all: it says the whole content of its path."""

    id: str
    provides: tuple[Identity, ...] = ()
    wants: tuple[Identity, ...] = ()
    requires: tuple[str, ...] = ()
    notifies: tuple[str, ...] = ()
    watches: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    removes: bool = False
    edits: str = ""
    says_all: bool = False


@dataclass(frozen=True, slots=True)
class Arranged:
    """order: positions in the input, in the order in which they are carried out. needs, notifies: for each place in
    that order the places (in that order) of those without which it is not carried out, and that are told of it."""

    order: tuple[int, ...]
    needs: tuple[tuple[int, ...], ...]
    notifies: tuple[tuple[int, ...], ...]


class Cycles(Exception):
    """Explicit edges go round. Of each cycle the positions of the items in it, each needing the next, the first one
    last again."""

    def __init__(self, cycles: Sequence[tuple[int, ...]]) -> None:
        super().__init__(list(cycles))
        self.cycles = tuple(cycles)


def arrange(items: Sequence[Item]) -> Arranged:
    """Puts items in order. References that name none of them are left out. Raises Cycles."""
    find = finder(items)
    needs: list[dict[int, None]] = [{} for _ in items]  # dicts as ordered sets
    notifies: list[dict[int, None]] = [{} for _ in items]
    for here, item in enumerate(items):
        for there in find((*item.requires, *item.outputs)):
            needs[here][there] = None
        for there in find(item.notifies):
            notifies[here][there] = None
        for there in find(item.watches):
            notifies[there][here] = None
    before = [dict(one) for one in needs]  # everything that comes before an item
    for here, told in enumerate(notifies):
        for there in told:
            before[there][here] = None
    _refuse_cycles(before)
    for here, there in _implied(items, before):
        needs[here][there] = None
        before[here][there] = None
    order = _stable(before)
    place = {position: index for index, position in enumerate(order)}
    return Arranged(order, tuple(_places(needs[position], place) for position in order),
                    tuple(_places(notifies[position], place) for position in order))


def finder(items: Sequence[Item]) -> Callable[[Iterable[str]], list[int]]:
    """Gives for ids the positions of the items; `use: NAME` stands for all of a used document."""
    positions: dict[str, list[int]] = {}
    for position, item in enumerate(items):
        positions.setdefault(item.id, []).append(position)
        for name in item.uses:
            positions.setdefault(f"use: {name}", []).append(position)

    def find(ids: Iterable[str]) -> list[int]:
        return [position for one in ids for position in positions.get(one, ())]

    return find


def _places(positions: Iterable[int], place: dict[int, int]) -> tuple[int, ...]:
    return tuple(sorted(place[position] for position in positions))


def _refuse_cycles(before: Sequence[Iterable[int]]) -> None:
    left, cycles = [dict.fromkeys(one) for one in before], []
    while True:
        try:
            TopologicalSorter(dict(enumerate(left))).prepare()
        except CycleError as error:
            found = error.args[1]  # each one comes before the next
            del left[found[1]][found[0]]  # so that the next cycle is found
            cycles.append(tuple(found[::-1]))
        else:
            break
    if cycles:
        raise Cycles(cycles)


def _implied(items: Sequence[Item], before: Sequence[dict[int, None]]) -> list[tuple[int, int]]:
    """Edges from who wants something to who provides it. One that would go round is left out."""
    providers: dict[Identity, list[int]] = {}
    for position, item in enumerate(items):
        for identity in () if item.removes else item.provides:
            providers.setdefault(identity, []).append(position)
    edges = [(here, there) for here, item in enumerate(items) for identity in item.wants
             for there in providers.get(identity, ())
             if there != here and (there < here or identity[0] not in EARLIER_ONLY)]
    together = [dict(one) for one in before]
    for here, there in edges:
        together[here][there] = None
    try:
        TopologicalSorter(dict(enumerate(together))).prepare()
    except CycleError:
        return _those_without_cycle(edges, [dict(one) for one in before])
    return edges


def _those_without_cycle(edges: Iterable[tuple[int, int]], before: Sequence[dict[int, None]]) -> list[tuple[int, int]]:
    kept = []
    for here, there in edges:
        if not _leads(there, here, before):
            before[here][there] = None
            kept.append((here, there))
    return kept


def _leads(start: int, goal: int, before: Sequence[Iterable[int]]) -> bool:
    """Does `goal` come before `start`, over whatever others?"""
    waiting, seen = [start], {start}
    while waiting:
        for one in before[waiting.pop()]:
            if one == goal:
                return True
            if one not in seen:
                seen.add(one)
                waiting.append(one)
    return False


def _stable(before: Sequence[Iterable[int]]) -> tuple[int, ...]:
    """Each item in its turn, what comes before it first. `before` has no cycle."""
    done: dict[int, None] = {}
    for start in range(len(before)):
        waiting = [start]
        while waiting:
            here = waiting[-1]
            first = [one for one in sorted(before[here]) if one not in done]
            if first:
                waiting += first[::-1]
                continue
            done.setdefault(here)
            waiting.pop()
    return tuple(done)
