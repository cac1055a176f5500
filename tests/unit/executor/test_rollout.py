"""Batches and the failure budget as numbers."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.executor.rollout import batches, budget, is_spent, room

shares = st.integers(0, 100).map(lambda number: f"{number}%")
sizes = st.integers(0, 40) | shares
hosts = st.lists(st.text("abc123", min_size=1), unique=True, max_size=60)


@given(hosts, st.lists(sizes, max_size=5))
def test_every_host_is_in_one_batch_in_its_order(names: list[str], wanted: list[str | int]) -> None:
    cut = batches(names, wanted)
    assert [name for batch in cut for name in batch] == names
    assert all(cut), "an empty batch would be a pause for nothing"


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(1, 60))
def test_numbers_are_kept_and_the_last_is_repeated(wanted: list[int], count: int) -> None:
    cut = batches([str(number) for number in range(count)], wanted)
    meant = [wanted[min(number, len(wanted) - 1)] for number in range(len(cut))]
    assert [len(batch) for batch in cut[:-1]] == meant[:-1] and len(cut[-1]) <= meant[-1]


@pytest.mark.parametrize(("wanted", "count", "lengths"), [
    ([1, "10%", "100%"], 30, [1, 3, 26]), (["50%"], 3, [2, 1]), (["0.5%"], 1000, [5] * 200), ([], 5, [5]),
    ([1, "10%", "100%"], 1, [1]), ([3], 0, []), (["1%"], 7, [1] * 7), (["33.4%"], 3, [2, 1]), ([0], 2, [1, 1]),
])
def test_batches(wanted: list[str | int], count: int, lengths: list[int]) -> None:
    assert [len(batch) for batch in batches([str(number) for number in range(count)], wanted)] == lengths


@pytest.mark.parametrize(("limit", "count", "hosts_that_may_fail"), [
    (None, 10, None), (0, 10, 0), (3, 10, 3), ("5%", 10, 0), ("5%", 20, 1), ("100%", 7, 7), ("0%", 7, 0),
    ("12.5%", 8, 1), ("3", 10, 3),
])
def test_budget(limit: str | int | None, count: int, hosts_that_may_fail: int | None) -> None:
    assert budget(limit, count) == hosts_that_may_fail


@pytest.mark.parametrize("limit", ["many", "5 %%", "-1", -1, True, "1.5", ""])
def test_what_is_neither_number_nor_share_is_refused(limit: str | int) -> None:
    with pytest.raises(ValueError, match="neither a number of hosts nor a share"):
        budget(limit, 10)
    with pytest.raises(ValueError, match="neither a number of hosts nor a share"):
        batches(["a"], [limit])


@given(st.integers(0, 20), st.data())
def test_budget_is_exceeded_by_the_host_that_ends_the_run_and_by_no_other(limit: int, data: st.DataObject) -> None:
    """Hosts are begun whenever there is room, and end in any order, well or badly."""
    bad = working = 0
    for _ in range(60):
        is_begun = data.draw(st.booleans())
        if is_begun and not is_spent(limit, bad) and room(limit, bad, working):
            working += 1
        elif working:
            working -= 1
            bad += data.draw(st.booleans())
        assert bad + working <= limit + 1
    assert limit == 0 or room(limit, 0, limit), "the control: a budget lets many work at once"


def test_no_budget_is_no_limit() -> None:
    assert room(None, 1000, 1000) and not is_spent(None, 1000)
