"""Inventories with every corner of Ansible's forms give what Ansible, asked at the same time, gives for them."""
import importlib.util
import itertools
import json
import os
import shutil

import pytest
from hypothesis import HealthCheck, event, given, settings

from holdfast.inventory.listing import inventory_list
from holdfast.inventory.sources import load
from holdfast.problems import Problems
from tests.unit.inventory.generated import INVENTORIES
from tests.unit.inventory.oracle import Oracle

# What Ansible takes and we refuse: tags that make objects, keys that are neither text nor number.
REFUSED = ("the tag `", "cannot be a key")

pytestmark = pytest.mark.skipif(importlib.util.find_spec("ansible") is None, reason="ansible-core is not installed")


@pytest.fixture(scope="module")
def ansible(tmp_path_factory):
    oracle = Oracle(str(tmp_path_factory.mktemp("home")))
    yield oracle
    oracle.close()


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A new folder for each inventory: Ansible remembers what was in the old ones."""
    top = tmp_path_factory.mktemp("inventories")
    return (top / str(number) for number in itertools.count())


def as_text(listed):
    """All of it, in one order; so that NaN is NaN."""
    return json.dumps(listed, indent=1, sort_keys=True)


def write(inventory, folder):
    for name, text in inventory.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="")
        if name.endswith(".sh"):
            path.chmod(0o755)


@pytest.mark.parametrize("form", INVENTORIES)
def test_inventory_gives_what_ansible_gives(form, ansible, folders, monkeypatch):
    kinds = set()
    more = os.environ.get("HOLDFAST_INVENTORIES")  # how many, and others each time

    @settings(max_examples=int(more or 60), derandomize=not more, deadline=None, database=None,
              suppress_health_check=list(HealthCheck))
    @given(INVENTORIES[form])
    def check(inventory):
        folder = next(folders)
        write(inventory, folder)
        theirs = ansible.ask(list(inventory.sources), str(folder))
        monkeypatch.chdir(folder)
        try:
            ours, problems = inventory_list(load(inventory.sources)), ()
        except Problems as refused:
            ours, problems = None, refused.problems
        shutil.rmtree(folder)
        kind = ("both" if ours else "Ansible") if not theirs["failures"] else "nobody"
        kinds.add(kind)
        event(kind)
        if theirs["failures"]:
            assert problems, theirs["failures"]
        elif problems:  # of variable files it reads only those of groups with hosts
            assert all("_vars/" in problem.place.file or any(reason in problem.what for reason in REFUSED)
                       for problem in problems), problems
        else:
            assert as_text(ours) == as_text(theirs["gives"])
        assert all(problem.place and problem.mend for problem in problems), problems

    check()
    assert "both" in kinds, "what is compared is not read"
