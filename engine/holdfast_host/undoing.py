"""What it takes to have again what was before a change: kept when the change is made, read when somebody wants it back.

With every change the journal holds declarations which, carried out, lead back to what was observed before it. Contents
lie beside the journals in `undo/`. Both are sealed: what was before may be a password that has been changed since, and
only the controller has the key of a run. Journals stay for the last KEPT runs that changed something.
"""
from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
from typing import Any, Container, Dict, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

from . import files, library, sealing, values
from .errors import Failed, HoldfastError
from .graph import Node
from .record import Record
from .redact import Redactor
from .resource import Change, Declared, Identity, Resource

KEPT = 20  # runs that can be undone
CONTENT_LIMIT = 16 * 1024 * 1024  # bytes; a larger content is not kept
RUN_FOLDER, CONTENT_FOLDER = "done", "undo"

Left = Tuple[str, str]  # the id of what cannot be undone, and why


class Memory(Record):
    """What is kept of one change. back: types and arguments, as they travel, None: it cannot be undone; why: the reason
    then; tells: (id, {type, args, limit_s}) of what the change notified; hides: a secret may be in the contents;
    contents: the names of the files in `undo/` that hold them."""

    back: Optional[Sequence[Tuple[str, Mapping[str, Any]]]]
    why: str = ""
    tells: Sequence[Tuple[str, Any]] = ()
    hides: bool = False
    contents: Sequence[str] = ()

    def sealed(self, key: bytes) -> Dict[str, Any]:
        """As the journal has it."""
        told = {"back": self.back, "why": self.why, "tells": self.tells, "hides": self.hides}
        data = sealing.seal(key, json.dumps(told, separators=(",", ":")).encode())
        return {"sealed": base64.b64encode(data).decode(), "contents": self.contents}


def remember(folder: str, key: bytes, node: Node, resource: Resource, observed: Any, change: Change,
             tells: Sequence[Tuple[str, Any]], redactor: Redactor) -> Memory:
    """Called before the change; what has to be kept is durable when it returns. folder: the runner's;
    key: of the run."""
    try:
        back = resource.undo(observed, change)
        if back is None:
            return Memory(None, "what a %s does cannot be undone" % node.type, tells)
        hides = any(redactor.holds(value) for field in change.fields for value in (field.before, field.after))
        return _remembered(folder, key, node, back, tells, redactor, hides)
    except Failed as failed:
        return Memory(None, str(failed), tells)
    except Exception as error:  # not to be able to undo is no reason not to do
        return Memory(None, "what was before could not be kept: %s" % error, tells)


