"""Carrying out notifications that are owed to resources which the run in hand does not declare."""
from __future__ import annotations

import time
from typing import Container, List, Mapping, Tuple

from . import library, values
from .errors import Failed, Interrupted
from .journal import Ledger, Owed
from .limit import shielded, time_limit

Paid = Tuple[str, str, str, str]  # id, since when (UTC), of which change, and what went wrong or ""

MEND = "it is owed until a run declares it"


def pay(ledger: Ledger, declared: Container[str]) -> List[Paid]:
    """Carries out what is owed and not declared. What goes wrong stays owed. Only the notification is carried out: what
    the resource was declared to be may be another thing by now."""
    told: List[Paid] = []
    for id, owed in sorted(ledger.owed.items()):
        if id not in declared:
            told.append((id, when(owed.since), owed.why(), _wrong(ledger, id, owed)))
    return told


def _wrong(ledger: Ledger, id: str, owed: Owed) -> str:
    """Carries one out; why it did not go, or ""."""
    node = owed.node
    if node is None:
        return "it needs a secret, a content or an output of its own run; " + MEND
    try:
        _refresh(id, node)
        with shielded():
            ledger.paid(id)
    except Interrupted:
        raise
    except Exception as error:  # whatever a type raises is the report
        return "%s; %s" % (error if isinstance(error, Failed) else "%s: %s" % (type(error).__name__, error), MEND)
    return ""


def _refresh(id: str, node: Mapping[str, object]) -> None:
    limit = node.get("limit_s")
    with time_limit(limit if isinstance(limit, (int, float)) else None, id):
        resource = library.resource_type(str(node["type"]))(**values.from_wire(node["args"]))
        if resource.needs_refresh(None):
            resource.refresh()


def when(seconds: float) -> str:
    """A moment, in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
