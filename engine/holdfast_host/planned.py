"""Holding a run to a plan that somebody has seen: fingerprints of changes, and what differs from them now.

A fingerprint is an HMAC over all that a change says, contents and secrets included. Its key is made of the secrets of
the host's graph, so that a file of fingerprints gives away neither.
"""
from __future__ import annotations

from typing import Any, List, Optional, Sequence, Tuple

from .graph import FAILED, INTERRUPTED, OK, PENDING, UNKNOWN, Event
from .record import Record, with_fields
from .resource import Change

Planned = Tuple[str, str]  # status and fingerprint of one node

_WAS = {OK: "it was in state", PENDING: "it was to be changed", UNKNOWN: "it was not known yet"}
_IS = {OK: "it is in state", UNKNOWN: "it is not known yet", FAILED: "it fails"}
REFUSED = "refused"  # how a run ends on a host that has changed since the plan
NOT_BEGUN = "not begun: this host has changed since the plan"


class Held(Record):
    """What a run is held to. key: of the fingerprints; planned: one for each node, (): fingerprints are only made."""

    key: str
    planned: Tuple[Planned, ...] = ()


def held_from_wire(key: str, planned: Any, nodes: int) -> Optional[Held]:
    """None: the run is held to nothing. Raises ValueError for what is not well formed."""
    if not key:
        return None
    rows: Tuple[Planned, ...] = tuple(tuple(row) for row in planned)
    if (rows and len(rows) != nodes) or not all(len(row) == 2 and all(isinstance(word, str) for word in row)
                                              for row in rows):
        raise ValueError("`planned` is not one status and fingerprint for each node")
    return Held(key, rows)


def fingerprint(key: str, change: Optional[Change]) -> str:
    """24 hex digits; "" where there is no change."""
    if change is None:
        return ""
    import hmac
    import json

    said = [change.action, [[field.name, _plain(field.before), _plain(field.after)] for field in change.fields]]
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hmac.new(key.encode(), text.encode("ascii"), "sha256").hexdigest()[:24]


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"bytes": value.decode("latin-1")}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(map(str, value))
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


def differing(planned: Sequence[Planned], now: Sequence[Event]) -> List[int]:
    """The nodes that would not do what was planned. now: what a plan says at this moment, in the order of nodes."""
    return [number for number, (event, before) in enumerate(zip(now, planned))
            if (event.status, event.fingerprint) != tuple(before)]


def refusals(planned: Sequence[Planned], now: Sequence[Event]) -> List[Event]:
    """The events that refuse a host: what has changed since the plan, and that the rest was not begun."""
    changed = set(differing(planned, now))
    return [_moved(planned[event.node][0], event) if event.node in changed
            else Event(event.node, INTERRUPTED, message=NOT_BEGUN) for event in now]


def _moved(before: str, event: Event) -> Event:
    was = _WAS.get(before, "it was %s" % before)
    if event.status == PENDING:
        now = "the change would be another one" if before == PENDING else "it would be changed"
    else:
        now = _IS.get(event.status, "it is %s" % event.status) + (": " + event.message if event.message else "")
    return with_fields(event, status=FAILED, error="Stale", refreshed="",
                       message="changed since the plan: %s, now %s" % (was, now))
