"""A project folder for the lab's hosts, whose user has no keys, agent or ssh configuration of her own."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.failure.desk import Desk
from tests.failure.reaching import MADE
from tests.lab import Lab, LabHost


@pytest.fixture
def desk(tmp_path: Path, lab: Lab) -> Desk:
    return Desk.made(tmp_path, lab)


@pytest.fixture
def fresh(host: LabHost, lab: Lab) -> None:
    """Nothing has been made on the hosts, and what sshd says from now on can be told from what it said before."""
    for one in lab.hosts.values():
        one.run(f"rm -f {MADE}")
    host.run("journalctl --sync; rm -f /run/seen; journalctl -q --no-pager --cursor-file=/run/seen >/dev/null")
