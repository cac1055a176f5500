"""What the types of files, rules and fetched things promise beyond the contract, on a real host."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.case import Case
from tests.contract.test_contract import Desk
from tests.lab import Lab, LabHost

pytestmark = pytest.mark.lab


@pytest.fixture
def desk(tmp_path: Path, lab: Lab, host: LabHost) -> Desk:
    return Desk(tmp_path, lab, host)


def told(desk: Desk, resources: str) -> tuple[str, str]:
    """How an apply of one resource ends, and what it says."""
    desk.declare(Case("", resources, lambda _: True), resources)
    result = desk.run("apply")
    return result.results[-1].event.status, result.results[-1].event.message


@pytest.mark.parametrize("content", ["daemon ALL=(root NOPASSWD: ALL", "User_Alias CREW = games", "daemon"])
def test_rules_that_sudo_could_not_read_do_not_take_effect(content: str, desk: Desk) -> None:
    witness = desk.host.witness()
    desk.host.run("echo 'User_Alias CREW = daemon' > /etc/sudoers.d/crew; chmod 440 /etc/sudoers.d/crew")
    status, said = told(desk, f"- sudoers: wrong\n  content: '{content}'")
    assert (status, "nothing was written" in said) == ("failed", True), said
    assert not witness.file("/etc/sudoers.d/wrong").exists
    assert witness.run("visudo -c").succeeded
    assert told(desk, "- sudoers: wrong\n  content: User_Alias OTHERS = games")[0] == "changed", "the control"
    desk.host.run("rm /etc/sudoers.d/crew /etc/sudoers.d/wrong")


def test_rules_that_sudo_would_pass_over_are_refused(desk: Desk) -> None:
    desk.host.run("cp /etc/sudoers /run/sudoers; sed -i /includedir/d /etc/sudoers")
    status, said = told(desk, "- sudoers: idle\n  content: daemon ALL=ALL")
    desk.host.run("cat /run/sudoers > /etc/sudoers")
    assert (status, "does not have sudo read" in said) == ("failed", True), said
