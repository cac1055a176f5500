"""Rollouts on played hosts: whatever goes wrong, each host's last state is known, and the budget holds."""
from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from holdfast.compiler.model import Rollout
from holdfast.executor.model import BAD, HostDone, HostStarted
from holdfast.executor.rollout import batches, budget
from tests.unit.executor.acting import FAULTS, Stage

ROLLOUTS = 300
RIGHT = {"": "changed", "unreachable": "unreachable", "failed": "failed", "lost": "unreachable", "held": "refused",
         "nonsense": "failed", "refused": "failed", "cut in a frame": "unreachable", "strange events": "failed"}


@pytest.mark.parametrize("seed", range(ROLLOUTS))
def test_rollout_with_faults(seed: int) -> None:
    chance = random.Random(seed)
    count, share = chance.randint(1, 25), chance.choice([0.0, 0.1, 0.5, 1.0])
    parts = [chance.choice(FAULTS[1:]) if chance.random() < share else "" for _ in range(count)]
    stage = Stage(parts, [chance.choice([0.0, 0.0, 0.001]) for _ in parts])
    limit = chance.choice([None, 0, 1, 3, "10%", "50%", "100%"])
    sizes = chance.choice([(), (1,), (1, "10%", "100%"), ("30%",), (4,)])
    at_once = chance.choice([1, 3, 50])
    done = stage.run(Rollout(batches=sizes, error_budget=limit, at_once=at_once))

    by_host = {result.host: result for result in done.results}
    assert list(by_host) == stage.hosts, "each host has one result, in the order of the hosts"
    for host, part in zip(stage.hosts, parts, strict=True):
        status = by_host[host].status
        assert status in {RIGHT[part], "untouched"}, (host, part, by_host[host])
        if status == "untouched":
            assert done.stopped and not stage.log.get(host), f"{host} was said to be untouched, and was given work"
        elif part != "unreachable":
            assert stage.log[host][0] == "begun"
    bad = sum(result.status in BAD for result in done.results)
    allowed = budget(limit, count)
    assert allowed is None or bad <= allowed + 1, "the host that ends the run, and no other"
    if allowed is not None:
        assert bool(done.stopped) == (bad > allowed)
    assert sorted(result.host for result in stage.kept) == sorted(stage.hosts), "all of them are kept"
    assert [one.result for one in stage.told if isinstance(one, HostDone)] == stage.kept
    assert all(player.is_closed for player in stage.players)
    begun = {one.host for one in stage.told if isinstance(one, HostStarted)}
    assert {host for host, result in by_host.items() if result.status != "untouched"} <= begun
    check_order(stage, sizes, at_once)


def check_order(stage: Stage, sizes: Sequence[str | int], at_once: int) -> None:
    """Never more hosts at a time, and none before all of the batches ahead of it have their results."""
    batch_of = {host: number for number, batch in enumerate(batches(stage.hosts, sizes)) for host in batch}
    in_hand, left = set[str](), set(stage.hosts)
    for one in stage.told:
        if isinstance(one, HostStarted):
            in_hand.add(one.host)
            assert len(in_hand) <= at_once
            assert not [host for host in left if batch_of[host] < batch_of[one.host]], f"{one.host} is too early"
        elif isinstance(one, HostDone):
            in_hand.discard(one.result.host)
            left.discard(one.result.host)


EARLIER = {"run": "run-0", "nodes": ["file: /0"], "events": [[0, "changed", 1]], "status": "changed"}


def test_a_host_may_forget_only_what_is_kept_here() -> None:
    whole = Stage([""], unfinished=[EARLIER])
    whole.run(Rollout())
    assert whole.log["h0"] == ["brings run-0", "may forget run-0", "begun", "ended", "may forget run-1"]
    other = Stage([""], unfinished=[EARLIER], keeps=lambda result: "collected" not in result.message)
    other.run(Rollout())
    assert other.log["h0"] == ["brings run-0", "begun", "ended", "may forget run-1"], "next time it brings it again"
    full = Stage([""], keeps=lambda _: False)
    with pytest.raises(OSError, match="no room"):
        full.run(Rollout())
    assert full.log["h0"] == ["begun", "ended"]
    lost = Stage(["lost"])
    lost.run(Rollout())
    assert lost.log["h0"] == ["begun", "ended"], "it has more to say, at the next contact"


def test_plan_looks_at_all_hosts_whatever_the_budget() -> None:
    stage = Stage(["unreachable", "", "unreachable", ""])
    done = stage.run(Rollout(error_budget=0, batches=(1,)), mode="plan")
    assert "untouched" not in {result.status for result in done.results} and not done.stopped


def test_budget_that_is_spent_says_who_was_never_touched() -> None:
    stage = Stage(["failed", "failed", "", ""])
    done = stage.run(Rollout(error_budget=1, at_once=1))
    assert [result.status for result in done.results] == ["failed", "failed", "untouched", "untouched"]
    assert done.stopped == "2 hosts went wrong, and the error budget is 1 (1 host)"
    assert done.results[2].message == f"the run had stopped: {done.stopped}"


def test_no_host_is_contacted_when_the_run_cannot_be_stored() -> None:
    async def full(_: object) -> None:
        raise OSError("no room")

    stage = Stage(["", ""])
    with pytest.raises(OSError, match="no room"):
        stage.run(Rollout(), begin=full)
    assert not stage.players, "a host was contacted"
    stage.run(Rollout())
    assert len(stage.players) == 2, "the control"
