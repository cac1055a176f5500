"""Playbooks made of a few tasks, and what becomes of them."""
from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import yaml

from holdfast.converting import convert
from holdfast.converting.model import Converted
from holdfast.documents.types import Types
from holdfast.trees.tree import load_all

TYPES = Types()


def converted(folder: Path, tasks: str, play: str = "", handlers: str = "") -> Converted:
    """The play with these tasks, for all hosts."""
    text = "- hosts: all\n  become: true\n" + textwrap.indent(textwrap.dedent(play), "  ")
    text += "  tasks:\n" + textwrap.indent(textwrap.dedent(tasks), "    ")
    text += "  handlers:\n" + textwrap.indent(textwrap.dedent(handlers), "    ") if handlers else ""
    (folder / "site.yml").write_text(text)
    return convert(folder / "site.yml", TYPES, None)


def documents(made: Converted) -> list[dict[str, Any]]:
    """The documents as Holdfast reads them: strictly."""
    nodes, problems = load_all(made.text, "converted.yml", rules="strict")
    assert not problems, problems
    return [node.plain() for node in nodes if node.kind != "null"]


def resources(made: Converted) -> list[dict[str, Any]]:
    """Those of all documents."""
    return [resource for document in documents(made) for resource in document["resources"]]


def one(folder: Path, task: str, **around: str) -> dict[str, Any]:
    """The one resource that a task becomes."""
    made = converted(folder, task, **around)
    assert [item.why for item in made.items if item.why] == []
    found = resources(made)
    assert len(found) == 1, made.text
    return found[0]


def flat(text: str) -> Any:
    """YAML as plain data, for what is expected."""
    return yaml.safe_load(textwrap.dedent(text))
