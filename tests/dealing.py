"""How `pytest -n auto` deals tests out to processes that each have hosts of their own: a file at a time, the long ones
first, so that no process is left alone with one of them at the end."""
from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import Scheduling

WORKERS_A_CORE = 2  # tests on real hosts wait more than they compute
MOST_WORKERS = 8  # each has a lab of its own

FIRST = ("tests/trust/test_kills.py", "tests/generated/", "tests/contract/", "tests/trust/", "tests/failure/",
         "tests/cli/")
APART = ("tests/trust/test_kills.py", "tests/generated/")
"""Files so long that each of their tests is dealt out by itself; none of them needs another."""


def pytest_configure(config: pytest.Config) -> None:
    if os.environ.get("HOLDFAST_LAB") and config.getoption("numprocesses", 0):
        raise pytest.UsageError("HOLDFAST_LAB names one lab, which takes one test at a time: leave -n out")


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist, as is the one below
def pytest_xdist_auto_num_workers() -> int:
    """What `-n auto` means; a lab that is named is one, and has one test at a time."""
    return 0 if os.environ.get("HOLDFAST_LAB") else min(WORKERS_A_CORE * (os.cpu_count() or 1), MOST_WORKERS)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return nodeid if nodeid.startswith(APART) else nodeid.partition("::")[0]

    config.option.loadscopereorder = False  # by the number of tests, which says nothing of how long they take
    return ByFile(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: next((rank for rank, start in enumerate(FIRST) if item.nodeid.startswith(start)),
                                         len(FIRST)))
