"""Values as written, ready to be evaluated for a host: constants, texts with templates, lists, mappings, secrets."""
from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import jinja2

from holdfast.compiler.bounds import LONGEST, weigh
from holdfast.compiler.diagnosis import At, syntax_problem
from holdfast.compiler.environment import is_undefined
from holdfast.compiler.faults import Fault, Misused
from holdfast.compiler.later import Pending, Registered, unmark
from holdfast.compiler.secret import SecretText
from holdfast.compiler.texts import Code, Texts, guarded_run
from holdfast.compiler.texts import Run as TextRun
from holdfast.documents.model import SECRET_SOURCES, is_secret, is_template
from holdfast.problems import Place, Problem
from holdfast.trees.scalars import Unsafe, Vaulted
from holdfast.trees.tree import Node


class Run(TextRun, Protocol):
    """Who evaluates: gives names their values and secrets theirs."""

    def secret(self, name: str, how: str, text: str, folder: Path, place: Place) -> SecretText: ...


class Omitted:
    """What `omit` stands for: the argument is left out."""

    def __repr__(self) -> str:
        return "omit"


OMIT = Omitted()


class Value:
    """Something written. constant: evaluates to the same for all."""

    constant: bool = False

    def evaluate(self, run: Run) -> Any:
        """Plain data; texts may be SecretText or Pending. Raises Fault, NeedsFacts."""
        raise NotImplementedError

    def codes(self) -> Iterator[tuple[Code, At]]:
        """The templates in it."""
        return iter(())

    def problems(self) -> Iterator[Problem]:
        """What could not even be read."""
        return iter(())


class Constant(Value):
    constant = True

    def __init__(self, value: Any) -> None:
        self.value = value

    def evaluate(self, run: Run) -> Any:
        return self.value


class Broken(Value):
    """A text that cannot be read. is_told: what read the document has said so."""

    def __init__(self, problem: Problem, *, is_told: bool = False) -> None:
        self.problem, self.is_told = problem, is_told

    def evaluate(self, run: Run) -> Any:
        raise Fault([self.problem])

    def problems(self) -> Iterator[Problem]:
        if not self.is_told:
            yield self.problem


class Text(Value):
    """A text with templates, or an expression."""

    def __init__(self, code: Code, at: At) -> None:
        self.code, self.at = code, at

    def evaluate(self, run: Run) -> Any:
        return guarded_run(self.code, self.at, run, settle if self.code.is_expression else unmark)

    def codes(self) -> Iterator[tuple[Code, At]]:
        yield self.code, self.at


class Listed(Value):
    def __init__(self, values: list[Value]) -> None:
        self.values = values

    def evaluate(self, run: Run) -> Any:
        return [value.evaluate(run) for value in self.values]

    def codes(self) -> Iterator[tuple[Code, At]]:
        for value in self.values:
            yield from value.codes()

    def problems(self) -> Iterator[Problem]:
        for value in self.values:
            yield from value.problems()


class Mapped(Value):
    def __init__(self, pairs: list[tuple[Value, Value]]) -> None:
        self.pairs = pairs

    def evaluate(self, run: Run) -> Any:
        return {_key(key.evaluate(run)): value.evaluate(run) for key, value in self.pairs}

    def codes(self) -> Iterator[tuple[Code, At]]:
        for pair in self.pairs:
            for value in pair:
                yield from value.codes()

    def problems(self) -> Iterator[Problem]:
        for pair in self.pairs:
            for value in pair:
                yield from value.problems()


class Secret(Value):
    """`{secret: NAME, env: …}`."""

    def __init__(self, name: str, how: str, text: Value, place: Place) -> None:
        self.name, self.how, self.text, self.place = name, how, text, place

    def evaluate(self, run: Run) -> Any:
        text = self.text.evaluate(run)
        if not isinstance(text, str) or isinstance(text, SecretText):
            raise Fault([Problem(f"`{self.how}` of a secret is text", self.place)])
        return run.secret(self.name, self.how, text, Path(self.place.file).parent, self.place)

    def codes(self) -> Iterator[tuple[Code, At]]:
        return self.text.codes()

    def problems(self) -> Iterator[Problem]:
        return self.text.problems()


def _key(key: Any) -> Any:
    return str(key) if isinstance(key, (str, SecretText)) else key


def settle(value: Any) -> Any:
    """What an expression gave, as plain data: generators as lists, Jinja's own things refused."""
    if isinstance(value, (list, tuple, dict)):
        weigh(value)
    return _settled(value)


