"""Roles that a play takes in: where they are, and what they bring beside tasks."""
from __future__ import annotations

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
        return next((one for one in tried if (one / "tasks").is_dir() or (one / "meta").is_dir()), None)

    def take(self, defaults: dict[str, Node], variables: dict[str, Node]) -> None:
        """Adds a role's variables."""
        for given, into in ((defaults, self.defaults), (variables, self.vars)):
            for name, node in given.items():
                other = into.setdefault(name, node)
                if other is not node and other.plain() != node.plain():
                    self.unclear.add(name)


def missing(name: str) -> str:
    """What is to be said of a role that is not there."""
    if "{{" in name:
        return "which role is meant is decided by a template"
    return (f"there is no role `{name}` in `roles` beside the playbook: get it there, "
            f"`ansible-galaxy role install {name} -p roles`, and convert again")
