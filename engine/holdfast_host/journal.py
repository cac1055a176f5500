"""What a host remembers of runs: what was begun, what came of it, and which notifications are owed.

A run that changes something has a file of JSON lines, `journal/RUN.jsonl`; each line is synced before the deed that it
announces, or before the result that it holds is reported. It is there until a controller has said that it keeps the
results. `owed.json` holds the notifications that were promised and not yet carried out; it outlives runs and reboots.
"""
from __future__ import annotations

import json
import os
import re
import time
from typing import Any, Dict, List, Mapping, Optional, Sequence

from . import files
from .graph import INTERRUPTED, Event, Node
from .record import Record

KEPT = 20  # journals of runs that nobody has collected; the oldest go first
RUN_ID = re.compile(r"[A-Za-z0-9_.-]{1,80}\Z")


class Owed(Record):
    """A notification that is still to be carried out. since: seconds since the epoch; by: what changed; node: what is
    to be notified, as it travels, so that a run that does not declare it can do it; None: only one that does."""

    since: float
    run: str
    by: Sequence[str]
    node: Optional[Mapping[str, Any]] = None

    def why(self) -> str:
        """For a person: which change it is owed to."""
        return ", ".join(self.by)


class Ledger:
    """All notifications owed on this host, by the id of the resource that is to be notified."""

    def __init__(self, folder: str) -> None:
        self._path = os.path.join(folder, "owed.json")
        self.owed: Dict[str, Owed] = {}
        data = files.read(self._path)
        if data:
            self.owed = {id: Owed(item["since"], item["run"], item["by"], item.get("node"))
                         for id, item in json.loads(data).items()}

    def promise(self, run: str, by: str, targets: Sequence[Node], now: float) -> None:
        """Written down before `by` is changed, so that nothing can come between the change and the promise."""
        for target in targets:
            before = self.owed.get(target.id, Owed(now, run, ()))
            if by not in before.by:
                self.owed[target.id] = Owed(before.since, before.run, [*before.by, by], _alone(target))
        if targets:
            self._write()

    def retract(self, by: str, targets: Sequence[str]) -> None:
        """`by` turned out not to have changed anything."""
        for target in targets:
            owed = self.owed.get(target)
            if owed is not None:
                rest = [id for id in owed.by if id != by]
                if rest:
                    self.owed[target] = Owed(owed.since, owed.run, rest, owed.node)
                else:
                    del self.owed[target]
        self._write()

    def paid(self, target: str) -> None:
        """The notification has been carried out."""
        if self.owed.pop(target, None) is not None:
            self._write()

    def _write(self) -> None:
        wire = {id: {"since": item.since, "run": item.run, "by": list(item.by), "node": item.node}
                for id, item in self.owed.items()}
        files.swap(self._path, json.dumps(wire).encode(), lambda: True, mode="0600")


def _alone(node: Node) -> Optional[Mapping[str, Any]]:
    """What can be carried out without its graph: nothing in it is a secret, an output or a content."""
    text = json.dumps(node.args)
    if any(mark in text for mark in ('"$secret"', '"$output"', '"$blob"')):
        return None
    return {"type": node.type, "args": node.args, "limit_s": node.limit_s}


class Journal:
    """One run on this host. The file is made when the first change is about to happen: a run that finds everything in
    state writes nothing."""

    def __init__(self, folder: str, run: str, who: str, nodes: Sequence[Node]) -> None:
        self._path = journal_path(folder, run)
        self._header = {"run": run, "who": who, "started": time.time(), "nodes": [node.id for node in nodes]}
        self._fd: Optional[int] = None
        self._waiting: List[Mapping[str, Any]] = []

    def before(self, nodes: Sequence[int]) -> None:
        """These are going to be changed now."""
        self._open()
        self._append([{"before": number} for number in nodes])

    def after(self, event: Event) -> None:
        """This is what came of a node; durable when it returns if the run has changed anything at all."""
        line = {"after": event.to_wire()}
        if self._fd is None:
            self._waiting.append(line)
        else:
            self._append([line])

    def end(self, status: str) -> None:
        """The run is over on this host."""
        if self._fd is not None:
            self._append([{"end": status}])
            os.close(self._fd)
            self._fd = None

    def _open(self) -> None:
        if self._fd is None:
            os.makedirs(os.path.dirname(self._path), 0o700, exist_ok=True)
            self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            files.sync_folder(os.path.dirname(self._path))
            self._append([self._header, *self._waiting])
            self._waiting = []

    def _append(self, lines: Sequence[Mapping[str, Any]]) -> None:
        assert self._fd is not None
        data = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines).encode()
        os.write(self._fd, data)
        os.fdatasync(self._fd)


def journal_path(folder: str, run: str) -> str:
    """Raises ValueError for a run id that is not a plain word: it becomes a file's name."""
    if not RUN_ID.match(run) or run.startswith("."):
        raise ValueError("not a run id: %r" % run[:100])
    return os.path.join(folder, "journal", run + ".jsonl")


def uncollected(folder: str, running: str = "") -> List[Dict[str, Any]]:
    """What earlier runs left that no controller has taken over yet, oldest first; without the run that is still going
    on. Each: {run, who, started, nodes: [ids], events: […], status}."""
    place = os.path.join(folder, "journal")
    try:
        names = [name for name in os.listdir(place) if name.endswith(".jsonl") and name != running + ".jsonl"]
    except FileNotFoundError:
        return []
    found = [story for name in names for story in [_story(os.path.join(place, name))] if story]
    found.sort(key=lambda story: float(story["started"]))
    for story in found[:-KEPT]:
        forget(folder, story["run"])
    return found[-KEPT:]


def _story(path: str) -> Optional[Dict[str, Any]]:
    story: Dict[str, Any] = {}
    begun: List[int] = []
    for line in (files.read(path) or b"").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            break  # the last line of a host that lost power while writing it
        if "run" in entry:
            story = {**entry, "events": [], "status": "interrupted"}
        elif "before" in entry:
            begun.append(entry["before"])
        elif "after" in entry:
            story["events"].append(entry["after"])
            begun = [number for number in begun if number != entry["after"][0]]
        elif "end" in entry:
            story["status"] = entry["end"]
    if story:
        for number in begun:
            event = Event(number, INTERRUPTED, action="change", error="Interrupted",
                          message="begun, and its end is not known: look anew")
            story["events"].append(event.to_wire())
    return story or None


def forget(folder: str, run: str) -> None:
    """A controller keeps the results now."""
    try:
        os.unlink(journal_path(folder, run))
    except FileNotFoundError:
        pass
