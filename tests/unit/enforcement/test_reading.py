"""What is wrong in a project's folder, and which associations it keeps from being kept."""
from __future__ import annotations

from pathlib import Path

import pytest

import holdfast
from holdfast.enforcement.current import of_project
from holdfast.enforcement.keeping import Keeper
from holdfast.store import enforced

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


def keeper_of(project: holdfast.Project, *names: str) -> tuple[Keeper, list[str]]:
    said: list[str] = []
    keeper = Keeper(project, names, lambda event: said.append(str(event.get("what", event["event"]))), holdfast.Stop())
    return keeper, said


def test_a_fault_elsewhere_keeps_nobody_from_beginning_and_what_is_taken_out_is_not_kept(folder: Path) -> None:
    (folder / "playbooks" / "draft.yml").write_text(DRAFT)
    other = "association: other\ndocuments: base\ntargets: h1\nevery: 1h\n"
    (folder / "playbooks" / "other.yml").write_text(other)
    with holdfast.load(folder) as project:
        keeper, said = keeper_of(project)
        keeper._read_again()
        assert sorted(keeper.associations) == ["keep", "other"] and len(said) == 1 and "`fil`" in said[0]
        keeper._read_again()
        assert len(said) == 1, "told once"
        (folder / "playbooks" / "other.yml").write_text(other.replace("1h", "1 hour"))
        keeper._read_again()
        assert keeper.associations["other"].schedule.every_s == 3600.0, "it stays what it was"
        (folder / "playbooks" / "other.yml").unlink()
        keeper._read_again()
        assert sorted(keeper.associations) == ["keep"]
        (folder / "playbooks" / "kept.yml").write_text(KEPT.partition("---")[0])
        keeper._read_again()
        assert not keeper.associations, "nobody asks for it any more"
        (folder / "playbooks" / "kept.yml").write_text(KEPT)
        keeper._read_again()
        assert sorted(keeper.associations) == ["keep"]


def test_hosts_of_an_association_that_cannot_be_read_are_not_good(folder: Path) -> None:
    with holdfast.load(folder) as project:
        row = {"association": "keep", "host": "h1", "status": "good", "asked": 1e9, "good": 1e9, "since": 1e9,
               "message": "", "told": "good"}
        project.store.write({"kept": [row]}).result()
        (folder / "playbooks" / "draft.yml").write_text(DRAFT)
        assert [one.standing.status for one in of_project(project, 1e9 + 60.0)[0]] == ["good"], "the fault is elsewhere"
        (folder / "playbooks" / "kept.yml").write_text(KEPT.replace("1h", "1 hour"))
        (stands,), problems = of_project(project, 1e9 + 60.0)
        assert stands.standing.status == "unknown" and "was good" in stands.standing.message and problems


def test_a_round_that_is_refused_is_told_at_once_in_one_line(folder: Path) -> None:
    with holdfast.load(folder) as project:
        row = {"association": "keep", "host": "h1", "status": "good", "asked": 1e9, "good": 1e9, "since": 1e9,
               "message": "", "told": "good"}
        project.store.write({"kept": [row]}).result()
        keeper, said = keeper_of(project)
        keeper.read()
        (folder / "playbooks" / "shared.yml").write_text(SHARED.replace("content", "contnet") + "    colour: red\n")
        with pytest.raises(holdfast.Problems) as refused:
            project.job_of(["base"], "all", "test")
        keeper._not_asked(keeper.associations["keep"], refused.value.problems)
        assert said == ["failed"]
        (stands,) = project.store.ask(enforced.standings)
        assert stands.status == "unknown" and stands.message.endswith(", and 1 more") and "\n" not in stands.message
