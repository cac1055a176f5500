"""What kernel_module and swap say where the kernel is another machine's, as it is in the lab."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.case import Case
from tests.contract.test_contract import Desk, statuses
from tests.lab import Lab, LabHost

pytestmark = pytest.mark.lab


@pytest.fixture
def desk(tmp_path: Path, lab: Lab, host: LabHost) -> Desk:
    host.run("apt-get install -y -qq kmod")
    return Desk(tmp_path, lab, host)


def declare(desk: Desk, resources: str) -> None:
    desk.declare(Case("", resources, lambda _: True), resources)


def test_a_module_cannot_be_loaded_in_a_container_and_that_is_said(desk: Desk) -> None:
    declare(desk, "- kernel_module: holdfast_none\n")
    planned, done = desk.run("plan"), desk.run("apply")
    for result in (planned, done):
        event = result.results[0].event
        assert event.status == "failed"
        assert "container (systemd-nspawn)" in event.message
        assert "now: false" in event.mend
    assert not desk.host.witness().file("/etc/modules-load.d/holdfast_none.conf").exists


def test_swap_that_the_kernel_refuses_is_told_with_its_reason(desk: Desk) -> None:
    """A file on an overlay is nothing to swap to."""
    declare(desk, "- swap: /srv/refused\n  size_mib: 1\n")
    event = desk.run("apply").results[0].event
    assert event.status == "failed"
    assert "the kernel does not swap to /srv/refused" in event.message
    declare(desk, "- swap: /srv/refused\n  state: absent\n")
    desk.run("apply")
    assert not desk.host.witness().file("/srv/refused").exists
    assert statuses(desk.run("apply")) == {"ok"}
