"""Fixtures that all tests may use, and how `pytest -n` deals them out. Here and not with `-p`: pytest-testinfra has a
`host` too, and the last one wins."""
from __future__ import annotations

import os

import pytest

pytest_plugins = ["tests.lab.fixtures"]

WORKERS_A_CORE = 2  # tests on real hosts wait more than they compute
MOST_WORKERS = 8  # each has a lab of its own


def pytest_configure(config: pytest.Config) -> None:
    if os.environ.get("HOLDFAST_LAB") and config.getoption("numprocesses", 0):
        raise pytest.UsageError("HOLDFAST_LAB names one lab, which takes one test at a time: leave -n out")


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_xdist_auto_num_workers() -> int:
    """What `-n auto` means; a lab that is named is one, and has one test at a time."""
    return 0 if os.environ.get("HOLDFAST_LAB") else min(WORKERS_A_CORE * (os.cpu_count() or 1), MOST_WORKERS)
