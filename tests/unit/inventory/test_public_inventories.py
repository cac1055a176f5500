"""Public Ansible inventories give what `ansible-inventory --list` gave for them."""
import json
from pathlib import Path

import pytest

from holdfast.inventory.listing import inventory_list
from holdfast.inventory.sources import load

FOLDER = Path(__file__).parents[3].parent / "shared" / "inventories"
CASES = sorted(FOLDER.glob("[0-9]*")) if FOLDER.is_dir() else []


@pytest.mark.skipif(not CASES, reason="the public inventories are not beside this checkout (../shared/inventories)")
@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_public_inventory_gives_what_ansible_gives(folder):
    (source,) = [path for path in folder.iterdir() if path.is_file() and path.name != "expected.json"]
    assert inventory_list(load([source])) == json.loads((folder / "expected.json").read_text("utf-8"))