def _remembered(folder: str, key: bytes, node: Node, back: Sequence[Declared], tells: Sequence[Tuple[str, Any]],
                redactor: Redactor, hides: bool) -> Memory:
    hides = hides or bool(values.secret_names(values.from_wire(node.args)))
    kept: List[Tuple[str, Mapping[str, Any]]] = []
    contents: List[str] = []
    for type_, args in back:
        library.resource_type(type_)(**args)  # what it refuses, it would refuse then
        for value in args.values():
            if isinstance(value, values.Blob):
                data = value.data()
                if len(data) > CONTENT_LIMIT:
                    return Memory(None, "the content before was larger than %d bytes" % CONTENT_LIMIT, tells)
                hides = hides or redactor.holds(data)
                contents.append(_keep(folder, key, value.sha256, data))
        kept.append((type_, values.to_wire(args)))
    try:
        json.dumps(kept, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return Memory(None, "a name in it is not UTF-8, which no document can declare", tells)
    return Memory(kept, "", tells, hides, contents)


def _keep(folder: str, key: bytes, sha256: str, data: bytes) -> str:
    place = os.path.join(folder, CONTENT_FOLDER)
    name = sealing.name(key, sha256)
    path = os.path.join(place, name)
    if not os.path.exists(path):
        os.makedirs(place, 0o700, exist_ok=True)
        files.swap(path, sealing.seal(key, data), lambda: True, mode="0600")
    return name


def tidy(folder: str) -> None:
    """Clears what a run that was killed while it kept a content has left of it. The caller holds the host."""
    place = os.path.join(folder, CONTENT_FOLDER)
    with contextlib.suppress(OSError):  # mostly there is nothing; and it keeps nobody from anything
        for name in os.listdir(place):
            if name.startswith("."):
                os.unlink(os.path.join(place, name))


def content(folder: str, key: bytes, sha256: str) -> Optional[bytes]:
    """A content that was kept in the run of this key; None: it is not here. Raises Failed when it has been altered."""
    sealed = files.read(os.path.join(folder, CONTENT_FOLDER, sealing.name(key, sha256)))
    if sealed is None:
        return None
    data = sealing.unseal(key, sealed)
    return data if hashlib.sha256(data).hexdigest() == sha256 else None


# -- keeping journals ------------------------------------------------------------------------------------------------


def retire(folder: str, path: str) -> None:
    """A journal whose results are safe is kept for undoing; the oldest go, with the contents that only they need."""
    place = os.path.join(folder, RUN_FOLDER)
    try:
        os.makedirs(place, 0o700, exist_ok=True)
        os.rename(path, os.path.join(place, os.path.basename(path)))
    except FileNotFoundError:
        return
    names = sorted(os.listdir(place), key=lambda name: os.stat(os.path.join(place, name)).st_mtime)
    if len(names) > KEPT:
        for name in names[:-KEPT]:
            os.unlink(os.path.join(place, name))
        _drop_contents(folder)


def _drop_contents(folder: str) -> None:
    place = os.path.join(folder, CONTENT_FOLDER)
    if not os.path.isdir(place):
        return
    needed = b"".join(files.read(path) or b"" for path in _journals(folder))
    for name in os.listdir(place):
        if name.encode() not in needed:
            os.unlink(os.path.join(place, name))


def _journals(folder: str) -> Iterator[str]:
    for part in (RUN_FOLDER, "journal"):
        place = os.path.join(folder, part)
        if os.path.isdir(place):
            yield from (os.path.join(place, name) for name in sorted(os.listdir(place)) if name.endswith(".jsonl"))


# -- going back ------------------------------------------------------------------------------------------------------


def way_back(folder: str, key: bytes, run: str, only: Container[str] = ()) -> Optional[Tuple[List[Node], List[Left]]]:
    """The graph that leads back to what was before a run, last change first, and what cannot be undone. key: of the
    run; only: ids of resources; (): all. None: nothing is kept of this run. Raises Failed when the key is another."""
    path = next((path for path in _journals(folder) if os.path.basename(path) == run + ".jsonl"), None)
    if path is None:
        return None
    ids, memories = _read(path, key)
    nodes: List[Node] = []
    left: List[Left] = []
    told: Dict[str, Any] = {}
    tellers: Dict[str, List[int]] = {}
    for number, memory in reversed(memories):
        id = ids[number]
        if only and id not in only:
            continue
        if memory["back"] is None:
            left.append((id, memory["why"]))
            continue
        for count, (type_, args) in enumerate(memory["back"]):
            for target, alone in memory["tells"]:
                told.setdefault(target, alone)
                tellers.setdefault(target, []).append(len(nodes))
            nodes.append(Node(_free(id, nodes, count), type_, args, hides=memory["hides"]))
    return _with_told(nodes, told, tellers), left


def _read(path: str, key: bytes) -> Tuple[List[str], List[Tuple[int, Mapping[str, Any]]]]:
    ids: List[str] = []
    memories: Dict[int, Mapping[str, Any]] = {}
    for line in (files.read(path) or b"").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            break
        if "run" in entry:
            ids = entry["nodes"]
        elif "memory" in entry:
            memories.setdefault(entry["before"], entry["memory"])  # the first: before anything of it was changed
    return ids, [(number, json.loads(sealing.unseal(key, base64.b64decode(memory["sealed"]))))
                 for number, memory in memories.items()]


def _free(id: str, nodes: Sequence[Node], count: int) -> str:
    taken = {node.id for node in nodes}
    while count or id in taken:
        made = "%s (%d)" % (id, count + 1)
        if made not in taken:
            return made
        count += 1
    return id


def _stays(node: Node) -> bool:
    return node.args.get("running") is not False and node.args.get("state", "present") == "present"


def _declared(type_: str, wire: Mapping[str, Any]) -> Optional[Resource]:
    """The resource; None: it is not to be known before the graph is carried out."""
    args = values.from_wire(wire)
    try:
        return None if values.secret_names(args) or values.references(args) else library.resource_type(type_)(**args)
    except HoldfastError:
        return None


def _gone(nodes: Sequence[Node]) -> Set[Identity]:
    """Packages and units that will not be there at the end."""
    made = [_declared(node.type, node.args) for node in nodes]
    return {identity for resource in made if resource is not None and resource.is_removal()
            for identity in resource.provides() if identity[0] in ("package", "unit")}


def _with_told(nodes: List[Node], told: Mapping[str, Any], tellers: Mapping[str, Sequence[int]]) -> List[Node]:
    """With what the changes had notified at the end, to be notified again. What is undone itself stands too early to
    hear of what follows; unless it is to be down or gone, it is there a second time."""
    positions = {node.id: number for number, node in enumerate(nodes)}
    gone = _gone(nodes)
    for target, alone in told.items():
        before = positions.get(target)
        resource = _declared(nodes[before].type, nodes[before].args) if before is not None else \
            _declared(alone["type"], alone["args"]) if alone is not None else None
        if resource is not None and not gone.isdisjoint(resource.wants()):
            continue  # it goes with what it needs
        if before is None and alone is not None:
            positions[target] = len(nodes)
            nodes.append(Node(target, alone["type"], alone["args"], limit_s=alone.get("limit_s")))
        elif before is not None and before < max(tellers[target]) and _stays(nodes[before]):
            positions[target] = len(nodes)
            nodes.append(Node(_free(target, nodes, 1), nodes[before].type, nodes[before].args))
    notifies: Dict[int, List[int]] = {}
    for target, numbers in tellers.items():
        for number in numbers:
            if number < positions.get(target, -1):
                notifies.setdefault(number, []).append(positions[target])
    return [Node(node.id, node.type, node.args, (), tuple(sorted(set(notifies.get(number, ())))), node.limit_s,
                 node.hides) for number, node in enumerate(nodes)]
