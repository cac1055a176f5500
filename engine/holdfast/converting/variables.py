"""Variables of plays and roles: which can be carried over, and what they read."""
from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from holdfast.converting.deciding import Case
from holdfast.converting.expressions import Names, value
from holdfast.converting.model import Cannot
from holdfast.converting.options import plain
from holdfast.documents.model import BUILT_IN_NAMES
from holdfast.trees.scalars import Vaulted
from holdfast.trees.tree import Node

# Ansible's own settings, which stand in an inventory.
_OF_INVENTORY = re.compile(r"ansible_")
_WORD = re.compile(r"[A-Za-z_]\w*\Z")


@dataclass
class Variables:
    """values: translated. reads: the names that each reads. refused: why others cannot be read. notes: for the head of
    the document. partial: those that are only set under conditions, and these; none: the inventory may set them too.
    changed: those that a task sets anew, and the last one that does. fallbacks: what counts where the inventory says
    nothing."""

    values: dict[str, Any] = field(default_factory=dict)
    reads: dict[str, Names] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    partial: dict[str, tuple[Case, ...]] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    fallbacks: dict[str, Node] = field(default_factory=dict)

    def take(self, given: Mapping[str, Node]) -> None:
        """Adds variables as they are written; later ones win."""
        for name, node in given.items():
            try:
                self.put(name, node)
            except Cannot as cannot:
                self.refused[name] = f"the variable `{name}` is not in the document: {cannot.why}"
                self.forget(name)

    def forget(self, name: str) -> None:
        """Takes one out."""
        self.values.pop(name, None)
        self.reads.pop(name, None)

    def put(self, name: str, node: Node) -> None:
        """Adds one. Raises Cannot."""
        if _OF_INVENTORY.match(name):
            self.notes.append(f"`{name}` belongs into the inventory, which says how hosts are reached")
            return
        if not _WORD.match(name) or name in BUILT_IN_NAMES:
            raise Cannot("no variable can be called so here")
        names = Names(refused=self.refused)
        made = self._secrets(name, value(_plain(node), names))
        if names.read & {"item", "index"}:
            raise Cannot(f"`{name}` reads the element of a loop: write it where it is used")
        self.values[name] = made
        self.reads[name] = names
        self.refused.pop(name, None)

    def settle(self, parameters: MutableMapping[str, Any]) -> None:
        """Takes out the variables and parameters that read others which are refused."""
        found = True
        while found:
            found = False
            for name, names in list(self.reads.items()):
                wrong = next((one for one in names.read if one in self.refused), None)
                if wrong is not None:
                    self.refused[name] = f"the variable `{name}` is not in the document: {self.refused[wrong]}"
                    self.forget(name)
                    parameters.pop(name, None)
                    found = True

    def read_by(self, names: set[str]) -> tuple[dict[str, Any], set[str], set[str]]:
        """Those that these names stand for, over others too, in the order written; all names that they read; and those
        of which they ask whether they are defined."""
        waiting, seen, guarded = list(names), set(names), set[str]()
        while waiting:
            inner = self.reads.get(waiting.pop())
            if inner is not None:
                guarded |= inner.guarded
                waiting += inner.read - seen
                seen |= inner.read
        return {name: one for name, one in self.values.items() if name in seen}, seen, guarded

    def _secrets(self, name: str, given: Any) -> Any:
        if isinstance(given, Vaulted):
            self.notes.append(f"`{name}` was encrypted by ansible-vault: the document takes it from the environment "
                              f"variable {name.upper()}")
            return {"secret": name, "env": name.upper()}
        if isinstance(given, dict):
            return {key: self._secrets(f"{name}_{key}", one) for key, one in given.items()}
        if isinstance(given, list):
            return [self._secrets(f"{name}_{at}", one) for at, one in enumerate(given)]
        return given


def _plain(node: Node) -> Any:
    if node.kind == "mapping":
        return {str(key.value): _plain(one) for key, one in node.items()}
    if node.kind == "list":
        return [_plain(one) for one in node.elements()]
    return plain(node)

