"""What a reader is told from the runs that were made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench import figures, report
from tests.bench.measure import Measured
from tests.bench.rounds import Rehearsal, Results, Sample
from tests.bench.tool import Command, Phase, Tool

PLAIN = Measured(
    wall_s=1.0,
    controller_cpu_s=0.5,
    hosts_cpu_s=0.5,
    packets=60,
    octets=20 * 1024,
    memory_mib=40.0,
    largest_mib=40.0,
    code=0,
    is_late=False,
    output="",
)


def sample(tool: str, phase: Phase, wall_s: float, fault: str = "") -> Sample:
    return Sample(tool, phase, replace(PLAIN, wall_s=wall_s), fault)


def test_median_and_least_are_of_valid_runs_only() -> None:
    runs = [sample("a", Phase.NOOP, time) for time in (3.0, 1.0, 2.0)] + [sample("a", Phase.NOOP, 0.1, "did nothing")]
    found = figures.figure(Results(samples=runs), "a", Phase.NOOP, lambda measured: measured.wall_s)
    assert found == figures.Figure(median=2.0, least=1.0, runs=3)


@pytest.mark.parametrize(
    ("found", "limit", "is_least", "verdict"),
    [
        (2.5, 2.5, False, "met"),
        (2.51, 2.5, False, "NOT MET"),
        (6.0, 6.0, True, "met"),
        (5.9, 6.0, True, "NOT MET"),
        (None, 6.0, True, "not measured"),
    ],
)
def test_a_target_is_met_or_not(found: float | None, limit: float, is_least: bool, verdict: str) -> None:
    assert figures.Target("what", found, limit, "×", is_least).verdict == verdict


def test_first_apply_is_held_against_the_fastest_peer() -> None:
    times = {"holdfast": 2.0, "pyinfra": 20.0, "salt-ssh": 14.0}
    results = Results(samples=[sample(tool, Phase.FIRST, time) for tool, time in times.items()])
    target = next(one for one in figures.targets(results, None) if one.what.startswith("first apply"))
    assert target.what == "first apply, salt-ssh / Holdfast"
    assert (target.found, target.verdict) == (7.0, "met")


def test_what_could_not_be_measured_is_said_on_the_page() -> None:
    results = Results(
        rehearsals=[Rehearsal("ansible", 0, 0, "exit code 4"), Rehearsal("holdfast", 1, 1, "")],
        samples=[sample("holdfast", Phase.NOOP, 1.0), sample("pyinfra", Phase.FIRST, 9.0, "h1: 90 items are missing")],
        missing=["salt-3008.3: could not be installed: no such version"],
    )
    tools = [Tool(name, name, {Phase.NOOP: Command((), Path())}, lambda *_: "") for name in ("holdfast", "pyinfra")]
    page = report.page(results, tools, None, [], 10)
    for line in ("salt-3008.3: could not be installed", "ansible, rehearsal: exit code 4", "h1: 90 items are missing"):
        assert line in page
    assert "| holdfast | – | 1.00 (1.00, 1) | – | – |" in page
    assert not results.is_sound
    assert Results(samples=results.samples[:1]).is_sound
