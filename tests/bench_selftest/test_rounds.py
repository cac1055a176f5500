"""A run counts if the hosts show that it did what it should, and nothing else; on real hosts."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.bench import work
from tests.bench.measure import Bench
from tests.bench.rounds import Rounds
from tests.bench.tool import Command, Phase, Tool
from tests.lab import Lab, LabHost

HERE = Path(__file__).parents[2]

LAY = "import sys, pathlib; from tests.bench import scene; scene.lay(pathlib.Path(sys.argv[1]), sys.argv[2])"
TOUCH = "import sys, pathlib; pathlib.Path(sys.argv[1], 'etc/bench.conf').touch()"


def fake(host: LabHost, codes: dict[Phase, str]) -> Tool:
    """A tool that runs Python code past network and sshd, on the first host."""
    where = (str(host.rootfs), host.name)
    commands = {phase: Command((sys.executable, "-c", code, *where), HERE) for phase, code in codes.items()}
    return Tool("fake", "fake 1", commands, lambda *_: "")


@pytest.mark.parametrize(
    ("codes", "faults"),
    [
        ({Phase.FIRST: LAY, Phase.ONE: "pass"}, ["", ""]),
        ({Phase.FIRST: "pass", Phase.ONE: "pass"}, [f"h1: {work.ITEMS} items are not as declared: /srv/bench-d1"]),
        ({Phase.FIRST: LAY, Phase.ONE: TOUCH}, ["", "h1: 1 files or directories were touched"]),
        ({Phase.FIRST: LAY, Phase.ONE: "raise SystemExit(3)"}, ["", "exit code 3"]),
    ],
)
def test_a_run_is_judged_by_the_hosts(
    lab: Lab, clean_hosts: dict[str, LabHost], tmp_path: Path, codes: dict[Phase, str], faults: list[str]
) -> None:
    host = clean_hosts["h1"]
    with Bench(tmp_path) as bench:
        rounds = Rounds(bench, lab, [host], lambda line: None)
        rounds.play([fake(host, codes)], 0)
    assert [sample.fault for sample in rounds.results.samples] == faults


def test_all_that_a_command_starts_is_counted_and_ended(lab: Lab, tmp_path: Path) -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass"
    script = f"{sys.executable} -c '{burn}'; sleep 1000 & echo $!"
    with Bench(tmp_path) as bench:
        took = bench.run(Command(("sh", "-c", script), HERE), [], 60)
        assert bench.group.pids() == []
    assert took.code == 0
    assert took.controller_cpu_s >= 0.3
    assert took.output.strip().isdigit(), "nothing was left running that could have been ended"


def test_a_command_that_hangs_is_ended_and_called_late(lab: Lab, tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        assert bench.run(Command(("sleep", "1000"), HERE), [], 0.2).is_late
        assert not bench.run(Command(("true",), HERE), [], 60).is_late
