"""The task graph of a host, to be read and to be drawn."""
from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from holdfast.compiler.model import HostGraph
from holdfast.reports.style import printable
from holdfast.reports.words import many, named, where

SHAPE = "box"


def text(graph: HostGraph) -> list[str]:
    """In the order in which it is carried out."""
    lines = [f"{graph.host}: {many(len(graph.nodes), 'resource')}, graph {graph.name[:12]}"]
    for number, (node, place) in enumerate(zip(graph.nodes, graph.places, strict=True)):
        lines.append(f"{number + 1:>4}  {named(node.id)}{where(place)}")
        lines += (f"        needs {_named(graph, position)}" for position in node.needs)
        lines += (f"        notifies {_named(graph, position)}" for position in node.notifies)
    lines += (f"   -  {named(left.id)}{where(left.place)}: left out, {printable(left.why)}" for left in graph.left)
    return lines


def _named(graph: HostGraph, position: int) -> str:
    return f"{position + 1} {named(graph.nodes[position].id)}"


def _edges(graph: HostGraph) -> Iterator[tuple[int, int, bool]]:
    """From, to, and whether it is a notification."""
    for number, node in enumerate(graph.nodes):
        yield from ((needed, number, False) for needed in node.needs)
        yield from ((number, told, True) for told in node.notifies)


def mermaid(graph: HostGraph) -> list[str]:
    """For Mermaid (https://mermaid.js.org/syntax/flowchart.html)."""
    lines = ["flowchart TD"]
    lines += (f"    n{number}[\"{_entities(named(node.id))}\"]" for number, node in enumerate(graph.nodes))
    lines += (f"    n{start} {'-. notifies .->' if is_told else '-->'} n{end}" for start, end, is_told in _edges(graph))
    return lines


def _entities(name: str) -> str:
    """Mermaid reads `#35;` for a character by its number; all that could be its own syntax is written so."""
    return "".join(one if one.isalnum() or one in " /.-_:" else f"#{ord(one)};" for one in printable(name))


def dot(graph: HostGraph) -> list[str]:
    """For Graphviz (https://graphviz.org/doc/info/lang.html)."""
    lines = ["digraph holdfast {", f"    node [shape={SHAPE}, fontname=\"sans-serif\"];"]
    lines += (f"    n{number} [label={_quoted(named(node.id))}];" for number, node in enumerate(graph.nodes))
    lines += (f"    n{start} -> n{end}{' [style=dashed, label=notifies]' if is_told else ''};"
              for start, end, is_told in _edges(graph))
    return [*lines, "}"]


def _quoted(name: str) -> str:
    return '"' + printable(name).replace("\\", "\\\\").replace('"', '\\"') + '"'


def objects(graph: HostGraph) -> Iterator[dict[str, Any]]:
    """One for each resource, for programs."""
    for node, place in zip(graph.nodes, graph.places, strict=True):
        yield {"event": "node", "host": graph.host, "id": node.id, "type": node.type,
               "needs": [graph.nodes[position].id for position in node.needs],
               "notifies": [graph.nodes[position].id for position in node.notifies],
               "args": json.loads(json.dumps(node.args)), "file": place.file, "line": place.line,
               "column": place.column}
