"""The compiled graph of one host, as it travels and is stored.

A graph's name is the SHA-256 of its canonical JSON; secrets are not in it (only their names are), contents of files
only by their hash. Nodes are in the order in which they are carried out.
"""
from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Tuple

from .record import Record

PLAN, APPLY = "plan", "apply"


class Node(Record):
    """One resource. `id` is `type: name`, unique in its graph.

    args: arguments as `values.to_wire` makes them. needs: positions of the nodes without which this one is not
    carried out; notifies: positions of nodes that are told when this one changes. limit_s: seconds, None: no limit.
    hides: what differs is not shown, as nobody knows whether a secret is in it.
    """

    id: str
    type: str
    args: Mapping[str, Any]
    needs: Tuple[int, ...] = ()
    notifies: Tuple[int, ...] = ()
    limit_s: Optional[float] = None
    hides: bool = False

    def to_wire(self) -> Dict[str, Any]:
        wire: Dict[str, Any] = {"id": self.id, "type": self.type, "args": self.args}
        if self.needs:
            wire["needs"] = list(self.needs)
        if self.notifies:
            wire["notifies"] = list(self.notifies)
        if self.limit_s is not None:
            wire["limit_s"] = self.limit_s
        if self.hides:
            wire["hides"] = True
        return wire


def nodes_from_wire(wire: Any) -> List[Node]:
    """The nodes of a `graph` message. Raises ValueError when they are not well formed."""
    nodes: List[Node] = []
    for number, item in enumerate(wire):
        if not isinstance(item, dict) or not isinstance(item.get("id"), str) or not isinstance(item.get("type"), str) \
                or not isinstance(item.get("args"), dict):
            raise ValueError("node %d is not well formed" % number)
        needs, notifies = item.get("needs", []), item.get("notifies", [])
        if not all(isinstance(i, int) and 0 <= i < number for i in needs):
            raise ValueError("node %d needs one that does not stand before it" % number)
        if not all(isinstance(i, int) and number < i < len(wire) for i in notifies):
            raise ValueError("node %d notifies one that does not stand after it" % number)
        limit = item.get("limit_s")
        if limit is not None and (not isinstance(limit, (int, float)) or limit <= 0):
            raise ValueError("node %d: limit_s is not a number of seconds" % number)
        nodes.append(Node(item["id"], item["type"], item["args"], tuple(needs), tuple(notifies), limit,
                          item.get("hides") is True))
    return nodes


# What can become of a resource, in a plan or a run; `pending` and `unknown` only in plans.
OK, CHANGED, PENDING, UNKNOWN = "ok", "changed", "pending", "unknown"
FAILED, SKIPPED, TIMED_OUT, INTERRUPTED = "failed", "skipped", "timed_out", "interrupted"
STATUSES = (OK, CHANGED, PENDING, UNKNOWN, FAILED, SKIPPED, TIMED_OUT, INTERRUPTED)


class Event(Record):
    """What became of one node.

    node: its position. action: the change's verb, "" when there was none. fields: (name, before, after) as JSON
    values, secrets masked. diffs: (name, unified diff) for content. refreshed: why a notification was carried out, or
    is to be ("restart: template: /etc/x changed"). error: the class of what went wrong (Refused, Failed, Stale …).
    fingerprint: of the change, in runs that are held to a plan; see `planned`. now: of what a plan does not know,
    because something before it may act first: how it stands as long as that has not acted, ok or pending; "": not seen.
    """

    node: int
    status: str
    action: str = ""
    fields: Tuple[Tuple[str, Any, Any], ...] = ()
    diffs: Tuple[Tuple[str, str], ...] = ()
    refreshed: str = ""
    error: str = ""
    message: str = ""
    mend: str = ""
    argument: str = ""
    outputs: Mapping[str, Any] = {}
    fingerprint: str = ""
    now: str = ""
    took_ms: int = 0

    def to_wire(self) -> List[Any]:
        """[node, status, took_ms] or with a fourth item for whatever differs from the default."""
        more = {name: value for name, value in self.__dict__.items()
                if name not in ("node", "status", "took_ms") and value != self._fields_[name]}
        return [self.node, self.status, self.took_ms] + ([more] if more else [])


def event_from_wire(wire: Any, nodes: int) -> Event:
    """Raises ValueError for what is not an event of a graph with so many nodes. What a host says is data: it is
    checked here for shape, and never rendered."""
    if not isinstance(wire, list) or len(wire) not in (3, 4) or not isinstance(wire[0], int) \
            or not 0 <= wire[0] < nodes or wire[1] not in STATUSES or not isinstance(wire[2], int):
        raise ValueError("not an event")
    more = wire[3] if len(wire) == 4 else {}
    if not isinstance(more, dict):
        raise ValueError("not an event")
    kept: Dict[str, Any] = {}
    for name in ("action", "refreshed", "error", "message", "mend", "argument", "fingerprint", "now"):
        if name in more:
            kept[name] = str(more[name])
    if "outputs" in more:
        if not isinstance(more["outputs"], dict):
            raise ValueError("not an event: outputs")
        kept["outputs"] = more["outputs"]
    for name, width in (("fields", 3), ("diffs", 2)):
        rows = more.get(name, ())
        if not isinstance(rows, (list, tuple)) or not all(isinstance(r, (list, tuple)) and len(r) == width
                                                          and isinstance(r[0], str) for r in rows):
            raise ValueError("not an event: %s" % name)
        if rows:
            kept[name] = tuple(tuple(row) for row in rows)
    return Event(wire[0], wire[1], took_ms=wire[2], **kept)
