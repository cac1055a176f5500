"""All texts that a template can give, as far as what is written says it: for the files of the controller that it names,
which have to be copied beforehand."""
from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import jinja2
from jinja2 import nodes

from holdfast.converting.syntax import parsed
from holdfast.documents.model import is_template

_MOST = 50
_DEEPEST = 8  # variables that stand for one another
_FILTERS: Mapping[str, Callable[[str], str]] = {
    "basename": posixpath.basename, "dirname": posixpath.dirname, "lower": str.lower, "upper": str.upper,
    "string": str, "trim": str.strip}


@dataclass
class Texts:
    """known: values of variables. elements: what a loop goes through, by the name it has; None: that is not known.
    read: variables that were asked; is_open: it may also give what the inventory says."""

    known: Mapping[str, Any]
    elements: Mapping[str, Collection[Any] | None] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    is_open: bool = False

    def of(self, text: str, depth: int = 0) -> list[str] | None:
        """None: they are not known."""
        if not is_template(text):
            return [text]
        try:
            body = parsed(text).body
        except jinja2.TemplateError:
            return None
        if depth > _DEEPEST or not all(isinstance(one, nodes.Output) for one in body):
            return None
        parts = [part for one in body if isinstance(one, nodes.Output) for part in one.nodes]
        return self._joined([[part.data] if isinstance(part, nodes.TemplateData) else self._texts(part, depth)
                             for part in parts])

    def _joined(self, parts: list[list[str] | None]) -> list[str] | None:
        made = [""]
        for part in parts:
            if part is None or len(made) * len(part) > _MOST:
                return None
            made = [before + after for before in made for after in part]
        return list(dict.fromkeys(made))

    def _texts(self, node: nodes.Node, depth: int) -> list[str] | None:
        found = self._values(node, depth)
        if found is None or not all(isinstance(one, (str, int)) for one in found):
            return None
        return [str(one) for one in found]

    def _values(self, node: nodes.Node, depth: int) -> list[Any] | None:
        """What an expression can give."""
        if isinstance(node, nodes.Const):
            return [node.value]
        if isinstance(node, nodes.Name):
            return self._named(node.name, depth)
        if isinstance(node, nodes.CondExpr):
            return self._either([node.expr1, *([node.expr2] if node.expr2 is not None else [])], depth)
        if isinstance(node, nodes.Getitem) and isinstance(node.node, nodes.Dict):
            return self._either([pair.value for pair in node.node.items], depth)
        if isinstance(node, (nodes.Getattr, nodes.Getitem)):
            return self._within(node, depth)
        if isinstance(node, (nodes.Concat, nodes.Add)):
            parts = node.nodes if isinstance(node, nodes.Concat) else [node.left, node.right]
            return self._joined([self._texts(part, depth) for part in parts])
        return self._filtered(node, depth) if isinstance(node, nodes.Filter) and node.node is not None else None

    def _either(self, given: list[nodes.Expr], depth: int) -> list[Any] | None:
        found = [self._values(one, depth) for one in given]
        return None if None in found else [value for one in found for value in one or ()]

    def _named(self, name: str, depth: int) -> list[Any] | None:
        if name in self.elements:
            elements = self.elements[name]
            return None if elements is None else list(elements)
        if name not in self.known or depth > _DEEPEST:
            return None
        self.read.add(name)
        value = self.known[name]
        return self.of(value, depth + 1) if isinstance(value, str) else [value]

    def _within(self, node: nodes.Getattr | nodes.Getitem, depth: int) -> list[Any] | None:
        key = node.attr if isinstance(node, nodes.Getattr) else getattr(node.arg, "value", None)
        found = self._values(node.node, depth)
        if found is None or not all(isinstance(one, Mapping) and key in one for one in found):
            return None
        inner = [self.of(one[key], depth + 1) if isinstance(one[key], str) else [one[key]] for one in found]
        return None if None in inner else [value for one in inner for value in one or ()]

    def _filtered(self, node: nodes.Filter, depth: int) -> list[Any] | None:
        assert node.node is not None
        if node.name in ("default", "d") and node.args:
            first, instead = self._values(node.node, depth), self._values(node.args[0], depth)
            self.is_open = self.is_open or first is None
            return instead if first is None or instead is None else [*first, *instead]
        given = self._texts(node.node, depth)
        change = _FILTERS.get(node.name)
        return None if given is None or change is None or node.args else [change(one) for one in given]
