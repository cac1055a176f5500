"""Ansible's playbooks and roles to state documents. What has no like here is named and left out, never guessed."""
from __future__ import annotations

from pathlib import Path

from holdfast.converting.checking import settled
from holdfast.converting.documents import drafts
from holdfast.converting.model import Converted
from holdfast.documents.types import Types
from holdfast.inventory.model import Inventory


def convert(path: Path, types: Types, inventory: Inventory | None, root: Path = Path()) -> Converted:
    """A playbook, or the folder of a role. inventory: None: there is none. root: the project's folder. Raises Problems
    when it cannot be read."""
    return settled(path, drafts(path, types, inventory, root), types, inventory, root)
