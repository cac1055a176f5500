"""Of which kind the value of a template is, as far as what is written says it."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jinja2
from jinja2 import nodes

from holdfast.converting.syntax import parsed
from holdfast.documents.model import is_template

_DEEPEST = 8  # variables that stand for one another
_KINDS: list[tuple[type, str]] = [(bool, "boolean"), (int, "integer"), (float, "number"), (list, "list"),
                                  (dict, "mapping")]
_FILTERS = {"list": "list", "unique": "list", "union": "list", "difference": "list", "intersect": "list",
            "flatten": "list", "dict2items": "list", "split": "list", "int": "integer", "bool": "boolean",
            "float": "number", "string": "text", "lower": "text", "upper": "text", "join": "text", "basename": "text",
            "dirname": "text", "replace": "text", "regex_replace": "text", "trim": "text", "combine": "mapping",
            "items2dict": "mapping", "length": "integer"}


def kind(given: Any, known: Mapping[str, Any], depth: int = 0) -> str:
    """The kind of a parameter with this default; "": it cannot be told. known: values of variables."""
    if not isinstance(given, str):
        return next((word for type_, word in _KINDS if isinstance(given, type_)), "")
    if not is_template(given):
        return "text"
    try:
        body = parsed(given).body
    except jinja2.TemplateError:
        return ""
    output = body[0] if len(body) == 1 else None
    if not isinstance(output, nodes.Output) or len(output.nodes) != 1:
        return "text"
    return _of(output.nodes[0], known, depth)


def _of(node: nodes.Node, known: Mapping[str, Any], depth: int) -> str:
    if isinstance(node, nodes.Const):
        return kind(node.value, known, depth) if not isinstance(node.value, str) else "text"
    if isinstance(node, nodes.Name):
        return kind(known[node.name], known, depth + 1) if node.name in known and depth < _DEEPEST else ""
    if isinstance(node, nodes.CondExpr):
        return _same([_of(one, known, depth) for one in (node.expr1, node.expr2) if one is not None])
    if isinstance(node, nodes.Filter):
        return _filtered(node, known, depth)
    if isinstance(node, nodes.Getitem) and isinstance(node.node, nodes.Dict):
        return _same([_of(pair.value, known, depth) for pair in node.node.items])
    if isinstance(node, (nodes.And, nodes.Or)):
        return _same([_of(node.left, known, depth), _of(node.right, known, depth)])
    alike: dict[type[nodes.Node], str] = {nodes.List: "list", nodes.Dict: "mapping", nodes.Concat: "text",
                                          nodes.Compare: "boolean", nodes.Not: "boolean", nodes.Test: "boolean"}
    return alike.get(type(node), "")


def _filtered(node: nodes.Filter, known: Mapping[str, Any], depth: int) -> str:
    if node.name in ("default", "d") and node.node is not None and node.args:
        return _same([_of(node.node, known, depth), _of(node.args[0], known, depth)])
    return _FILTERS.get(node.name, "")


def _same(kinds: list[str]) -> str:
    return kinds[0] if len(set(kinds)) == 1 else ""
