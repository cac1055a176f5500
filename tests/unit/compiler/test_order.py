"""In which order a host's resources are carried out."""
from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.compiler.order import Cycles, Item, arrange


def order(*items: Item) -> list[str]:
    return [items[position].id for position in arrange(items).order]


def test_document_order_holds_where_nothing_needs_another() -> None:
    assert order(Item("c"), Item("a"), Item("b")) == ["c", "a", "b"]


def test_what_is_required_moves_up_to_just_before() -> None:
    assert order(Item("first"), Item("a", requires=("z",)), Item("b"), Item("z")) == ["first", "z", "a", "b"]


def test_who_notifies_comes_before_who_is_told() -> None:
    arranged = arrange([Item("service"), Item("conf", notifies=("service",))])
    assert arranged.order == (1, 0)
    assert arranged.notifies == ((1,), ())
    assert arranged.needs == ((), ()), "a notification is an order, no need"


def test_watch_is_notify_seen_from_the_other_side() -> None:
    told = arrange([Item("conf", notifies=("service",)), Item("service")])
    watching = arrange([Item("conf"), Item("service", watches=("conf",))])
    assert told == watching


def test_directory_comes_before_its_file_and_the_file_needs_it() -> None:
    arranged = arrange([Item("file", wants=(("path", "/a"),)), Item("directory", provides=(("path", "/a"),))])
    assert arranged.order == (1, 0)
    assert arranged.needs == ((), (0,))


def test_implied_edge_never_goes_against_an_explicit_one() -> None:
    arranged = arrange([Item("user", wants=(("group", "g"),)),
                        Item("group", provides=(("group", "g"),), requires=("user",))])
    assert arranged.order == (0, 1)
    assert arranged.needs == ((), (0,))


def test_implied_edges_that_go_round_are_dropped_and_the_others_kept() -> None:
    arranged = arrange([
        Item("user", provides=(("user", "u"),), wants=(("group", "g"),)),
        Item("group", provides=(("group", "g"),), wants=(("user", "u"),)),
        Item("file", wants=(("user", "u"), ("path", "/d"))), Item("directory", provides=(("path", "/d"),))])
    assert arranged.order == (1, 0, 3, 2)
    assert arranged.needs[3] == (1, 2)


def test_use_stands_for_all_resources_of_a_document() -> None:
    assert order(Item("a", requires=("use: role",)), Item("x", uses=("role",)), Item("y", uses=("outer", "role"))) == [
        "x", "y", "a"]


def test_outputs_are_needed() -> None:
    arranged = arrange([Item("file", outputs=("command",)), Item("command")])
    assert arranged.order == (1, 0)
    assert arranged.needs == ((), (0,))


def test_every_cycle_is_named() -> None:
    items = [Item("a", requires=("b",)), Item("b", requires=("a",)), Item("c", requires=("d",)),
             Item("d", notifies=("c",)), Item("e", requires=("e",))]
    with pytest.raises(Cycles) as raised:
        arrange(items)
    assert sorted(sorted({items[position].id for position in cycle}) for cycle in raised.value.cycles) == [
        ["a", "b"], ["e"]]


def test_long_chains_do_not_overflow() -> None:
    items = [Item(str(number), requires=(str(number + 1),)) for number in range(5000)] + [Item("5000")]
    assert arrange(items).order == tuple(range(5000, -1, -1))


NAMES = [f"n{number}" for number in range(8)]
IDENTITIES = [("path", name) for name in "abc"]
some = st.lists(st.sampled_from(NAMES), max_size=2).map(tuple)
some_identities = st.lists(st.sampled_from(IDENTITIES), max_size=2).map(tuple)
graphs = st.lists(
    st.builds(Item, id=st.just(""), requires=some, notifies=some, watches=some, provides=some_identities,
              wants=some_identities), max_size=8).map(
    lambda items: [Item(NAMES[number], one.provides, one.wants, one.requires, one.notifies, one.watches)
                   for number, one in enumerate(items)])


def before(items: list[Item]) -> list[tuple[int, int]]:
    """All explicit edges: (who, what comes before)."""
    place = {item.id: position for position, item in enumerate(items)}
    edges = []
    for here, item in enumerate(items):
        edges += [(here, place[one]) for one in (*item.requires, *item.watches) if one in place]
        edges += [(place[one], here) for one in item.notifies if one in place]
    return edges


@given(graphs)
def test_any_order_is_a_permutation_that_respects_all_edges(items: list[Item]) -> None:
    try:
        arranged = arrange(items)
    except Cycles as cycles:
        edges = set(before(items))
        for cycle in cycles.cycles:
            assert cycle[0] == cycle[-1]
            assert all(edge in edges for edge in itertools.pairwise(cycle)), "an edge that nobody asked for"
        return
    place = {position: index for index, position in enumerate(arranged.order)}
    assert sorted(arranged.order) == list(range(len(items)))
    assert all(place[first] < place[then] for then, first in before(items))
    for index in range(len(items)):
        assert all(one < index for one in arranged.needs[index])
        assert all(one > index for one in arranged.notifies[index])
    assert arrange(items) == arranged, "not the same each time"


@given(graphs)
def test_document_order_stays_when_it_respects_all_edges(items: list[Item]) -> None:
    forward = [Item(item.id, item.provides, tuple(w for w in item.wants if not any(
        w in later.provides for later in items[number + 1:])),
        tuple(one for one in item.requires if one in NAMES[:number]),
        tuple(one for one in item.notifies if one in NAMES[number + 1:]),
        tuple(one for one in item.watches if one in NAMES[:number])) for number, item in enumerate(items)]
    assert arrange(forward).order == tuple(range(len(items)))


@given(graphs)
def test_who_moves_up_is_needed_by_somebody_it_passes(items: list[Item]) -> None:
    try:
        order = arrange(items).order
    except Cycles:
        return
    for index, position in enumerate(order[:-1]):
        if position > order[index + 1]:  # out of document order: then for a reason, direct or not
            later = order[index + 1:]
            assert any(position in reach(items, other) for other in later if other < position)


def reach(items: list[Item], start: int) -> set[int]:
    """All that comes before an item, over whatever others, implied edges included."""
    edges = before(items) + [(here, there) for here, item in enumerate(items) for there, other in enumerate(items)
                             if here != there and set(item.wants) & set(other.provides)]
    found, waiting = set(), [start]
    while waiting:
        here = waiting.pop()
        for who, first in edges:
            if who == here and first not in found:
                found.add(first)
                waiting.append(first)
    return found


def test_packages_wait_for_the_repositories_that_are_written_before_them():
    lists = ("package_lists", "host")
    items = [Item("package: ca", wants=(lists,)), Item("repository: a", provides=(lists,)),
             Item("repository: b", provides=(lists,)), Item("package: x", wants=(lists,))]
    arranged = arrange(items)
    assert arranged.order == (0, 1, 2, 3), "what stands before a repository stays there: it may be needed to reach it"
    assert arranged.needs == ((), (), (), (1, 2))
