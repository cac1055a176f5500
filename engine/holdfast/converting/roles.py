"""Roles that a play takes in: where they are, and what they bring beside tasks."""
from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from holdfast.converting.model import Task
from holdfast.trees.tree import Node

UPWARDS = 3  # in so many folders above a playbook's a folder `roles` is looked for, as ansible.cfg often names one


@dataclass
class Roles:
    """Of one play. folder: the playbook's. defaults, vars: of all its roles; handlers: the same. unclear: names of
    variables to which two roles give different values."""

    folder: Path
    defaults: dict[str, Node] = field(default_factory=dict)
    vars: dict[str, Node] = field(default_factory=dict)
    handlers: list[Task] = field(default_factory=list)
    unclear: set[str] = field(default_factory=set)
    taken: set[Path] = field(default_factory=set)

    def find(self, name: str, beside: Path | None) -> Path | None:
        """A role's folder; None: it is not there. beside: the role that asks for it."""
        above = [self.folder, *list(self.folder.resolve().parents)[:UPWARDS]]
        tried = [folder / "roles" / name for folder in above] + [self.folder / name]
        tried += [beside.parent / name] if beside is not None else []
        tried += [folder for folder in above if _is_called(folder, name)]
        if name.count(".") == 2:
            tried += _of_collection(name, [*above, *(beside.resolve().parents if beside is not None else ())])
        return next((one for one in tried if (one / "tasks").is_dir() or (one / "meta").is_dir()), None)

    def take(self, defaults: dict[str, Node], variables: dict[str, Node]) -> None:
        """Adds a role's variables."""
        for given, into in ((defaults, self.defaults), (variables, self.vars)):
            for name, node in given.items():
                other = into.setdefault(name, node)
                if other is not node and other.plain() != node.plain():
                    self.unclear.add(name)


def _is_called(folder: Path, name: str) -> bool:
    """Is this the folder of the role itself, as of a playbook by which it is tried?"""
    try:
        said = (folder / "meta" / "main.yml").read_text("utf-8", "replace")
    except OSError:
        return False
    called = re.search(r"^\s+role_name:\s*['\"]?([\w-]+)['\"]?\s*$", said, re.MULTILINE)
    return name == folder.name or (called is not None and called[1] == name.rpartition(".")[2])


def _of_collection(name: str, above: list[Path]) -> Iterator[Path]:
    """Where a role of a collection (`space.collection.role`) may be: beside, or in the collection that this is in."""
    space, collection, role = name.split(".")
    for folder in above:
        yield from (inner / space / collection / "roles" / role
                    for inner in (folder / "collections" / "ansible_collections", folder / "ansible_collections"))
        if is_collection(folder, space, collection):
            yield from (folder / "roles" / role, folder / "ansible" / "roles" / role)


def is_collection(folder: Path, space: str, collection: str) -> bool:
    """Is this the folder of the collection itself?"""
    try:
        said = (folder / "galaxy.yml").read_text("utf-8", "replace")
    except OSError:
        return False
    return all(re.search(rf"^{word}:\s*['\"]?{re.escape(given)}['\"]?\s*$", said, re.MULTILINE)
               for word, given in (("namespace", space), ("name", collection)))


def missing(name: str) -> str:
    """What is to be said of a role that is not there."""
    if "{{" in name:
        return "which role is meant is decided by a template"
    if name.count(".") == 2:
        return (f"there is no role `{name}` here: get its collection, `ansible-galaxy collection install "
                f"{name.rpartition('.')[0]} -p collections`, and convert again")
    return (f"there is no role `{name}` in `roles` beside the playbook: get it there, "
            f"`ansible-galaxy role install {name} -p roles`, and convert again")
