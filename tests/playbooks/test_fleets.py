"""The example fleets: each is right, and both together are one."""
from __future__ import annotations

from pathlib import Path

import pytest

import holdfast

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("source", "expression", "selected"), [
    ("inventory/shop.yml", "role=web and env=stage", ("stage-web1",)),
    ("inventory/shop.yml", "group:production and not group:web", ("lb1", "db1", "db2")),
    ("inventory/branches.yml", "ring=pilot", ("branch-01", "branch-26")),
    ("inventory", "role=lb or ring=pilot", ("branch-01", "branch-26", "lb1")),
])
def test_fleet_answers(source: str, expression: str, selected: tuple[str, ...]) -> None:
    with holdfast.load(ROOT, inventory=[ROOT / source]) as project:
        assert project.select(expression) == selected
        assert project.validate([ROOT / "playbooks" / "quickstart.yml"]).hosts == tuple(project.inventory.hosts)
