"""Texts with templates in them, and expressions: compiled once, run for each host, with places for what goes wrong.

A text that is one `{{ expression }}` and nothing else gives the expression's value as it is; any other gives text.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.parser import Parser

from holdfast.compiler.environment import LARGEST, Environment
from holdfast.compiler.faults import Fault, KnownLater, Misused, NeedsFacts, NotDefined
from holdfast.documents.model import is_template
from holdfast.problems import Place, Problem
from holdfast_host.values import did_you_mean

At = Callable[[int], Place]  # from an offset in a text to a place

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

    def run(self) -> Any:
        """The value of the expression, or the rendered text. Raises whatever goes wrong in it."""
        context = self.template.new_context()
        if self.is_expression:
            for _ in self.template.root_render_func(context):
                pass
            return context.vars[_VALUE]
        text = "".join(self.template.root_render_func(context))
        if len(text) > LARGEST:
            raise Misused(f"the rendered text is larger than {LARGEST} characters")
        return text


class Texts:
    """All compiled texts, each compiled once however often it is written."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self._texts: dict[str, Code] = {}
        self._expressions: dict[str, Code] = {}

    def text(self, source: str) -> Code:
        """Raises jinja2.TemplateSyntaxError."""
        if source not in self._texts:
            tree = self.environment.parse(source)
            alone = _only_expression(tree, source)
            self._texts[source] = self._code(source, tree if alone is None else _giving(alone), alone is not None)
        return self._texts[source]

    def expression(self, source: str) -> Code:
        """Of an expression without braces. Raises jinja2.TemplateSyntaxError."""
        if source not in self._expressions:
            parser = Parser(self.environment, source, state="variable")
            expression = parser.parse_expression()
            if not parser.stream.eos:
                parser.fail(f"unexpected {parser.stream.current.value!r}", parser.stream.current.lineno)
            self._expressions[source] = self._code(source, _giving(expression), True)
        return self._expressions[source]

    def file(self, name: str, source: str) -> Code:
        """Of a template file. name: its path."""
        tree = self.environment.parse(source, name, name)
        template = self.environment.get_template(name)
        return Code(source, False, template, *_names(tree), tuple(_named_templates(tree)))

    def _code(self, source: str, tree: nodes.Template, is_expression: bool) -> Code:
        tree.set_environment(self.environment)
        return Code(source, is_expression, self.environment.from_string(tree), *_names(tree),
                    tuple(_named_templates(tree)))


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


def _named_templates(tree: nodes.Template) -> Iterator[str]:
    for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        name = node.template  # type: ignore[attr-defined]
        if isinstance(name, nodes.Const) and isinstance(name.value, str) and not getattr(node, "ignore_missing", False):
            yield name.value


# -- what went wrong, and where --------------------------------------------------------------------------------------


def syntax_problem(error: jinja2.TemplateSyntaxError, source: str, at: At, environment: Environment) -> Problem:
    """What Jinja says of a text that it cannot read."""
    said = error.message or "it cannot be read"
    word, mend = _word_of(said), _mend_of(said, environment)
    what = said[:1].lower() + said[1:].rstrip(".")
    return Problem(f"error in the template: {what}", find(source, error.lineno, word, at), mend)


def _word_of(said: str) -> str:
    found = re.search(r"(?:named|got|tag|unexpected|char) '([^']*)'", said)
    return found[1] if found else ""


def _mend_of(said: str, environment: Environment) -> str:
    unknown = re.match(r"No (filter|test) named '([^']*)'", said)
    if unknown:
        return did_you_mean(unknown[2], environment.filters if unknown[1] == "filter" else environment.tests)
    if "unexpected end of template" in said.lower():
        return "a {{ or a {% … %} block is not closed"
    if "end of print statement" in said:
        return "one expression stands between {{ and }}; a filter follows `|`"
    if "expected token" in said:
        return "look at brackets and quotes"
    return ""


def find(source: str, line: int, word: str, at: At) -> Place:
    """The place of a word in a line of a text (counted from 1); that of the line if the word is not in it."""
    start = 0
    for _ in range(line - 1):
        following = source.find("\n", start) + 1
        if not following:
            break
        start = following
    end = source.find("\n", start)
    body = source[start:end if end >= 0 else None]
    brace = max(0, min((index for index in (body.find("{{"), body.find("{%")) if index >= 0), default=0))
    found = re.compile(rf"(?<![\w]){re.escape(word)}(?![\w])").search(body, brace) if word else None
    place = at(start + (found.start() if found else len(body) - len(body.lstrip())))
    return replace(place, width=len(word)) if found and place.width == 1 else place


