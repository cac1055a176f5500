"""How a run goes through its hosts: batches, and the failure budget. Pure functions."""
from __future__ import annotations

import re
from collections.abc import Sequence


def batches(hosts: Sequence[str], sizes: Sequence[str | int]) -> list[tuple[str, ...]]:
    """The hosts in their order, cut into batches; the last size is repeated until all are in one.

    A size is a number of hosts or a share of all of them ("10%"), rounded up and at least 1. (): all in one batch.
    Raises ValueError for a size that is neither.
    """
    counts = [_share(size, len(hosts), rounds_up=True) for size in sizes] or [len(hosts)]
    cut: list[tuple[str, ...]] = []
    begin = 0
    while begin < len(hosts):
        count = max(1, counts[min(len(cut), len(counts) - 1)])
        cut.append(tuple(hosts[begin:begin + count]))
        begin += count
    return cut


def budget(limit: str | int | None, hosts: int) -> int | None:
    """How many hosts may fail; a share is rounded down, so that "5%" of 10 is 0. None: any number.

    Raises ValueError for a limit that is neither a number nor a share.
    """
    return None if limit is None else _share(limit, hosts, rounds_up=False)


def room(limit: int | None, bad: int, in_hand: int) -> bool:
    """Whether one more host may be given its graph.

    limit: the budget; bad: hosts that have failed so far; in_hand: hosts that are at work and may yet fail. Were all of
    these to fail, the budget would be exceeded by the one host that ends the run, and never by more: a budget is a
    promise about how much harm a bad document does, and a promise that only holds when hosts fail one after the other
    is none. So a budget of 0 takes hosts one at a time, and a budget of 5 % of 1,000 hosts lets 51 work at once.
    """
    return limit is None or in_hand < limit - bad + 1


def is_spent(limit: int | None, bad: int) -> bool:
    """Whether more hosts have failed than may."""
    return limit is not None and bad > limit


def _share(size: str | int, whole: int, *, rounds_up: bool) -> int:
    if isinstance(size, int) and not isinstance(size, bool):
        if size >= 0:
            return size
    else:
        found = re.fullmatch(r"\s*(\d+)(?:\.(\d+))?\s*(%?)\s*", str(size), re.ASCII)
        if found and found[3]:
            parts = int(found[1] + (found[2] or "")) * whole
            exact, rest = divmod(parts, 100 * int("1" + "0" * len(found[2] or "")))
            return exact + (1 if rest and rounds_up else 0)
        if found and not found[2]:
            return int(found[1])
    raise ValueError(f"{size!r} is neither a number of hosts nor a share of them such as 10%")
