"""Corners of Ansible's inventory forms. ansible_cases.json holds what ansible-inventory of ansible-core 2.19.14 gave
for each; null: it could not read all of it, and we refuse it."""
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from holdfast.inventory.listing import inventory_list
from holdfast.inventory.sources import load
from holdfast.problems import Problems

CASES = json.loads(Path(__file__).with_name("ansible_cases.json").read_text("utf-8"))
BESIDE = str(Path(sys.executable).parent)  # where `make setup` puts it
ANSIBLE = shutil.which("ansible-inventory", path=os.pathsep.join([BESIDE, os.environ["PATH"]]))


def written(case, folder):
    """The sources of the case, once its files are there."""
    for name, text in case["files"].items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("latin1" if case.get("bytes") else "utf-8"))
        if name.endswith(".sh"):
            path.chmod(0o755)
    return [source if "," in source else str(folder / source) for source in case["sources"]]


def as_json(value):
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_inventory_gives_what_ansible_gave(case, tmp_path):
    sources = written(case, tmp_path)
    if case["gives"] is None:
        with pytest.raises(Problems) as refused:
            load(sources)
        assert all(problem.mend for problem in refused.value.problems)
    else:
        assert as_json(inventory_list(load(sources))) == case["gives"]


@pytest.mark.skipif(ANSIBLE is None, reason="ansible-inventory is not installed")
@pytest.mark.parametrize("case", [case for case in CASES if case["gives"]][::8], ids=lambda case: case["name"])
def test_inventory_gives_what_the_installed_ansible_gives(case, tmp_path):
    sources = written(case, tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "ansible.cfg").touch()
    command = [ANSIBLE, "--list", *(part for source in sources for part in ("-i", source))]
    said = subprocess.run(command, capture_output=True, check=True, cwd=empty,
                          env={**os.environ, "ANSIBLE_CONFIG": str(empty / "ansible.cfg")})
    assert as_json(inventory_list(load(sources))) == json.loads(said.stdout)
