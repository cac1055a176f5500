"""The built-in library is the same in a checkout and in an installed wheel."""
from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import wheels

Holdfast = Callable[..., str]


def holdfast_of(python: Path, folder: Path) -> Holdfast:
    """The command beside an interpreter, run in a folder; gives what it prints."""

    def holdfast(*words: str) -> str:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_"))}
        done = subprocess.run([str(python.parent / "holdfast"), *words], cwd=folder, capture_output=True, text=True,
                              env={**environment, "HOME": str(folder)}, check=False, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return holdfast


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from what a clone has; the checkout itself is left alone."""
    return wheels.build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the wheel, and with what it needs from ours."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder)
    python = folder / "bin" / "python"
    subprocess.run([sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", str(wheel)],
                   check=True, timeout=300)
    own, = folder.glob("lib/*/site-packages")
    (own / "needed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def test_both_know_the_same_types(installed: Path, tmp_path: Path) -> None:
    from_wheel, from_checkout = holdfast_of(installed, tmp_path), holdfast_of(Path(sys.executable), tmp_path)
    where = subprocess.run([str(installed), "-c", "import holdfast; print(holdfast.__file__)"], cwd=tmp_path,
                           capture_output=True, text=True, check=True).stdout
    assert where.startswith(str(installed.parents[1])), "the control: it is the wheel that is run"
    assert from_wheel("doc", "--json") == from_checkout("doc", "--json")
    assert '"type": "package"' in from_wheel("doc", "--json")


def test_both_use_the_same_documents(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "inventory.yml").write_text("inventory: x\nhosts: {web1: {}}\n")
    (tmp_path / "playbooks" / "site.yml").write_text(
        "state: site\ntargets: all\nresources:\n  - use: quickstart\n  - use: chrony\n"
        "  - use: web-server\n    parameters: {sites: [{name: example.org}]}\n")
    said = [holdfast_of(python, tmp_path)("-i", "inventory.yml", "validate", "--json")
            for python in (installed, Path(sys.executable))]
    assert said[0] == said[1]
    assert json.loads(said[0])["hosts"] == ["web1"]


def test_first_steps_with_the_wheel(installed: Path, tmp_path: Path) -> None:
    holdfast = holdfast_of(installed, tmp_path)
    holdfast("init", "site")
    inside = holdfast_of(installed, tmp_path / "site")
    document, fleet = (tmp_path / "site" / name for name in ("playbooks/quickstart.yml", "inventory/hosts.yml"))
    document.write_text(document.read_text().replace("/tmp/holdfast-quickstart", str(tmp_path / "place")))
    fleet.write_text(fleet.read_text() + f"    folder: {tmp_path}/runner\n")
    assert "2 of 2 resources" in inside("apply")
    assert (tmp_path / "place" / "hello").read_text() == "here: kept by Holdfast\n"
    assert "1 in state" in inside("apply")
