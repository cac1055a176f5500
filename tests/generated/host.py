"""A folder that plays the host: documents are compiled as ever, and the real runner works on real files."""
from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from holdfast.compiler.choosing import chosen
from holdfast.compiler.compiling import Request, compile_documents
from holdfast.compiler.model import Compiled
from holdfast.documents.loading import read_documents
from holdfast.documents.types import Types
from holdfast.inventory.model import Host, Inventory
from holdfast.problems import Place
from holdfast_host import files, journal
from holdfast_host.graph import Event
from holdfast_host.runner import Runner
from holdfast_host.values import Blob

HERE = Inventory({"here": Host("here", (), {}, (), Place("inventory.yml", 1, 1))}, {})


@dataclass
class Desk:
    """Stands where the controller would be."""

    compiled: Compiled
    events: list[Event] = field(default_factory=list)

    def event(self, event: Event) -> None:
        self.events.append(event)

    def output(self, node: int, stream: str, text: str) -> None:
        """Nobody listens."""

    def fetch(self, blobs: Sequence[str]) -> None:
        for name in blobs:
            Blob.hold(name, self.compiled.blob(name))

    def stopping(self) -> bool:
        return False


def compile_text(folder: Path, text: str, types: Types) -> Compiled:
    """Raises Problems."""
    (folder / "site.yml").write_text(text)
    documents, problems = read_documents([folder / "site.yml"], types)
    return compile_documents(Request(documents, HERE, types, chosen, problems=problems, root=folder))


def run(compiled: Compiled, mode: str, state: Path, number: int) -> list[Event]:
    """One run; its events in the order of the graph."""
    nodes = compiled.graphs["here"].nodes
    desk = Desk(compiled)
    book = journal.Journal(str(state), f"run-{number}", "test", nodes, bytes(32))
    status = Runner(nodes, mode, {}, desk, journal.Ledger(str(state)), book, f"run-{number}").go()
    if mode == "apply":
        book.end(status)
    files.look_away()
    files.forget()
    return sorted(desk.events, key=lambda event: event.node)


def snapshot(folder: Path) -> dict[str, tuple[object, ...]]:
    """All below a folder: kind, mode, owner, content, and when it was changed last."""
    found: dict[str, tuple[object, ...]] = {}
    for place, folders, names in os.walk(folder):
        for name in [*folders, *names]:
            path = os.path.join(place, name)
            stat = os.lstat(path)
            content: object = os.readlink(path) if os.path.islink(path) else \
                Path(path).read_bytes() if os.path.isfile(path) else None
            found[path] = (stat.st_mode, stat.st_uid, stat.st_gid, stat.st_mtime_ns, stat.st_ctime_ns, content)
    return found
