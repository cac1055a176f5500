"""The parts of the lab that are plain data: these need no host."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.lab import Counts, cli, mirror, network, recipe
from tests.lab.debs import DEBS, Deb


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([], recipe.DEFAULT_MIRROR),
        (["http://a.example/debian/ bookworm main Debian Debian"], "http://a.example/debian"),
        (
            ["http://b.example/debian/ trixie main Debian Debian", "http://a.example/x/ bookworm main Debian Debian"],
            "http://a.example/x",
        ),
        (["http://s.example/ bookworm-security main Debian Debian-Security"], recipe.DEFAULT_MIRROR),
        (["http://u.example/ubuntu/ noble main Ubuntu Ubuntu"], recipe.DEFAULT_MIRROR),
        (["mirror+file:/etc/list/ bookworm main Debian Debian"], recipe.DEFAULT_MIRROR),
        (["nonsense"], recipe.DEFAULT_MIRROR),
    ],
)
def test_mirror_is_that_of_the_machine(rows: list[str], found: str) -> None:
    assert mirror.chosen(rows) == found


def test_another_recipe_is_another_image(monkeypatch: pytest.MonkeyPatch) -> None:
    before = recipe.digest("amd64")
    assert recipe.digest("amd64") == before
    assert recipe.digest("arm64") != before
    monkeypatch.setattr(recipe, "DEBS", (*DEBS, Deb("holdfast-new", "1.0", "new")))
    assert recipe.digest("amd64") != before


def test_names_in_the_kernel_are_short_enough_and_differ() -> None:
    long = "x" * 31
    assert len(network.cable(long, network.MOST_HOSTS - 1)) <= 15
    assert network.bridge("demo") != network.bridge("test")


def test_counts_subtract() -> None:
    assert Counts(5, 7) - Counts(2, 3) == Counts(3, 4)


def test_command_line_says_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status", "--name", "no-such-lab"]) == 1
    assert "no running lab" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        cli.main(["up", "--tag", "nonsense"])


def test_command_line_tells_a_machine_without_lab_apart(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert cli.main(["up", "--name", "no-such-lab"]) == cli.UNAVAILABLE
    assert "root" in capsys.readouterr().err


def test_own_packages_are_what_they_say(tmp_path: Path) -> None:
    from tests.lab import repository

    for deb in DEBS:
        made = repository.build_deb(deb, tmp_path)
        field = subprocess.check_output(["dpkg-deb", "--field", made, "Package", "Version"], text=True)
        assert field == f"Package: {deb.name}\nVersion: {deb.version}\n"
