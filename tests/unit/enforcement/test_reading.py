"""What is wrong in a project's folder, and which associations it keeps from being kept."""
from __future__ import annotations

from pathlib import Path

import pytest

import holdfast

KEPT = """\
state: base
targets: all
resources:
  - use: shared
---
association: keep
documents: base
every: 1h
"""
SHARED = "state: shared\nresources:\n  - file: /etc/motd\n    content: kept\n"
DRAFT = "state: draft\ntargets: all\nresources:\n  - fil: /etc/issue\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("inventory/hosts.yml", "inventory: site\nhosts:\n  h1: {}\n"),
                       ("playbooks/kept.yml", KEPT), ("playbooks/shared.yml", SHARED)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def kept(folder: Path) -> list[str]:
    """What the association's round would look at on h1."""
    with holdfast.load(folder) as project:
        return [node.id for node in project.job_of(["base"], "all", "test").graphs["h1"].nodes]


def test_a_fault_in_a_document_that_is_not_used_hinders_nothing_and_is_told(folder: Path) -> None:
    (folder / "playbooks" / "draft.yml").write_text(DRAFT)
    assert kept(folder) == ["file: /etc/motd"]
    with pytest.raises(holdfast.Problems, match=r"draft\.yml:4:5: .*`fil`"), holdfast.load(folder) as project:
        project.validate()
    (folder / "playbooks" / "draft.yml").write_text("state: [\n")
    assert kept(folder) == ["file: /etc/motd"]


@pytest.mark.parametrize(("name", "text"), [
    ("shared.yml", SHARED.replace("content", "contnet")),
    ("shared.yml", SHARED.replace("state: shared", "state: sharde")),
    ("shared.yml", "state: [\n"),
    ("kept.yml", KEPT.replace("use: shared", "use: sharde")),
    ("twice.yml", SHARED.replace("kept", "another")),
])
def test_a_fault_in_what_is_used_is_refused(folder: Path, name: str, text: str) -> None:
    (folder / "playbooks" / name).write_text(text)
    with pytest.raises(holdfast.Problems):
        kept(folder)
