"""A small project to compile: documents as text, a few hosts, the types beside this file."""
from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from holdfast.compiler.compiling import Chosen, Facts, Request, compile_documents
from holdfast.compiler.model import Compiled, HostGraph
from holdfast.documents.loading import read_documents
from holdfast.documents.types import Types
from holdfast.inventory.model import Group, Host, Inventory, Layer, Variable
from holdfast.problems import Place, Problem, Problems
from holdfast_host.values import from_wire

TYPES = Types([Path(__file__).parent / "types"])
INVENTORY = Place("hosts.yml", 1, 1)


def layer(**variables: Any) -> Layer:
    """Variables of one source."""
    return {name: one if isinstance(one, Variable) else Variable(one, INVENTORY) for name, one in variables.items()}


def host(name: str, *layers: Layer, groups: tuple[str, ...] = (), **tags: str) -> Host:
    """A host of an inventory."""
    return Host(name, groups, tags, layers, INVENTORY)


def fleet(*hosts: Host) -> Inventory:
    """An inventory; two plain hosts if none are given."""
    known = {one.name: one for one in hosts or (host("web1"), host("web2"))}
    names = sorted({group for one in known.values() for group in one.groups})
    return Inventory(known, {name: Group(name, tuple(one.name for one in known.values() if name in one.groups))
                             for name in names})


def choose(expression: str, place: Place | None, inventory: Inventory, facts: Facts) -> Chosen:
    """A little of target expressions: all, a host's name, key=value of tags, os=value of facts."""
    key, _, value = expression.partition("=")
    if key == "os":
        known = [name for name in inventory.hosts if name in facts]
        return Chosen(tuple(name for name in known if facts[name].get("os") == value),
                      tuple(name for name in inventory.hosts if name not in facts))
    return Chosen(tuple(name for name, one in inventory.hosts.items()
                        if expression in ("all", name) or (value and one.tags.get(key) == value)))


class Given:
    """Input from outside: files from the disk, and the environment and programs that a test gives."""

    def __init__(self, environment: Mapping[str, str], programs: Mapping[str, str]) -> None:
        self._environment, self._programs = environment, programs
        self.asked: list[str] = []

    def is_file(self, path: Path) -> bool:
        return path.is_file()

    def read(self, path: Path) -> bytes:
        return path.read_bytes()

    def names(self, folder: Path) -> list[str] | None:
        return sorted(one.name for one in folder.iterdir()) if folder.is_dir() else None

    def environment(self, name: str) -> str | None:
        return self._environment.get(name)

    def output(self, command: str) -> str:
        self.asked.append(command)
        if command not in self._programs:
            raise OSError(0, "it ended with 127: not found")
        return self._programs[command]


def compiled(folder: Path, text: str, inventory: Inventory | None = None, *, env: Mapping[str, str] | None = None,
             programs: Mapping[str, str] | None = None, given: Given | None = None, **more: Any) -> Compiled:
    """Compiles a document `site.yml` in the folder; what stands before its first line is added when it has no kind."""
    if not text.lstrip().startswith("state:"):
        text = f"state: site\ntargets: all\n{text}"
    (folder / "site.yml").write_text(text)
    documents, problems = read_documents([folder / "site.yml"], TYPES)
    return compile_documents(Request(
        documents, inventory or fleet(), TYPES, choose, problems=problems, root=folder,
        sources=given or Given(env or {}, programs or {}), **more))


def faults(folder: Path, text: str, inventory: Inventory | None = None, **more: Any) -> list[Problem]:
    """What is wrong with it."""
    try:
        compiled(folder, text, inventory, **more)
    except Problems as problems:
        return list(problems.problems)
    return []


def said(problems: list[Problem]) -> list[tuple[int, int, str, str]]:
    """Line, column, what and mend of each."""
    return [(one.place.line if one.place else 0, one.place.column if one.place else 0, one.what, one.mend)
            for one in problems]


def graph(made: Compiled, name: str = "web1") -> HostGraph:
    """The graph of one host."""
    return made.graphs[name]


def args(made: HostGraph, identity: str) -> Any:
    """The arguments of one node, marks as values."""
    return from_wire(dict(next(node.args for node in made.nodes if node.id == identity)))


def ids(made: HostGraph) -> list[str]:
    """The nodes in their order."""
    return [node.id for node in made.nodes]


def text_of(made: Compiled, identity: str, name: str = "web1") -> str:
    """The content of a template on a host."""
    return made.blob(args(graph(made, name), identity)["source"].sha256).decode()


def b64(text: str) -> str:
    """Base64 of a text."""
    return base64.b64encode(text.encode()).decode()