def _settled(value: Any) -> Any:
    if value is None or isinstance(value, (str, int, float, Pending, Omitted)):
        return value if type(value) is not str else unmark(value)
    if is_undefined(value):
        str(value)  # raises NotDefined
        raise Misused("an `if` in the expression is false, and has no `else`", "say what the value is then: `… else …`")
    if isinstance(value, Registered):
        value.refuse()
    if isinstance(value, Mapping):
        return {_settled(key): _settled(inner) for key, inner in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, (bytes, type)):
        return [_settled(inner) for inner in itertools.islice(value, LONGEST)]
    raise Misused(f"the value is a {type(value).__name__}, which is no data",
                  "call it, with parentheses" if callable(value) else "make a text, number, list or mapping")


def read_node(node: Node, texts: Texts) -> Value:
    """A value in a document."""
    if is_secret(node):
        return _secret_node(node, texts)
    if node.kind == "text":
        return read_text(str(node.value), node.place_at, texts)
    if node.kind == "list":
        return _listed([read_node(one, texts) for one in node.elements()])
    if node.kind == "mapping":
        return _mapped([(read_node(key, texts), read_node(value, texts)) for key, value in node.items()])
    return Constant(node.value)


def read_data(value: Any, place: Place, texts: Texts) -> Value:
    """A value of an inventory, of which only one place is known."""
    if isinstance(value, Unsafe):
        return Constant(str(value))
    if isinstance(value, Vaulted):
        return Broken(Problem("this value is encrypted with ansible-vault, which Holdfast does not read", place,
                              "decrypt it, and keep it in a file that a `secret:` names"))
    if isinstance(value, str):
        return read_text(value, lambda _: place, texts)
    if isinstance(value, Mapping):
        how = [word for word in SECRET_SOURCES if word in value]
        if "secret" in value and len(value) == 2 and how:
            text = read_text(str(value[how[0]]), lambda _: place, texts)
            return Secret(str(value["secret"]), how[0], text, place)
        return _mapped([(read_data(key, place, texts), read_data(inner, place, texts))
                        for key, inner in value.items()])
    if isinstance(value, (list, tuple)):
        return _listed([read_data(inner, place, texts) for inner in value])
    return Constant(value)


def read_text(source: str, at: At, texts: Texts) -> Value:
    """A text that may hold templates."""
    if not is_template(source):
        return Constant(source)
    try:
        return Text(texts.text(source), at)
    except jinja2.TemplateSyntaxError as error:
        return Broken(syntax_problem(error, source, at, texts.environment))


def read_expression(node: Node, texts: Texts) -> Value:
    """An expression without braces, as in `when`."""
    if node.kind == "boolean":
        return Constant(node.value)
    source = str(node.value)
    if node.kind != "text" or not source.strip():
        return Broken(Problem("an expression is text", node.place, "as in `when: facts.os.family == 'debian'`"))
    if "{{" in source or "{%" in source:
        inner = re.fullmatch(r"\{\{\s*(.*?)\s*\}\}", source)
        mend = f"write it without them: `{inner[1]}`" if inner and "{{" not in inner[1] else "leave {{ and }} out"
        return Broken(Problem("an expression stands here, without braces", node.place, mend))
    try:
        return Text(texts.expression(source), node.place_at)
    except jinja2.TemplateSyntaxError as error:
        return Broken(syntax_problem(error, source, node.place_at, texts.environment))


def _secret_node(node: Node, texts: Texts) -> Value:
    name = node.get("secret")
    how = next((key for key, _ in node.items() if key.value in SECRET_SOURCES), None)
    if name is None or how is None:
        return Broken(Problem("a secret comes from one of env, file, command", node.place), is_told=True)
    text = node.get(str(how.value))
    assert text is not None
    return Secret(str(name.value), str(how.value), read_text(str(text.value), text.place_at, texts), node.place)


def _listed(values: list[Value]) -> Value:
    if all(isinstance(value, Constant) for value in values):
        return Constant([value.value for value in values if isinstance(value, Constant)])
    return Listed(values)


def _mapped(pairs: list[tuple[Value, Value]]) -> Value:
    plain = {key.value: value.value for key, value in pairs
             if isinstance(key, Constant) and isinstance(value, Constant)}
    return Constant(plain) if len(plain) == len(pairs) else Mapped(pairs)
