"""What the compiler knows of a host, read piece by piece, so that hosts with equal pieces can share what is made.

Whoever evaluates something notes the pieces that it read (its leaves). A result is kept by the tokens of these: the
next host with equal tokens would read the same pieces and get the same result, so it is given the one that is there.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from holdfast.compiler.faults import Fault, NeedsFacts
from holdfast.compiler.secret import SecretText
from holdfast.inventory.model import Host, Variable

Leaf = tuple[str, ...]  # ("var", "site"), ("facts", "os", "family"), ("host", "tags", "role"), ("inventory_hostname",)
T = TypeVar("T")

# What no two hosts have in common: results that depend on these are not worth keeping.
ALONE = frozenset({("inventory_hostname",), ("host", "name"), ("host", "address"), ("host",), ("facts",)})
_ABSENT = ("absent",)
_SHAPES = 16  # different sets of leaves that one thing may be kept by


class Reads(dict[Leaf, None]):
    """The leaves that were read, in order."""


class Tracked(Mapping[str, Any]):
    """A mapping that notes what is read of it: a part, or the whole."""

    def __init__(self, data: Mapping[str, Any], path: Leaf, note: Callable[[Leaf], None]) -> None:
        self._data, self._path, self._note = data, path, note

    def __getitem__(self, key: str) -> Any:
        path = (*self._path, str(key))
        value = self._data.get(key)
        if isinstance(value, Mapping):
            return Tracked(value, path, self._note)
        self._note(path)
        if value is None and key not in self._data:
            raise KeyError(key)
        return value

    def __iter__(self) -> Iterator[str]:
        self._note(self._path)
        return iter(self._data)

    def __len__(self) -> int:
        self._note(self._path)
        return len(self._data)

    def __contains__(self, key: object) -> bool:
        self._note((*self._path, str(key)))
        return key in self._data

    def __repr__(self) -> str:
        return repr(dict(self))


def freeze(value: Any) -> Any:
    """Something hashable that is equal for equal values, and for those only."""
    if isinstance(value, SecretText):
        return ("secret", value.name, str.__str__(value))
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, (bool, int, float)):
        return (type(value).__name__, value)
    if isinstance(value, Mapping):
        return ("mapping", tuple((freeze(key), freeze(inner)) for key, inner in value.items()))
    if isinstance(value, (list, tuple)):
        return ("list", tuple(map(freeze, value)))
    return ("object", id(value))


class View:
    """One host as the compiler sees it. facts None: not known yet. evaluate: gives the value of an inventory variable
    on this host, raising Fault or NeedsFacts."""

    def __init__(self, host: Host, facts: Mapping[str, Any] | None,
                 evaluate: Callable[[View, str, Variable], Any]) -> None:
        self.host, self.facts = host, facts
        self.kept: dict[int, Any] = {}  # what was evaluated on this host, by id of its definition
        self._evaluate = evaluate
        self._tokens: dict[Leaf, Any] = {}

    def variable(self, name: str) -> Variable | None:
        """The inventory's variable that is in force."""
        for layer in reversed(self.host.layers):
            found = layer.get(name)
            if found is not None:
                return found
        return None

    def data(self) -> dict[str, Any]:
        """What templates find under `host`."""
        host = self.host
        return {"name": host.name, "address": self.address(), "tags": host.tags, "groups": list(host.groups)}

    def address(self) -> str:
        """Where the host is reached, as far as it is written without a template."""
        for name in ("ansible_host", "ansible_ssh_host"):
            found = self.variable(name)
            if found is not None and isinstance(found.value, str) and "{" not in found.value:
                return found.value
        return self.host.name

    def token(self, leaf: Leaf) -> Any:
        """What stands for the value of a leaf on this host."""
        found = self._tokens.get(leaf)
        if found is None:
            found = self._tokens[leaf] = self._token(leaf)
        return found

    def _token(self, leaf: Leaf) -> Any:
        root = leaf[0]
        if root == "var":
            variable = self.variable(leaf[1])
            if variable is None:
                return _ABSENT
            try:
                return freeze(self._evaluate(self, leaf[1], variable))
            except (Fault, NeedsFacts) as fault:
                return ("fault", id(fault), fault)
        if root == "facts":
            return ("unknown",) if self.facts is None else self._at(self.facts, leaf[1:])
        if root == "inventory_hostname":
            return self.host.name
        if root == "group_names":
            return ("list", self.host.groups)
        return self._at(self.host.tags, leaf[1:]) if root == "tags" else self._at(self.data(), leaf[1:])

    @staticmethod
    def _at(data: Any, path: Leaf) -> Any:
        for step in path:
            if not isinstance(data, Mapping) or step not in data:
                return _ABSENT
            data = data[step]
        return freeze(data)


class Memo(Generic[T]):
    """Results by what was read to get them."""

    __slots__ = ("_shapes",)

    def __init__(self) -> None:
        self._shapes: list[tuple[tuple[Leaf, ...], dict[Any, T]]] = []

    def find(self, view: View) -> T | None:
        """The result for a host, if one with equal inputs has been made."""
        for leaves, table in self._shapes:
            if not leaves:
                return table[()]
            found = table.get(tuple([view.token(leaf) for leaf in leaves]))
            if found is not None:
                return found
        return None

    def keep(self, view: View, reads: Reads, result: T) -> None:
        """Keeps a result that came of these reads on this host."""
        leaves = tuple(reads)
        if not ALONE.isdisjoint(leaves):
            return
        key = tuple([view.token(leaf) for leaf in leaves])
        for known, table in self._shapes:
            if known == leaves:
                table[key] = result
                return
        if len(self._shapes) < _SHAPES:
            self._shapes.append((leaves, {key: result}))
