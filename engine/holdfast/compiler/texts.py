"""Texts with templates in them, and expressions: compiled once, run for each host, with places for what goes wrong.

A text that is one `{{ expression }}` and nothing else gives the expression's value as it is; any other gives text.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import jinja2
from jinja2 import nodes
from jinja2.parser import Parser

from holdfast.compiler.bounds import joined
from holdfast.compiler.diagnosis import TOO_DEEP, At, run_problem
from holdfast.compiler.environment import Environment
from holdfast.compiler.faults import Fault, NeedsFacts
from holdfast.patience import Patience

_VALUE = "_holdfast_value"
_ITS_OWN = frozenset({"loop", "self", "super", "caller", "varargs", "kwargs"})  # names that Jinja gives inside blocks
_GUARDS = frozenset({"defined", "undefined", "default", "d", "mandatory"})


@dataclass(frozen=True, eq=False, slots=True)
class Code:
    """A compiled text. names: the variables that it reads, by name; guarded: those of them that need not be there."""

    source: str
    is_expression: bool
    template: jinja2.Template
    names: frozenset[str]
    guarded: frozenset[str]
    templates: tuple[str, ...] = ()  # that it includes, imports or extends
    is_open: bool = False  # it includes one whose name is not written in it, so that not all its names are known
    facts: tuple[tuple[str, ...], ...] = ()  # the paths of facts that it reads
    compared: tuple[tuple[str, ...], ...] = ()  # those of them that it compares with something

    def run(self) -> Any:
        """The value of the expression, or the rendered text. Raises whatever goes wrong in it."""
        context = self.template.new_context()
        if self.is_expression:
            for _ in self.template.root_render_func(context):
                pass
            return context.vars[_VALUE]
        return joined(self.template.root_render_func(context))


class Texts:
    """All compiled texts, each compiled once however often it is written."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self._texts: dict[str, Code] = {}
        self._expressions: dict[str, Code] = {}

    def text(self, source: str) -> Code:
        """Raises jinja2.TemplateSyntaxError."""
        if source not in self._texts:
            with _flat_enough():
                tree = self.environment.parse(source)
                alone = _only_expression(tree, source)
                self._texts[source] = self._code(source, tree if alone is None else _giving(alone), alone is not None)
        return self._texts[source]

    def expression(self, source: str) -> Code:
        """Of an expression without braces. Raises jinja2.TemplateSyntaxError."""
        if source not in self._expressions:
            with _flat_enough():
                parser = Parser(self.environment, source, state="variable")
                expression = parser.parse_expression()
                if not parser.stream.eos:
                    parser.fail(f"unexpected {parser.stream.current.value!r}", parser.stream.current.lineno)
                self._expressions[source] = self._code(source, _giving(expression), True)
        return self._expressions[source]

    def file(self, name: str, source: str) -> Code:
        """Of a template file. name: its path. Raises jinja2.TemplateSyntaxError."""
        with _flat_enough():
            tree = self.environment.parse(source, name, name)
            template = self.environment.get_template(name)
        return Code(source, False, template, *_names(tree), tuple(_named_templates(tree)),
                    _is_open(tree), tuple(_facts(tree)), tuple(_compared(tree)))

    def _code(self, source: str, tree: nodes.Template, is_expression: bool) -> Code:
        tree.set_environment(self.environment)
        return Code(source, is_expression, self.environment.from_string(tree), *_names(tree),
                    tuple(_named_templates(tree)), _is_open(tree), tuple(_facts(tree)), tuple(_compared(tree)))


@contextmanager
def _flat_enough() -> Iterator[None]:
    """Jinja2 reads by recursion."""
    try:
        yield
    except (RecursionError, MemoryError):  # Python's own compiler says MemoryError
        raise jinja2.TemplateSyntaxError(TOO_DEEP, 1) from None


def _only_expression(tree: nodes.Template, source: str) -> nodes.Expr | None:
    if not source.startswith("{{") or not source.endswith("}}") or len(tree.body) != 1:
        return None
    output = tree.body[0]
    if isinstance(output, nodes.Output) and len(output.nodes) == 1 \
            and not isinstance(output.nodes[0], nodes.TemplateData):
        return output.nodes[0]
    return None


def _giving(expression: nodes.Expr) -> nodes.Template:
    """A template that gives the value of an expression under the name _VALUE."""
    return nodes.Template([nodes.Assign(nodes.Name(_VALUE, "store"), expression, lineno=1)], lineno=1)


def _names(tree: nodes.Template) -> tuple[frozenset[str], frozenset[str]]:
    read = {name.name for name in tree.find_all(nodes.Name) if name.ctx == "load"}
    own = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"}
    own |= {macro.name for macro in tree.find_all(nodes.Macro)}
    for imported in tree.find_all((nodes.Import, nodes.FromImport)):
        names = [imported.target] if isinstance(imported, nodes.Import) else imported.names  # type: ignore[attr-defined]
        own |= {name[1] if isinstance(name, tuple) else name for name in names}
    guarded = set()
    for guard in tree.find_all((nodes.Test, nodes.Filter)):
        if guard.name in _GUARDS and guard.node is not None:
            inner: nodes.Node = guard.node
            while isinstance(inner, (nodes.Getattr, nodes.Getitem)):
                inner = inner.node
            if isinstance(inner, nodes.Name):
                guarded.add(inner.name)
    return frozenset(read - own - _ITS_OWN), frozenset(guarded)


def _is_open(tree: nodes.Template) -> bool:
    return any(not isinstance(node.template, nodes.Const) or getattr(node, "ignore_missing", False)  # type: ignore[attr-defined]
               for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)))


def _facts(tree: nodes.Template) -> Iterator[tuple[str, ...]]:
    """`facts.os.family` as (os, family), as far as names are written."""
    return filter(None, map(_fact, tree.find_all((nodes.Getattr, nodes.Getitem))))


def _compared(tree: nodes.Template) -> Iterator[tuple[str, ...]]:
    for node in tree.find_all(nodes.Compare):
        if all(operand.op in ("eq", "ne", "lt", "gt", "lteq", "gteq") for operand in node.ops):
            yield from filter(None, map(_fact, (node.expr, *(operand.expr for operand in node.ops))))


def _fact(node: nodes.Node) -> tuple[str, ...]:
    """The path of the fact that it reads; (): it reads none."""
    path: list[str] = []
    while isinstance(node, (nodes.Getattr, nodes.Getitem)):
        key = node.attr if isinstance(node, nodes.Getattr) else node.arg
        if isinstance(key, nodes.Const):
            key = key.value
        path = [key, *path] if isinstance(key, str) else []
        node = node.node
    return tuple(path) if isinstance(node, nodes.Name) and node.name == "facts" else ()


def _named_templates(tree: nodes.Template) -> Iterator[str]:
    for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        name = node.template  # type: ignore[attr-defined]
        if isinstance(name, nodes.Const) and isinstance(name.value, str) and not getattr(node, "ignore_missing", False):
            yield name.value


class Run(Protocol):
    """Who evaluates."""

    patience: Patience

    def known(self) -> list[str]:
        """The names of all variables."""


def guarded_run(code: Code, at: At, run: Run, settle: Callable[[Any], Any]) -> Any:
    """Runs a text and makes its result plain. Raises Fault with the place, or NeedsFacts."""
    try:
        with run.patience:
            return settle(code.run())
    except (Fault, NeedsFacts):
        raise
    except Exception as error:  # a text of the user's: whatever goes wrong in it is reported at its place
        raise Fault([run_problem(error, code.source, at, run.known)]) from error
