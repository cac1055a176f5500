"""From what a host says to results: shapes checked, places added. What a host says is data and is never rendered."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from holdfast.compiler.model import HostGraph
from holdfast.problems import Place
from holdfast_host.confirming import PARTLY, TAKEN_BACK
from holdfast_host.graph import (
    CHANGED,
    FAILED,
    INTERRUPTED,
    OK,
    PENDING,
    SKIPPED,
    TIMED_OUT,
    UNKNOWN,
    Event,
    event_from_wire,
)
from holdfast_host.protocol import RemoteProtocolError

from .model import HostResult, Result

OwedList = tuple[tuple[str, str, str], ...]

# A host's status is the first of these that one of its resources gives.
ENDINGS = {  # of runs that nobody confirmed
    TAKEN_BACK: "the change was taken back: the controller could not reach this host again in time",
    PARTLY: "a part of the change was taken back, and a part could not be: the controller could not reach this host "
            "again in time"}

_WORST = (
    (FAILED, "failed"), (TIMED_OUT, "timed_out"), (INTERRUPTED, "interrupted"), (CHANGED, "changed"),
    (PENDING, "pending"), (UNKNOWN, "pending"),
)


def events_of(wire: Sequence[Any], nodes: int) -> list[Event]:
    """Raises RemoteProtocolError for what are not events of a graph with so many nodes."""
    try:
        return [event_from_wire(item, nodes) for item in wire]
    except (ValueError, TypeError) as error:
        raise RemoteProtocolError(str(error)) from None


def result_of(graph: HostGraph, event: Event) -> Result:
    """An event with the place where its resource, or the argument that it complains of, is written."""
    place = graph.places[event.node]
    if event.argument and graph.where_argument is not None and event.argument in graph.nodes[event.node].args:
        place = graph.where_argument(event.node, event.argument)
    return Result(graph.nodes[event.node].id, place, event, graph.parts[event.node] if graph.parts else ())


def left_of(graph: HostGraph) -> list[Result]:
    """The resources that are declared but not for this host."""
    return [Result(left.id, left.place, Event(len(graph.nodes) + number, SKIPPED, message=left.why), left.parts,
                   left.is_alone)
            for number, left in enumerate(graph.left)]


def status_of(results: Iterable[Result]) -> str:
    """What became of a host whose run came to its end."""
    found = {result.event.status for result in results}
    return next((status for sign, status in _WORST if sign in found), OK)


def owed_of(wire: Any) -> OwedList:
    """Notifications that are still to be carried out. Raises RemoteProtocolError."""
    if not isinstance(wire, list) or not all(isinstance(item, list) and len(item) == 3 for item in wire):
        raise RemoteProtocolError("`owed` is not a list of notifications")
    return tuple((str(id), str(since), str(why)) for id, since, why in wire)


def paid_of(wire: Any) -> Iterator[str]:
    """What became of notifications that were owed to resources which the run does not declare, in words. Raises
    RemoteProtocolError."""
    if not isinstance(wire, list) or not all(isinstance(item, list) and len(item) == 4 for item in wire):
        raise RemoteProtocolError("`paid` is not a list of notifications")
    for id, since, why, wrong in wire:
        said = f"{id} was owed a notification since {since}, of {why}: "
        yield said + (f"it could not be carried out: {wrong}" if wrong else "carried out now")


def earlier(host: str, wire: Any) -> tuple[str, HostResult]:
    """A run that no controller has collected, as its id and this host's result. Raises RemoteProtocolError."""
    if not isinstance(wire, Mapping) or not isinstance(wire.get("run"), str):
        raise RemoteProtocolError("`unfinished` holds what is not a run")
    ids, events = wire.get("nodes"), wire.get("events")
    if not isinstance(ids, list) or not all(isinstance(id, str) for id in ids) or not isinstance(events, list):
        raise RemoteProtocolError("`unfinished` holds what is not a run")
    results = _latest(Result(ids[event.node], _NOWHERE, event) for event in events_of(events, len(ids)))
    status = str(wire.get("status", ""))
    if status not in (OK, "changed", "failed", "interrupted"):
        status = status_of(results)
    message = ENDINGS.get(str(wire.get("status")), "the run lost its controller; collected at a later contact")
    status = "failed" if str(wire.get("status")) in ENDINGS else status
    return wire["run"], HostResult(host, status, results, message, graph=str(wire.get("graph", "")))


def _latest(results: Iterable[Result]) -> tuple[Result, ...]:
    """One for each resource, the last that was said of it, in the order of the graph."""
    by_node = {result.event.node: result for result in results}
    return tuple(by_node[node] for node in sorted(by_node))


_NOWHERE: Place | None = None
