"""How `pytest -n auto` deals tests out to processes that each have hosts of their own: a file at a time, and in pieces
where a file is long; the long ones first, so that no process is left alone with one of them at the end."""
from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import Scheduling

WORKERS_A_CORE = 2  # tests on real hosts wait more than they compute
MOST_WORKERS = 8  # each has a lab of its own

FIRST = ("tests/trust/test_kills.py", "tests/generated/", "tests/contract/", "tests/trust/", "tests/failure/",
         "tests/cli/", "tests/playbooks/", "tests/unit/compiler/test_hostile.py", "tests/unit/documents/test_fuzz.py")
APART = ("tests/trust/", "tests/generated/", "tests/failure/", "tests/cli/", "tests/playbooks/",
         "tests/unit/documents/test_fuzz.py")
"""Files of which each test is dealt out by itself; none needs what another has left."""

BY_TYPE = ("tests/contract/test_contract.py", "tests/contract/test_undo.py")
"""Files of which the tests of one resource type are dealt out together: what one has installed, another uses."""


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

    class ByPiece(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return piece(nodeid)

    config.option.loadscopereorder = False  # by the number of tests, which says nothing of how long they take
    return ByPiece(config, log)


def piece(nodeid: str) -> str:
    """What a test is dealt out with: its file, its type of resource, or itself alone."""
    if nodeid.startswith(APART):
        return nodeid
    case = re.search(r"\[(\w+)", nodeid)
    return f"cases of {case[1]}" if case and nodeid.startswith(BY_TYPE) else nodeid.partition("::")[0]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: next((rank for rank, start in enumerate(FIRST) if item.nodeid.startswith(start)),
                                         len(FIRST)))
