"""Conditions that give something else than true or false: Ansible asks whether there is anything, and a document says
that it asks."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jinja2
from jinja2 import nodes

from holdfast.converting.syntax import parsed
from holdfast.documents.model import is_template

_DEEPEST = 5  # variables that stand for one another
_SAME = frozenset({"mandatory", "first", "last"})  # filters of whose result nothing is known


def asked(made: str, variables: Mapping[str, Any]) -> str:
    """A condition, as it has to be written when it may give something else. variables: those that are known."""
    return f"({made}) is truthy" if _of_text("{{ " + made + " }}", variables, 0) is False else made


def _of_text(text: str, variables: Mapping[str, Any], depth: int) -> bool | None:
    """Does a text with a template give true or false? None: that is not known."""
    try:
        body = parsed(text).body
    except jinja2.TemplateError:
        return None
    output = body[0] if len(body) == 1 else None
    if not isinstance(output, nodes.Output) or len(output.nodes) != 1:
        return False
    return _gives(output.nodes[0], variables, depth)


def _gives(node: nodes.Node, variables: Mapping[str, Any], depth: int) -> bool | None:
    if isinstance(node, nodes.Const):
        return isinstance(node.value, bool)
    if isinstance(node, (nodes.Not, nodes.Compare, nodes.Test)):
        return True
    if isinstance(node, (nodes.And, nodes.Or)):
        return _both(_gives(node.left, variables, depth), _gives(node.right, variables, depth))
    if isinstance(node, nodes.CondExpr):
        return _both(_gives(node.expr1, variables, depth),
                     _gives(node.expr2, variables, depth) if node.expr2 is not None else False)
    if isinstance(node, nodes.Filter) and node.node is not None:
        return _filtered(node, variables, depth)
    if isinstance(node, nodes.Getitem) and isinstance(node.node, nodes.Dict):
        found = [_gives(pair.value, variables, depth) for pair in node.node.items]
        return False if False in found else None if None in found else True
    if isinstance(node, (nodes.Name, nodes.Getattr, nodes.Getitem)):
        return _is_boolean(_value(node, variables), variables, depth)
    return None if isinstance(node, nodes.Call) else False


def _filtered(node: nodes.Filter, variables: Mapping[str, Any], depth: int) -> bool | None:
    assert node.node is not None
    if node.name == "bool":
        return True
    if node.name in ("default", "d"):
        instead = _gives(node.args[0], variables, depth) if node.args else False
        return _both(_gives(node.node, variables, depth), instead)
    if node.name == "ternary" and len(node.args) > 1:
        return _both(*(_gives(one, variables, depth) for one in node.args[:2]))
    return None if node.name in _SAME else False


def _both(first: bool | None, second: bool | None) -> bool | None:
    """What may be either of them."""
    return False if first is False or second is False else None if first is None or second is None else True


def _value(node: nodes.Node, variables: Mapping[str, Any]) -> Any:
    """The value that is written for a name; `...`: it is not known."""
    if isinstance(node, nodes.Name):
        return variables.get(node.name, ...)
    if isinstance(node, nodes.Getattr):
        within, key = _value(node.node, variables), node.attr
    elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        within, key = _value(node.node, variables), node.arg.value
    else:
        return ...
    return within.get(key, ...) if isinstance(within, Mapping) else ...


def _is_boolean(value: Any, variables: Mapping[str, Any], depth: int) -> bool | None:
    if value is ... or depth == _DEEPEST:
        return None
    if isinstance(value, str) and is_template(value):
        return _of_text(value, variables, depth + 1)
    return isinstance(value, bool)
