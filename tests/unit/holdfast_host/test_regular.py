"""Files that are changed only if what comes with them succeeds."""
from __future__ import annotations

import os
from pathlib import Path

import pytest

from holdfast_host import Change, Failed, regular


def changes(folder: Path) -> list[Change]:
    found = [regular.observe(str(folder / name), None, None, follow=False, content=True) for name in ("a", "b", "c")]
    made = (regular.present(found[0], b"new\n", "0600"), regular.present(found[1], b"new\n", None),
            regular.absent(found[2]))
    return [change for change in made if change is not None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "c"):
        (tmp_path / name).write_text("old\n")
        (tmp_path / name).chmod(0o640)
    return tmp_path


def test_what_fails_leaves_all_files_as_they_were(folder: Path) -> None:
    told: list[str] = []

    def fail() -> None:
        assert (folder / "b").read_text() == "new\n" and not (folder / "c").exists()
        raise Failed("it does not work")

    with pytest.raises(Failed), regular.tentatively(changes(folder), lambda: told.append("")):
        fail()
    assert sorted(os.listdir(folder)) == ["a", "c"] and len(told) == 2
    for name in ("a", "c"):
        assert (folder / name).read_text() == "old\n" and (folder / name).stat().st_mode & 0o777 == 0o640


def test_what_succeeds_stays_and_a_hand_edit_meanwhile_is_nobody_s_to_take_back(folder: Path) -> None:
    def edit() -> None:
        (folder / "a").write_text("mine\n")
        raise Failed("it does not work")

    with pytest.raises(Failed), regular.tentatively(changes(folder)):
        edit()
    assert (folder / "a").read_text() == "mine\n"
    (folder / "a").write_text("old\n")
    with regular.tentatively(changes(folder)):
        pass
    assert (folder / "a").read_text() == (folder / "b").read_text() == "new\n" and not (folder / "c").exists()
