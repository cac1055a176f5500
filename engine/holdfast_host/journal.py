"""What a host remembers of runs: what was begun, what came of it, and which notifications are owed.

A run that changes something has a file of JSON lines, `journal/RUN.jsonl`; each line is synced before the deed that it
announces, or before the result that it holds is reported. It is there until a controller has said that it keeps the
results. `owed.json` holds the notifications that were promised and not yet carried out; it outlives runs and reboots.
"""
from __future__ import annotations

import contextlib
import json
import os
import re
import time
from typing import Any, Dict, List, Mapping, Optional, Sequence

from . import files
from .errors import Failed
from .graph import CHANGED, INTERRUPTED, OK, Event, Node
from .record import Record

KEPT = 200  # journals of runs that nobody has collected; the oldest go first
TOLD_BYTES = 4 * 1024 * 1024  # of journals that are told in one greeting; the rest waits for the next contact
TEXT_CHARS = 1000  # of a message in a journal that is larger than that
WORDS = ("action", "refreshed", "error", "message", "mend")  # what is left of an event that is too large
END_UNKNOWN = "begun, and its end is not known: look anew"
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
            try:
                self.owed = {id: Owed(item["since"], item["run"], item["by"], item.get("node"))
                             for id, item in json.loads(data).items()}
            except (ValueError, KeyError, TypeError, AttributeError):
                raise Failed("%s, which holds the notifications that are owed, is damaged: move it away" %
                             self._path) from None

    def promise(self, run: str, by: str, targets: Sequence[Node], now: float) -> None:
        """Written down before `by` is changed, so that nothing can come between the change and the promise. Raises
        Failed when it cannot be written down; nothing is promised then."""
        owed = dict(self.owed)
        for target in targets:
            before = owed.get(target.id, Owed(now, run, ()))
            if by not in before.by:
                owed[target.id] = Owed(before.since, before.run, [*before.by, by], alone(target))
        self._keep(owed)

    def retract(self, by: str, targets: Sequence[str]) -> None:
        """`by` turned out not to have changed anything. Raises Failed; it stays owed then."""
        left = dict(self.owed)
        for target in targets:
            owed = left.get(target)
            if owed is not None:
                rest = [id for id in owed.by if id != by]
                if rest:
                    left[target] = Owed(owed.since, owed.run, rest, owed.node)
                else:
                    del left[target]
        self._keep(left)

    def paid(self, target: str) -> None:
        """The notification has been carried out. Raises Failed when that cannot be written down; it stays owed then."""
        self._keep({id: owed for id, owed in self.owed.items() if id != target})

    def _keep(self, owed: Dict[str, Owed]) -> None:
        """On the disk first, so that what is known here is never more than what a crash would leave."""
        if owed == self.owed:
            return
        wire = {id: {"since": item.since, "run": item.run, "by": list(item.by), "node": item.node}
                for id, item in owed.items()}
        files.swap(self._path, json.dumps(wire).encode(), lambda: True, mode="0600")
        self.owed = owed


def alone(node: Node) -> Optional[Mapping[str, Any]]:
    """What can be carried out without its graph: nothing in it is a secret, an output or a content."""
    text = json.dumps(node.args)
    if any(mark in text for mark in ('"$secret"', '"$output"', '"$blob"')):
        return None
    return {"type": node.type, "args": node.args, "limit_s": node.limit_s}


