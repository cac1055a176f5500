"""Playbooks that others have published: each task is converted or named as not, and Holdfast takes what comes out."""
from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from holdfast.cli.main import main

FOLDER = Path(__file__).parents[4] / "shared" / "ansible-playbooks"
PLAYBOOKS = sorted(path for path in FOLDER.glob("*/*.yml") if path.name != "vars.yml")
pytestmark = pytest.mark.skipif(not PLAYBOOKS, reason=f"there are no published playbooks in {FOLDER}")


def tasks_in(text: str) -> int:
    """How many tasks there are, counted without any code of Holdfast."""
    def inner(tasks: list[dict[str, Any]] | None) -> int:
        return sum(inner(one["block"]) + inner(one.get("rescue")) + inner(one.get("always")) if "block" in one else 1
                   for one in tasks or ())

    plays = yaml.load(text, Loader=yaml.SafeLoader)
    sections = ("pre_tasks", "tasks", "post_tasks", "handlers")
    return sum(sum(inner(play.get(word)) for word in sections) + len(play.get("roles", ())) if "hosts" in play else 1
               for play in plays)


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_task_is_converted_or_named(path, tmp_path, monkeypatch):
    out, err = io.StringIO(), io.StringIO()
    made = ["-C", str(tmp_path), "convert", str(path), "--to", str(tmp_path / "playbooks"), "--json"]
    assert main(made, out, err) == 0, out.getvalue()
    *tasks, last = map(json.loads, out.getvalue().splitlines())
    assert len(tasks) == last["tasks"] == sum(last["counts"].values()) == tasks_in(path.read_text())
    document = last["files"][0]
    text = Path(document).read_text()
    for task in tasks:
        assert f"{task['file']}:{task['line']}" in text.replace("\n  #   ", " ")
        assert (task["status"] == "not_converted") == bool(task.get("why"))
        assert bool(task.get("resources") or task.get("into")) == (task["status"] != "not_converted")
    if any(task.get("resources") for task in tasks):
        monkeypatch.setenv("HOME", str(home(tmp_path)))
        (tmp_path / "inventory").write_text(inventory(text, last["needs"]))
        assert main(["-C", str(tmp_path), "validate", document, "-t", "all"], out, err) == 0, err.getvalue()


def home(folder: Path) -> Path:
    """A home with the key that a playbook gives to hosts."""
    (folder / ".ssh").mkdir()
    (folder / ".ssh" / "id_rsa.pub").write_text(
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGXYjfNsXmYOs1GxAFXQ8VTr7s3xMhyvTjWJ6TpqmYQm a@b")
    return folder


def inventory(text: str, needs: list[str]) -> str:
    """A host in all groups that a document targets, with the variables that it needs."""
    targets = re.findall(r"^targets: (.*)", text, re.MULTILINE)
    groups = {name: {"hosts": "known"} for one in targets for name in re.findall(r"group:(\w+)", one)}
    named = [one for one in targets if re.fullmatch(r"[\w.-]+", one) and one != "all"]
    hosts = {name: {"channel": "local"} for name in ("known", *named)}
    return yaml.safe_dump({"inventory": "x", "hosts": hosts, "groups": groups,
                           "vars": {name: VALUES.get(name, f"/{name}") for name in needs}}, sort_keys=False)


VALUES = {"omero_server_system_user": "omero",
          "Jenkins_User_SSHKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGXYjfNsXmYOs1GxAFXQ8VTr7s3xMhyvTjWJ6TpqmYQm"}
