"""Values that conditions decide, as the one value that a variable has in a document: `{{ … if … else … }}`."""
from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

import jinja2

from holdfast.converting import deciding
from holdfast.converting.deciding import Case, case
from holdfast.converting.expressions import Names, condition
from holdfast.converting.model import Cannot, Play, Task
from holdfast.converting.options import plain
from holdfast.converting.syntax import parsed, undeclared
from holdfast.converting.variables import Variables
from holdfast.documents.model import is_template
from holdfast.trees.scalars import Vaulted
from holdfast.trees.tree import Node

_WHOLE = re.compile(r"\{\{((?:(?!\}\}|\{\{).)*)\}\}\Z", re.DOTALL)
_PART = re.compile(r"\{\{((?:(?!\}\}|\{\{).)*)\}\}", re.DOTALL)
_LONG = 60  # a text of so many characters, like a list, gets a variable of its own


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that counts when these conditions hold; node None: nothing is said then. called: after what a variable
    with the value is called, where one is better; "": the value stands in the expression."""

    when: tuple[str, ...]
    node: Node | None
    called: str = ""

    @property
    def asked(self) -> str:
        """The conditions as one expression."""
        return " and ".join(f"({expression(one)})" if is_template(one) else f"({one})" for one in self.when)


def put(name: str, choices: Sequence[Choice], task: Task, play: Play, variables: Variables, *,
        is_all: bool = False) -> None:
    """Sets a variable to the first value whose conditions hold, else to what it was; that is undefined, and refused
    where it is read, if it was nothing. is_all: where none holds the task fails. Raises Cannot."""
    cases: list[Case] = []
    without: list[str] = []  # conditions under which nothing is said, and the same as they were read
    nones: list[Case] = []
    for choice in choices:
        asked = [condition(one, Names(refused=variables.refused)) for one in choice.when]
        if name in _read_by([choice.node.plain() if choice.node else "", *(f"{{{{ {one} }}}}" for one in asked)]):
            raise Cannot(f"what `{name}` is hangs on what it was: in `vars` it has one value; write that as "
                         "`{{ … if … else … }}`")
        one = case("", asked)
        if one is None:
            continue
        if choice.node is None:
            without.append(f"not ({one.asked or 'true'})")
            nones.append(one)
            continue
        further = tuple(claim for claim, none in zip(without, nones, strict=True) if not none.excludes(one))
        cases.append(replace(one, value=_said(name, choice, variables), further=(*one.further, *further)))
        if not cases[-1].asked:
            break
    if not cases:
        return
    is_total = not cases[-1].asked or (is_all and not without)
    if not is_total and name in play.defaults and name not in variables.values:
        raise Cannot(f"whether `{name}` is set is decided by a condition, else its default counts, which the "
                     "inventory may set: in `vars` it has one value")
    was = expression(variables.values[name]) if name in variables.values and cases[-1].asked else ""
    made = deciding.expression(cases, was, is_all=is_total)
    if name in variables.values:
        variables.changed[name] = id(task)
    if is_total:
        variables.partial.pop(name, None)
    elif name not in variables.values or name in variables.partial:
        variables.partial[name] = (*variables.partial.get(name, ()), *(replace(one, value="") for one in cases))
    like = next(choice.node for choice in choices if choice.node is not None)
    variables.put(name, replace(like, value="{{ " + made + " }}", kind="text"))


def _read_by(given: Any) -> Set[str]:
    """The variables that templates in a value read."""
    if isinstance(given, str) and is_template(given):
        try:
            return undeclared(parsed(given))
        except jinja2.TemplateError:
            return set()
    inner = given.values() if isinstance(given, Mapping) else given if isinstance(given, list) else ()
    return {name for one in inner for name in _read_by(one)}


def later(first: Node | None, choice: Choice) -> Node:
    """What is said already; where that is nothing, a value under conditions. Raises Cannot."""
    assert choice.node is not None
    value = _closed(expression(plain(choice.node)))
    ours = f"{value} if {choice.asked}" if choice.asked else value
    if first is not None:
        asked = re.search(r" if (\(.*\))\Z", expression(plain(first)))
        if asked is None:
            return first
        ours = f"{expression(plain(first))} else {ours}"
    return replace(choice.node, value="{{ " + ours + " }}", kind="text")


def _said(name: str, choice: Choice, variables: Variables) -> str:
    """A value within a template, or the variable that has it. Raises Cannot."""
    assert choice.node is not None
    value = plain(choice.node)
    is_short = not isinstance(value, (list, dict, Vaulted)) and len(str(value)) < _LONG and "\n" not in str(value)
    if (not choice.called or is_short) and not _has_blocks(value):
        return _closed(expression(value))
    slug = re.sub(r"\W+", "_", choice.called.lower()).strip("_") or "set"
    called = f"{name}_{slug}"
    for there, given in variables.values.items():
        if there.startswith(f"{name}_") and given == value and not variables.reads[there].read:
            return there
    while called in variables.values:
        called += "_"
    variables.put(called, choice.node)
    return called


def _has_blocks(value: Any) -> bool:
    """Is it a text that no expression can stand for?"""
    return isinstance(value, str) and is_template(_PART.sub("", value))


def _closed(written: str) -> str:
    """An expression that stands ahead of an `if`."""
    return f"({written})" if re.search(r"\bif\b", written) else written


def expression(value: Any) -> str:
    """A value within a template. Raises Cannot."""
    if isinstance(value, Vaulted):
        raise Cannot("whether a secret is set is decided by a condition")
    if isinstance(value, str):
        return _of_text(value)
    if isinstance(value, list):
        return f"[{', '.join(map(expression, value))}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{expression(str(key))}: {expression(one)}" for key, one in value.items()) + "}"
    return "none" if value is None else json.dumps(value)


def _of_text(text: str) -> str:
    whole = _WHOLE.match(text.strip())
    if whole is not None:
        return whole[1].strip()
    rest = _PART.sub("", text)
    if is_template(rest) or "}}" in rest or "%}" in rest:
        raise Cannot("whether a variable is set is decided by a condition, and its value has templates within")
    parts: list[str] = []
    at = 0
    for part in _PART.finditer(text):
        parts += [repr(text[at:part.start()])] if part.start() > at else []
        parts.append(f"({part[1].strip()})")
        at = part.end()
    parts += [repr(text[at:])] if at < len(text) or not parts else []
    return " ~ ".join(parts)