class Journal:
    """One run on this host. The file is made when the first change is about to happen: a run that finds everything in
    state writes nothing. key: what it takes to undo the run is sealed with it."""

    def __init__(self, folder: str, run: str, who: str, nodes: Sequence[Node], key: bytes) -> None:
        self.folder, self.key, self._path = folder, key, journal_path(folder, run)
        self._header = {"run": run, "who": who, "started": time.time(), "nodes": [node.id for node in nodes]}
        self._fd: Optional[int] = None
        self._waiting: List[Mapping[str, Any]] = []

    @property
    def has_begun(self) -> bool:
        """Whether anything was about to be changed."""
        return self._fd is not None

    def before(self, nodes: Sequence[int], memories: Mapping[int, Mapping[str, Any]] = {}) -> None:
        """These are going to be changed now. memories: what it takes to undo that. Raises Failed when that cannot be
        written down: then they must not be."""
        try:
            self._open()
            self._append([{"before": number, **({"memory": memories[number]} if number in memories else {})}
                          for number in nodes])
        except OSError as error:
            raise Failed("cannot write down on this host what is about to be changed: %s: %s" % (
                os.path.dirname(self._path), error.strerror or error)) from None

    def after(self, event: Event) -> None:
        """This is what came of a node; durable when it returns if the run has changed anything at all. Where it cannot
        be written down, the journal says that the end is not known."""
        line = {"after": event.to_wire()}
        if self._fd is None:
            self._waiting.append(line)
        else:
            with contextlib.suppress(OSError):
                self._append([line])

    def would_end(self, status: str) -> None:
        """How the run has ended if nothing more is written down: its process may be killed."""
        if self._fd is not None:
            with contextlib.suppress(OSError):
                self._append([{"end": status}])

    def end(self, status: str) -> None:
        """The run is over on this host."""
        self.would_end(status)
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _open(self) -> None:
        if self._fd is not None:
            return
        os.makedirs(os.path.dirname(self._path), 0o700, exist_ok=True)
        self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            files.sync_folder(os.path.dirname(self._path))
            self._append([self._header, *self._waiting])
        except OSError:
            os.close(self._fd)
            self._fd = None
            raise
        self._waiting = []

    def _append(self, lines: Sequence[Mapping[str, Any]]) -> None:
        """All of the lines or none: half a line would spoil those after it."""
        assert self._fd is not None
        data = memoryview("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines).encode())
        size = os.fstat(self._fd).st_size
        try:
            while data:
                data = data[os.write(self._fd, data):]
            os.fdatasync(self._fd)
        except BaseException:
            os.ftruncate(self._fd, size)
            raise


def journal_path(folder: str, run: str) -> str:
    """Raises ValueError for a run id that is not a plain word: it becomes a file's name."""
    if not RUN_ID.match(run) or run.startswith("."):
        raise ValueError("not a run id: %r" % run[:100])
    return os.path.join(folder, "journal", run + ".jsonl")


def uncollected(folder: str, running: str = "") -> List[Dict[str, Any]]:
    """What earlier runs left that no controller has taken over yet, oldest first; without the run that is still going
    on. Each: {run, who, started, nodes: [ids], events: […], status}."""
    paths = _kept(folder, running)
    for path in paths[KEPT:]:
        os.unlink(path)
    found: List[Dict[str, Any]] = []
    room = TOLD_BYTES
    for path in paths[:KEPT]:
        size = os.path.getsize(path)
        room -= min(size, TOLD_BYTES)
        if room < 0:
            break  # in turn, once a controller has taken over the newer ones
        story = _story(path)
        if story:
            found.append(story if size <= TOLD_BYTES else _shortened(story))
    found.sort(key=lambda story: float(story["started"]))
    return found


def _kept(folder: str, running: str) -> List[str]:
    """The journals' paths, the newest first."""
    place = os.path.join(folder, "journal")
    try:
        names = [name for name in os.listdir(place) if name.endswith(".jsonl") and name != running + ".jsonl"]
    except FileNotFoundError:
        return []
    return sorted((os.path.join(place, name) for name in names), key=os.path.getmtime, reverse=True)


def _story(path: str) -> Optional[Dict[str, Any]]:
    story: Dict[str, Any] = {}
    begun: List[int] = []
    for line in (files.read(path) or b"").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            break  # the last line of a host that lost power while writing it
        if "run" in entry:  # a second time where the run went on after a boot
            story = {**entry, "events": story.get("events", []), "status": INTERRUPTED}
        elif "before" in entry:
            begun.append(entry["before"])
        elif "after" in entry:
            node, status = entry["after"][:2]
            if status != OK or not any(before[:2] == [node, CHANGED] for before in story["events"]):
                story["events"].append(entry["after"])
            begun = [number for number in begun if number != entry["after"][0]]
        elif "end" in entry:
            story["status"] = entry["end"]
    for number in begun:
        story["events"].append(Event(number, INTERRUPTED, action="change", error="Interrupted",
                                     message=END_UNKNOWN).to_wire())
    return story or None


def _shortened(story: Dict[str, Any]) -> Dict[str, Any]:
    """What became of each resource, without diffs and outputs: a greeting has to fit into a frame."""
    events = [[*event[:3], {name: str(value)[:TEXT_CHARS] for name, value in event[3].items()
                            if name in WORDS}]
              if len(event) > 3 else event for event in story["events"]]
    return {**story, "events": events}


def forget(folder: str, run: str) -> None:
    """A controller keeps the results now."""
    from . import confirming, undoing

    undoing.retire(folder, journal_path(folder, run))
    confirming.clear(folder, run)
