"""The type of the how-to page, taken from it and used as it says, on a real host."""
from __future__ import annotations

from pathlib import Path

import pytest

import holdfast
from tests.docs.pages import blocks
from tests.lab import Lab, LabHost

GREETING, = (block.text for block in blocks() if block.page == "docs/how-to/write-a-type.md"
             and block.language == "python")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in (("modules/greeting.py", GREETING),
                          ("playbooks/site.yml", "state: site\ntargets: h1\nresources:\n  - greeting: Welcome\n")):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(content)
    return tmp_path


def test_it_is_known_and_checked_like_the_others(folder: Path) -> None:
    assert "greeting" in holdfast.types(folder)
    (folder / "inventory.yml").write_text("inventory: x\nhosts: {h1: {}}\n")
    (folder / "playbooks" / "wrong.yml").write_text(
        "state: wrong\ntargets: h1\nresources:\n  - greeting: hi\n    txt: x\n")
    with holdfast.load(folder, inventory=[folder / "inventory.yml"]) as project, \
            pytest.raises(holdfast.Problems, match="unknown key `txt` in greeting"):
        project.validate()


@pytest.mark.lab
def test_a_host_greets(folder: Path, lab: Lab, clean_host: LabHost) -> None:
    (folder / "inventory.yml").write_text(lab.inventory())
    with holdfast.load(folder, inventory=[folder / "inventory.yml"]) as project:
        statuses = [project.run(mode).results[0].status for mode in ("plan", "apply", "apply")]
    assert statuses == ["pending", "changed", "ok"]
    assert clean_host.witness().file("/etc/issue").content_string.startswith("Welcome\n")
