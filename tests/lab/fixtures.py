"""The lab as pytest fixtures: load with `pytest_plugins = ["tests.lab.fixtures"]` in the topmost conftest.py.

`lab`          three hosts h1, h2, h3, up for the whole session; every test that uses it gets the marker `lab`
`host`         h1, on and reachable, with whatever earlier tests left on it: cheap
`clean_host`   h1 as the base image is: booted anew unless nobody has had to do with it since the last time
`clean_hosts`  all three likewise, by name

Each test session has a lab of its own, which ends with it even when it is killed. To use one that is up already
(`make lab-up`), name it in HOLDFAST_LAB: it is then left up. Where a lab is a must, as in CI, set
HOLDFAST_LAB_REQUIRED=1: a machine without one then fails these tests instead of skipping them.

Load it from a conftest.py and not with `-p`: pytest-testinfra brings a fixture `host` too, and the later one counts.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import pytest

from .errors import LabUnavailable, NotSupported
from .host import LabHost
from .lab import Lab
from .traces import Traces

HOSTS = 3

_fresh: dict[tuple[str, str], Traces] = {}
"""By lab and host: how it was when it had just been reset."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that uses the lab, directly or through another fixture."""
    for item in items:
        if "lab" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.lab)


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """A lab with h1, h2 and h3; the test is skipped, with the reason, where there cannot be one."""
    shared = os.environ.get("HOLDFAST_LAB")
    if shared:
        yield Lab.attach(shared)
        return
    try:
        made = Lab.up(f"test-{os.getpid()}", HOSTS, owner=os.getpid())
    except LabUnavailable as reason:
        if os.environ.get("HOLDFAST_LAB_REQUIRED"):
            raise
        pytest.skip(f"no lab: {reason}")
    with made:
        _fresh.update(((made.name, host.name), Traces.of(host)) for host in made.hosts.values())
        yield made


@pytest.fixture
def host(lab: Lab) -> LabHost:
    """h1, on and reachable, with whatever earlier tests left on it."""
    return _given(lab, ["h1"], clean=False)["h1"]


@pytest.fixture
def clean_host(lab: Lab) -> LabHost:
    """h1 as the base image is."""
    return _given(lab, ["h1"], clean=True)["h1"]


@pytest.fixture
def clean_hosts(lab: Lab) -> dict[str, LabHost]:
    """All hosts as the base image is."""
    return _given(lab, list(lab.hosts), clean=True)


def _given(lab: Lab, names: list[str], *, clean: bool) -> dict[str, LabHost]:
    if clean:
        lab.each(_refresh, names)
    lab.each(LabHost.recover, names)
    return {name: lab.hosts[name] for name in names}


def _refresh(host: LabHost) -> None:
    """Make it as the base is. It is booted anew unless there is no trace of anybody since that was done last."""
    known = _fresh.get((host.lab, host.name))
    if known is not None and Traces.of(host) == known:
        with contextlib.suppress(NotSupported):
            host.impair()
        return
    host.reset()
    _fresh[host.lab, host.name] = Traces.of(host)
