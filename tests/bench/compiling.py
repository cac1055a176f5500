"""The compiler alone: 10,000 hosts with 100 resources each, in a process of its own, measured like everything else."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.bench.measure import Bench, Measured
from tests.bench.tool import Command

LIMIT_S = 300.0
SCRIPT = Path(__file__).with_name("compile.py")


def measured(bench: Bench) -> Measured | None:
    """One run of tests/bench/compile.py; None where there is none."""
    if not SCRIPT.exists():
        return None
    command = Command((sys.executable, "-m", "tests.bench.compile"), SCRIPT.parents[2])
    return bench.run(command, [], LIMIT_S)
