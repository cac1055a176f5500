"""A project folder for the lab's hosts, whose user has no keys, agent or ssh configuration of her own."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.failure.desk import Desk
from tests.lab import Lab


@pytest.fixture
def desk(tmp_path: Path, lab: Lab) -> Desk:
    return Desk.made(tmp_path, lab)
