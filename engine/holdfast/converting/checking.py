"""Does Holdfast take the document that was made? What it refuses is left out, with its reason."""
from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

from holdfast.compiler.compiling import Chosen, Request, compile_documents
from holdfast.compiler.edits import CONTENT
from holdfast.compiler.sources import Disk, Sources
from holdfast.converting.documents import Draft, converted
from holdfast.converting.model import Converted, Item
from holdfast.documents.loading import load_text
from holdfast.documents.types import Types
from holdfast.inventory.model import Host, Inventory, Variable
from holdfast.problems import Place, Problem, Problems
from holdfast.trees.tree import BYTES

FILE = Path("converted.yml")
_EVERYWHERE = ("item", "index", "omit")  # names that are there whatever the host and the inventory
_HOST = "converted"
_FACTS: Mapping[str, Any] = {
    "os": {"family": "debian", "name": "debian", "version": "12", "codename": "bookworm", "pretty": "Debian",
           "architecture": "x86_64", "kernel": "6.1.0"},
    "hostname": "converted", "fqdn": "converted", "cpus": 1, "memory_mb": 1024, "swap_mb": 0,
    "package_manager": "apt", "service_manager": "systemd", "user": {"name": "root", "uid": 0},
    "network": {"interfaces": {}, "default_ipv4": {"interface": "eth0", "gateway": "192.0.2.1",
                                                   "address": "192.0.2.10"}, "default_ipv6": None}}


class _Overlaid:
    """The controller's files with those that are copied beside the document."""

    def __init__(self, files: Mapping[str, bytes], root: Path) -> None:
        self.files, self.disk = {root / name: content for name, content in files.items()}, Disk()

    def is_file(self, path: Path) -> bool:
        return path in self.files or self.disk.is_file(path)

    def read(self, path: Path) -> bytes:
        return self.files[path] if path in self.files else self.disk.read(path)

    def names(self, folder: Path) -> Sequence[str] | None:
        return self.disk.names(folder)

    def environment(self, name: str) -> str | None:
        return self.disk.environment(name)

    def output(self, command: str) -> str:
        raise OSError(0, "no command is run here")


def settled(path: Path, made: list[Draft], types: Types, inventory: Inventory | None, root: Path) -> Converted:
    """The documents without what Holdfast refuses. path: of the playbook. Raises Problems when something is wrong that
    is nobody's."""
    for _ in range(sum(len(draft.items) for draft in made) + 2):
        result, page = converted(made)
        problems = _problems(result, types, inventory, root, _alike(made, page.owners))
        blamed = [(problem, owner) for problem in problems for owner in _owners(problem, page.owners, result)]
        if not problems:
            return result
        if not blamed and len(result.text.encode()) > BYTES:
            raise Problems([Problem(f"what it becomes is larger than {BYTES // 2**20} MiB", Place(str(path)),
                                    "convert the playbooks and roles that it takes in, each by itself")])
        if not blamed:
            raise Problems(problems)
        for problem, owner in blamed:
            why = f"{problem.what}" + (f" ({problem.mend})" if problem.mend else "")
            if isinstance(owner, Item):
                owner.give_up(f"Holdfast refuses it: {why}")
            else:
                _drop(made, owner, why)
    return converted(made)[0]


def _alike(made: Sequence[Draft], owners: Mapping[int, Item | str]) -> Collection[int]:
    """The lines of resources that are the same on all hosts: they hang on nothing that a host or the inventory says."""
    lines: set[int] = set()
    for draft in made:
        known = {*draft.variables.values, *draft.parameters, *_EVERYWHERE} - set(draft.of_inventory)
        alike = {id(item) for item in draft.items if _is_alike(item, draft, known)}
        lines |= {line for line, owner in owners.items() if id(owner) in alike}
    return lines


def _is_alike(item: Item, draft: Draft, known: Set[str]) -> bool:
    values, seen, _ = draft.variables.read_by(item.reads)
    said = [values, [draft.parameters.get(name) for name in seen],
            [(one.name, one.arguments) for one in item.resources]]
    return seen <= known and "lookup" not in str(said)  # which looks at the controller


def _owners(problem: Problem, owners: Mapping[int, Item | str], result: Converted) -> list[Item | str]:
    """What has to go: what the problem is at, and what it is in conflict with; of a file and an edit of it the edit."""
    places = [problem.place, *(place for what, place in problem.also if what != CONTENT)]
    found: list[Item | str] = []
    for place in filter(None, places):
        if place.file == str(FILE) and place.line in owners:
            found.append(owners[place.line])
        found += [item for item in result.items if any(
            place.file.endswith(name) for name in item.files)] if place.file != str(FILE) else []
    return found


def _drop(made: Sequence[Draft], name: str, why: str) -> None:
    for draft in made:
        if name in draft.variables.values:
            del draft.variables.values[name]
            draft.notes.append(f"NOT CONVERTED the variable `{name}`: {why}")
        draft.parameters.pop(name, None)


def _problems(result: Converted, types: Types, inventory: Inventory | None, root: Path,
              alike: Collection[int]) -> list[Problem]:
    documents, problems = load_text(result.text, str(FILE), types)
    if problems:
        return problems
    sources: Sources = _Overlaid(result.files, root)
    layers = [layer for host in inventory.hosts.values() for layer in host.layers] if inventory else []
    given = {name: Variable(f"/{name}", one.place) for layer in layers for name, one in layer.items()}
    host = Host(_HOST, (), {}, (given,), Place(_HOST))
    by_name = {document.name: document for document in documents}
    for is_open in (True, False):  # first what is wrong whatever the host, then what fights on one
        def select(*_: object, is_open: bool = is_open) -> Chosen:
            return Chosen((), (_HOST,)) if is_open else Chosen((_HOST,))

        settings = {name: f"/{name}" for name in result.needs}
        try:
            compile_documents(Request(by_name, Inventory({_HOST: host}, {}), types, select, targets="all",
                                      settings=settings, facts={} if is_open else {_HOST: _FACTS},
                                      sources=sources, root=root))
        except Problems as found:
            problems = [one for one in found.problems if one.place is not None and (
                is_open or one.also or (one.place.file == str(FILE) and one.place.line in alike))]
            if problems:
                return problems
    return []
