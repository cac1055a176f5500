"""What a graph declares: a digest for each resource, and the graph without those that are to be left alone."""
from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from holdfast.compiler.model import HostGraph, Left
from holdfast_host.graph import Node
from holdfast_host.values import Join, Output, from_wire

DIGITS = 16  # hexadecimal ones of a digest


class Digests:
    """Digests of what resources are declared to be; equal for equal arguments, wherever they stand in a graph. Hosts
    share nodes, so each is looked at once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Node, str]] = {}  # by the node's identity; the node is kept, so it stays its own

    def of(self, graph: HostGraph) -> dict[str, str]:
        """By id."""
        return {node.id: self._of(node) for node in graph.nodes}

    def _of(self, node: Node) -> str:
        found = self._known.get(id(node))
        if found is None:
            text = json.dumps([node.type, node.args], sort_keys=True, separators=(",", ":"))
            found = self._known[id(node)] = node, hashlib.sha256(text.encode("ascii")).hexdigest()[:DIGITS]
        return found[1]


def without(graph: HostGraph, why: Mapping[str, str]) -> HostGraph:
    """The graph without these resources, and without those to which they pass a value on. why: by id."""
    reasons = {node.id: why[node.id] for node in graph.nodes if node.id in why}
    if not reasons:
        return graph
    for node in graph.nodes:  # what gives stands before what takes
        lacking = next((output.id for output in _outputs(from_wire(node.args)) if output.id in reasons), "")
        if node.id not in reasons and lacking:
            reasons[node.id] = f"it needs what {lacking} gives, which is left alone"
    stay = [number for number, node in enumerate(graph.nodes) if node.id not in reasons]
    now = {before: after for after, before in enumerate(stay)}
    nodes = tuple(_moved(graph.nodes[number], now) for number in stay)
    parts = graph.parts or ((),) * len(graph.nodes)
    left = [Left(node.id, graph.places[number], reasons[node.id], parts[number], is_alone=True)
            for number, node in enumerate(graph.nodes) if node.id in reasons]
    where = graph.where_argument
    name = hashlib.sha256("\n".join([graph.name, *(node.id for node in nodes)]).encode()).hexdigest()
    return replace(graph, nodes=nodes, places=tuple(graph.places[number] for number in stay), left=(*graph.left, *left),
                   parts=tuple(parts[number] for number in stay), name=name,
                   where_argument=where and (lambda number, argument: where(stay[number], argument)))


def _moved(node: Node, now: Mapping[int, int]) -> Node:
    """A node whose neighbours have other positions, or are gone."""
    return Node(node.id, node.type, node.args, tuple(now[one] for one in node.needs if one in now),
                tuple(now[one] for one in node.notifies if one in now), node.limit_s, node.hides)


def _outputs(value: Any) -> Iterator[Output]:
    if isinstance(value, Output):
        yield value
    elif isinstance(value, Join):
        for part in value.parts:
            yield from _outputs(part)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _outputs(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _outputs(inner)
