"""Results to rows and back; pure."""
from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from holdfast.agents.model import AgentState
from holdfast.executor.model import HostResult, Result
from holdfast.problems import Place
from holdfast.store.model import CUT_SHORT
from holdfast_host.graph import Event

Row = dict[str, Any]
_TEXTS = ("action", "refreshed", "error", "message", "mend", "argument")  # of an event; "" is kept as NULL


def host_row(run: str, result: HostResult) -> Row:
    """The row of a host."""
    return {"run": run, "host": result.host, "status": result.status, "message": result.message, "mend": result.mend,
            "owed": [list(owed) for owed in result.owed] or None, "graph": result.graph, "seconds": result.seconds}


def resource_rows(run: str, result: HostResult) -> list[Row]:
    """The rows of a host's resources."""
    return [_resource_row(run, result.host, one) for one in result.results]


def _resource_row(run: str, host: str, result: Result) -> Row:
    event, place = result.event, result.place
    row: Row = {"run": run, "host": host, "position": event.node, "id": result.id, "status": event.status,
                "fields": event.fields or None, "diffs": event.diffs or None, "outputs": event.outputs or None,
                "took_ms": event.took_ms, "file": place and place.file, "line": place and place.line,
                "col": place and place.column, "width": place and place.width}
    for name in _TEXTS:
        row[name] = getattr(event, name) or None
    return row


def drift_rows(run: str, result: HostResult, seen: float) -> list[Row]:
    """The rows of resources that are not as declared. seen: seconds since the epoch."""
    return [{"host": result.host, "digest": digest_of(one.id), "id": one.id, "first_seen": seen, "run": run,
             **change_row(one.event)}
            for one in result.results if one.event.status == "pending"]


def digest_of(id_: str) -> str:
    """What stands for an id where it may be too long."""
    return hashlib.sha256(id_.encode("utf-8", "surrogateescape")).hexdigest()


def change_row(event: Event) -> Row:
    """What differs, as it is kept of a drift."""
    return {"action": event.action or None, "fields": event.fields or None, "diffs": event.diffs or None}


def agent_row(run: str, state: AgentState, now: float) -> Row:
    """The row of an agent on a host. now: seconds since the epoch."""
    return {"host": state.host, "agent": state.agent, "wanted": state.wanted, "present": state.present,
            "healthy": state.healthy, "version": state.version, "why": state.why, "since": now,
            "asked": None if state.present is None else now, "run": run}


def agent_state(row: Mapping[str, Any]) -> AgentState:
    """What `agent_row` was made from, with its times."""
    return AgentState(row["host"], row["agent"], row["wanted"], row["present"], row["healthy"], row["version"],
                      row["why"], row["since"], row["asked"])


def host_result(row: Mapping[str, Any], resources: Iterable[Mapping[str, Any]]) -> HostResult:
    """What `host_row` and `resource_rows` were made from."""
    return HostResult(row["host"], row["status"], tuple(map(_result, resources)), row["message"], row["mend"],
                      tuple((owed[0], owed[1], owed[2]) for owed in row["owed"] or ()), row["graph"], row["seconds"])


def _result(row: Mapping[str, Any]) -> Result:
    place = None if row["file"] is None else Place(row["file"], row["line"], row["col"], row["width"])
    event = Event(row["position"], row["status"], took_ms=row["took_ms"], outputs=row["outputs"] or {},
                  fields=tuple((name, before, after) for name, before, after in row["fields"] or ()),
                  diffs=tuple((name, diff) for name, diff in row["diffs"] or ()),
                  **{name: row[name] or "" for name in _TEXTS})
    return Result(row["id"], place, event)


def is_whole(result: HostResult) -> bool:
    """Whether no more of this host can be known later. One that failed at no resource failed before it was given any,
    perhaps when a run was resumed of which it has the first part."""
    if result.status == "failed":
        return any(one.event.status == "failed" for one in result.results)
    return result.status not in CUT_SHORT


def with_places(result: HostResult, known: HostResult | None) -> HostResult:
    """The result with the places that are known of its resources from before."""
    places = {one.id: one.place for one in known.results} if known else {}
    return replace(result, results=tuple(replace(one, place=one.place or places.get(one.id)) for one in result.results))
