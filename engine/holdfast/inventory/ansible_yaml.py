"""Inventories in Ansible's YAML form, and YAML or JSON as Ansible reads it."""
from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from holdfast.inventory.builder import Builder
from holdfast.inventory.hostpattern import Wrong, expand, split_port
from holdfast.inventory.model import Variable
from holdfast.problems import Place, Problem
from holdfast.trees import tree
from holdfast.trees.scalars import Unsafe
from holdfast.trees.tree import Node
from holdfast_host.values import did_you_mean

BYTES = 64 * 2**20  # the largest file; generated inventories are large
VAULT = ("this is encrypted with ansible-vault, which Holdfast does not read",
         "decrypt it with `ansible-vault decrypt`, and keep secrets in files that a `secret:` names")
PLUGIN = ("this configures an inventory plugin of Ansible, which Holdfast does not run",
          "name instead an executable file that runs `ansible-inventory -i … --list` with all that it builds upon")


def load_document(text: str, file: str, warnings: list[Problem]) -> tuple[Node | None, list[Problem]]:
    """The one document of a file, JSON or YAML 1.1; None if it is empty or cannot be read. warnings: is told of keys
    that are there twice."""
    if text.startswith("$ANSIBLE_VAULT;"):
        return None, [Problem(VAULT[0], Place(file, 1, 1, len(text.split("\n", 1)[0])), VAULT[1])]
    documents, problems = tree.load_all(text, file, rules="ansible", limit=BYTES, doubled=warnings)
    if text.lstrip()[:1] == "{":  # Ansible reads JSON by JSON's rules: 1e3 is a number there
        try:
            plain = plain_json(json.loads(text))
        except (ValueError, RecursionError):
            pass
        except Wrong as wrong:
            return None, [Problem(wrong.what, Place(file), wrong.mend)]
        else:
            if problems or not documents or documents[0].plain() != plain:
                return node_of(plain, Place(file, 1, 1)), []
    if len(documents) > 1 and not problems:
        return None, [Problem("there is more than one YAML document in this file", documents[1].place,
                              "keep one; Ansible reads one only")]
    document = documents[0] if documents else None
    return (None if document is None or document.kind == "null" else document), problems


def plain_json(value: Any) -> Any:
    """JSON as Ansible takes it: `__ansible_unsafe` marks text that is no template. Raises Wrong for vaulted values."""
    if isinstance(value, list):
        return [plain_json(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "__ansible_vault" in value:
        raise Wrong("a value " + VAULT[0][5:], VAULT[1])
    if isinstance(value.get("__ansible_unsafe"), str):
        return Unsafe(value["__ansible_unsafe"])
    return {key: plain_json(each) for key, each in value.items()}


def node_of(value: Any, place: Place) -> Node:
    """Plain data as a tree whose parts are all at one place."""
    if isinstance(value, Mapping):
        pairs = tuple((node_of(key, place), node_of(each, place)) for key, each in value.items())
        return Node(pairs, place, "block", "mapping")
    if isinstance(value, list):
        return Node(tuple(node_of(each, place) for each in value), place, "block", "list")
    if value is None:
        return Node(None, place, "plain", "null")
    if isinstance(value, bool):
        return Node(value, place, "plain", "boolean")
    return Node(value, place, "double", "text" if isinstance(value, str) else "number")


def key_text(value: Any) -> str:
    """A mapping's key as JSON has it."""
    if isinstance(value, str):
        return value
    return json.dumps(value) if not isinstance(value, float) or math.isfinite(value) else str(value)


def variables_of(node: Node) -> dict[str, Variable]:
    """The pairs of a mapping as variables."""
    return {key_text(key.value): Variable(value.plain(), value.place) for key, value in node.items()}


_SECTIONS = ("hosts", "children", "vars")


class _Reader:
    """Reads groups into the builder."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder

    def group(self, name: Any, place: Place, data: Node) -> None:
        """One group with everything below it. What Ansible skips with a warning is skipped with one."""
        if data.kind not in ("mapping", "null"):
            self.builder.warn(f"the group `{name}` is no mapping, and is skipped", data.place,
                              "write `hosts:`, `vars:` or `children:` below it")
            return
        try:
            self.builder.add_group(name)
        except Wrong as wrong:
            self.builder.refuse(wrong.what, place, wrong.mend)
            return
        for key, value in data.items():
            for inner, details in self.section(key, value):
                try:
                    self.entry(name, str(key.value), inner, details)
                except Wrong as wrong:
                    self.builder.refuse(wrong.what, inner.place, wrong.mend)

    def section(self, key: Node, value: Node) -> tuple[tuple[Node, Node], ...]:
        """The entries of `hosts`, `children` or `vars`; a text alone is one of them."""
        kind = str(key.value)
        if kind not in _SECTIONS:
            self.builder.warn(f"the key `{kind}` in a group has no meaning, and is skipped", key.place,
                              did_you_mean(kind, _SECTIONS))
            return ()
        if value.kind == "text":
            return ((value, Node(None, value.place, "plain", "null")),)
        if value.kind not in ("mapping", "null"):
            self.builder.refuse(f"`{kind}` is no mapping", value.place,
                                "end each name with a colon: `web1:`, without `-`")
        return value.items()

    def entry(self, group: str, kind: str, key: Node, value: Node) -> None:
        if kind == "vars":
            self.builder.set_variable(group, key_text(key.value), Variable(value.plain(), value.place))
        elif kind == "children":
            self.group(key.value, key.place, value)
            if isinstance(key.value, str):
                self.builder.add_child(group, key.value)
        else:
            self.hosts(group, key, value)

    def hosts(self, group: str, key: Node, value: Node) -> None:
        if not isinstance(key.value, str):
            raise Wrong(f"the host `{key.written or key.value}` is not text", f'write "{key.written}" in quotes')
        if value.kind != "mapping" and value.value:
            raise Wrong(f"the variables of `{key.value}` are no mapping", "write `name: value` below it")
        pattern, port = split_port(key.value)
        variables = variables_of(value)
        for name in expand(pattern):
            self.builder.add_host(name, group, port, key.place)
            for each, variable in variables.items():
                self.builder.set_variable(name, each, variable)


def read_groups(builder: Builder, document: Node) -> None:
    """Adds the groups of a document; what is wrong goes to the builder's problems."""
    plugin = document.get("plugin")
    if plugin is not None and plugin.value:
        builder.refuse(PLUGIN[0], plugin.place, PLUGIN[1])
        return
    reader = _Reader(builder)
    for key, value in document.items():
        reader.group(key.value, key.place, value)