def place_in_file(path: str, source: str) -> At:
    """Places in the text of a file."""

    def at(offset: int) -> Place:
        before = source[:offset]
        return Place(path, before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)

    return at


@dataclass(frozen=True, slots=True)
class Where:
    """The innermost template that an error came from, and the line in it."""

    template: jinja2.Template | None
    line: int


def where(error: BaseException) -> Where:
    """Reads it off the traceback, as Jinja compiles templates to Python."""
    found = Where(None, 1)
    trace = error.__traceback__
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if template is not None:
            found = Where(template, template.get_corresponding_lineno(trace.tb_lineno))
        trace = trace.tb_next
    return found


def run_problem(error: Exception, source: str, at: At, known: Callable[[], list[str]]) -> Problem:
    """What went wrong in running a text. known: the names of all variables."""
    position = where(error)
    if position.template is not None and position.template.name:
        path = position.template.name
        source = position.template.environment.loader.get_source(  # type: ignore[union-attr]
            position.template.environment, path)[0]
        at = place_in_file(path, source)
    if isinstance(error, NotDefined):
        return _not_defined(error, source, position.line, at, known)
    word, mend = "", ""
    if isinstance(error, KnownLater):
        what, word = f"{error.what} is known only on the host", error.word
        mend = "it can only be passed on, as in `{{ v.stdout }}`; to act on a change use `watch` or `notify`"
    elif isinstance(error, Misused):
        what, mend = error.what, error.mend
    elif isinstance(error, jinja2.TemplateSyntaxError):
        return syntax_problem(error, source, at, _environment(position, error))
    elif isinstance(error, jinja2.TemplateNotFound):
        what, word = f"there is no template `{error.name}`", str(error.name)
    elif isinstance(error, ZeroDivisionError):
        what = "division by zero"
    else:
        what = f"{type(error).__name__}: {error}" if not isinstance(error, TypeError) else str(error)
    return Problem(what, find(source, position.line, word, at), mend)


def _environment(position: Where, error: Exception) -> Environment:
    assert position.template is not None, error
    assert isinstance(position.template.environment, Environment)
    return position.template.environment


def _not_defined(error: NotDefined, source: str, line: int, at: At, known: Callable[[], list[str]]) -> Problem:
    place = find(source, line, error.name, at)
    if error.holder is not None:
        keys = [str(key) for key in error.holder] if isinstance(error.holder, Mapping) else []
        return Problem(f"there is no `{error.name}` in this", place, did_you_mean(error.name, keys))
    return undefined(error.name, place, known())


def undefined(name: str, place: Place, known: list[str]) -> Problem:
    """A variable that is not there."""
    mend = did_you_mean(name, known) if len(known) <= 30 else _nearest(name, known)
    if name.startswith("ansible_"):
        mend = _nearest(name, [one for one in known if one.startswith("ansible_") and one != "ansible_managed"]) or \
            "what a host says of itself is in `facts`, as `facts.os.family`"
    elif name in ("vars", "query", "q"):
        mend = "name the variable itself; those of another host are `hostvars['db1'].name`"
    return Problem(f"`{name}` is not defined", place, mend or f"define it, or write `{name} | default(…)`")


def _nearest(name: str, known: list[str]) -> str:
    found = did_you_mean(name, known)
    return found if found.startswith("did") else ""


def guarded_run(code: Code, at: At, known: Callable[[], list[str]], settle: Callable[[Any], Any]) -> Any:
    """Runs a text and makes its result plain. Raises Fault with the place, or NeedsFacts."""
    try:
        return settle(code.run())
    except (Fault, NeedsFacts):
        raise
    except Exception as error:  # a text of the user's: whatever goes wrong in it is reported at its place
        raise Fault([run_problem(error, code.source, at, known)]) from error


__all__ = ["At", "Code", "Texts", "find", "guarded_run", "is_template", "place_in_file", "syntax_problem", "undefined"]
