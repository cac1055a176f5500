"""Kinds of documents: the first key of a document names its kind, and the kind knows how to read it."""
from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from holdfast.documents.model import Document
from holdfast.documents.types import Types
from holdfast.problems import Problem
from holdfast.trees.tree import Node
from holdfast_host.values import did_you_mean

Loader = Callable[[Node, Types], tuple[Document | None, list[Problem]]]


@dataclass(frozen=True, slots=True)
class Kind:
    """word: the first key of such a document. load: from a mapping whose first key is the word; with faults it may
    still give a document, so that other documents that name it are not at fault for that."""

    word: str
    doc: str
    load: Loader


_kinds: dict[str, Kind] = {}
_ELSEWHERE = {
    "inventory": "this is an inventory: it belongs into the folder `inventory/`",
    "hosts": "begin a document with `state: NAME`, and write `targets:` for `hosts:`; an inventory is in `inventory/`",
    "test": "this is a test of documents: it belongs into the folder `tests/`",
    "resources": "begin it with `state: NAME`, then `targets:`, then `resources:`",
}
_BEGIN = "begin it with `state: NAME`, `targets: …`; what is declared comes under `resources:`"
# Keys by which documents of other tools are known.
_FOREIGN = {
    "schemaVersion": "a document of AWS Systems Manager", "mainSteps": "a document of AWS Systems Manager",
    "apiVersion": "a manifest of Kubernetes", "services": "a file of Docker Compose", "on": "a workflow of GitHub",
    "AWSTemplateFormatVersion": "a template of CloudFormation", "runcmd": "a file of cloud-init",
    "base": "a top file of Salt", "tasks": "a play of Ansible", "extends": "a file of another tool",
}


def register(kind: Kind) -> None:
    """Makes a kind known. Raises ValueError when the word is taken."""
    if kind.word in _kinds:
        raise ValueError(f"the kind {kind.word} is registered twice")
    _kinds[kind.word] = kind


def known() -> tuple[Kind, ...]:
    """All kinds, in the order in which they were registered."""
    return tuple(_kinds.values())


def load(node: Node, types: Types) -> tuple[Document | None, list[Problem]]:
    """One document, whatever its kind."""
    if node.kind == "list":
        return None, [_a_list(node)]
    if node.kind != "mapping" or not node.items():
        return None, [Problem("a document is a mapping", node.place, "begin it with `state: NAME`")]
    first = node.items()[0][0]
    kind = _kinds.get(str(first.value))
    if kind is not None:
        return kind.load(node, types)
    elsewhere = next((key for key, _ in node.items() if str(key.value) in _kinds), None)
    if elsewhere is not None:
        return None, [Problem(f"`{elsewhere.value}:` has to be the first key of the document", elsewhere.place,
                              f"move it above `{first.value}:`")]
    foreign = _foreign(node)
    if foreign:
        return None, [Problem(f"unknown kind of document `{first.value}`: this is {foreign}", first.place, _BEGIN)]
    near = did_you_mean(str(first.value), _kinds)
    mend = _ELSEWHERE.get(str(first.value)) or (near if near.startswith("did") else "begin it with `state: NAME`")
    return None, [Problem(f"unknown kind of document `{first.value}`", first.place, mend)]


def _foreign(node: Node) -> str:
    """Whose document it is, when it is another tool's; "": that cannot be told."""
    for key, value in node.items():
        if str(key.value) in _FOREIGN:
            return _FOREIGN[str(key.value)]
        if any(re.fullmatch(r"[a-z_]+\.[a-z_]+", str(inner.value)) for inner, _ in value.items()):
            return "a state of Salt"
    return ""


def _a_list(node: Node) -> Problem:
    head = node.elements()[0] if node.elements() else node
    if head.kind == "mapping" and head.get("hosts") is not None:
        return Problem("this is an Ansible playbook, not a document", node.place,
                       "a document is one mapping: `state: NAME`, `targets:` for `hosts:`, `resources:` for `tasks:`")
    if head.kind == "mapping" and any(str(key.value) in _kinds for key, _ in head.items()):
        return Problem("a document is a mapping, not a list", node.place,
                       "take the dash away, and put `---` between documents")
    return Problem("a document is a mapping, not a list", node.place,
                   "begin it with `state: NAME`, `targets: …`; the list comes under `resources:`")
