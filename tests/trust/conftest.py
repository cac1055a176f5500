"""A project folder whose inventory is the lab."""
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.lab import Lab
from tests.lab.host import LabHost
from tests.trust.site import Site


@pytest.fixture
def site(tmp_path: Path, lab: Lab, clean_hosts: Mapping[str, LabHost]) -> Site:
    """The folder; the hosts are as the base is."""
    made = Site(tmp_path)
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "lab.yml").write_text(lab.inventory())
    return made
