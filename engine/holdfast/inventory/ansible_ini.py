"""Inventories in Ansible's INI form: `[group]`, `[group:vars]`, `[group:children]`, hosts with inline variables."""
from __future__ import annotations

import ast
import re
import shlex
import warnings
from dataclasses import dataclass, field
from functools import lru_cache
from types import NoneType
from typing import Any

from holdfast.inventory.builder import Builder
from holdfast.inventory.hostpattern import Wrong, expand, split_port
from holdfast.inventory.model import Variable
from holdfast.problems import Place
from holdfast.trees import scalars
from holdfast.trees.scalars import Unsafe

_SECTION = re.compile(r"\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?\Z")
_GROUP = re.compile(r"([^:\]\s]+)\s*(?:#.*)?\Z")
_QUOTING = frozenset("'\"\\#")
_KINDS = ("hosts", "children", "vars")


@dataclass(slots=True)
class _Awaited:
    """A group that is named before it is declared. parents: the groups whose child it is to be."""

    kind: str
    place: Place
    parents: list[str] = field(default_factory=list)


class _Reader:
    """Reads the lines of one file into the builder. One use."""

    def __init__(self, builder: Builder, file: str) -> None:
        self.builder, self.file = builder, file
        self.group, self.kind = "ungrouped", "hosts"
        self.awaited: dict[str, _Awaited] = {}

    def read(self, text: str) -> None:
        for number, raw in enumerate(text.splitlines(), 1):
            line = raw.strip()
            if not line or line[0] in ";#":
                continue
            place = Place(self.file, number, len(raw) - len(raw.lstrip()) + 1, len(line))
            try:
                self.line(line, place, raw)
            except Wrong as wrong:
                self.builder.refuse(wrong.what, place, wrong.mend)
        for name, awaited in self.awaited.items():
            what = (f"[{name}:vars] is for a group that is declared nowhere" if awaited.kind == "vars" else
                    f"the group `{awaited.parents[-1]}` has the child `{name}`, which is declared nowhere")
            self.builder.refuse(what, awaited.place, f"write [{name}], or correct the name")

    def line(self, line: str, place: Place, raw: str) -> None:
        section = _SECTION.match(line)
        if section:
            self.section(section[1], section[2] or "hosts", place)
        elif line.startswith("[") and line.endswith("]"):
            raise Wrong(f"`{line}` is no section", "write [group], [group:vars] or [group:children], without spaces")
        elif self.kind == "hosts":
            self.hosts(line, place, raw)
        elif self.kind == "vars":
            self.group_variable(line, place, raw)
        else:
            self.child(line, place)

    def section(self, group: str, kind: str, place: Place) -> None:
        if kind not in _KINDS:
            self.group, self.kind = "ungrouped", "vars"  # what follows is not read as hosts, so that one fault is one
            raise Wrong(f"[{group}:{kind}] is no kind of section", "write [group], [group:vars] or [group:children]")
        self.group, self.kind = group, kind
        if group not in self.builder.groups:
            if kind == "vars" and group not in self.awaited:
                self.awaited[group] = _Awaited("vars", place)
            self.builder.add_group(group)
        if kind != "vars" and group in self.awaited:
            for parent in self.awaited.pop(group).parents:
                self.builder.add_child(parent, group)

    def hosts(self, line: str, place: Place, raw: str) -> None:
        name, *settings = _tokens(line)
        pattern, port = split_port(name)
        if name.strip().endswith(":") and port is None:
            raise Wrong(f"`{name}` ends with a colon", "write the port after it, or leave it out")
        names = expand(pattern)
        if "---" in (each.strip() for each in names):
            raise Wrong("`---` is no host: this looks like YAML", "name the file so that it ends in .yml")
        variables: list[tuple[str, Variable]] = []
        for setting in settings:
            key, equals, value = setting.partition("=")
            if not equals:
                raise Wrong(f"`{setting}` is not key=value", "write key=value, in quotes if it holds spaces")
            variables.append((key, Variable(_value(value), _place_of(f"{key}=", place, raw))))
        for each in names:
            self.builder.add_host(each, self.group, port, place)
            for key, variable in variables:
                self.builder.set_variable(each, key, variable)

    def group_variable(self, line: str, place: Place, raw: str) -> None:
        key, equals, value = line.partition("=")
        if not equals:
            raise Wrong(f"`{line}` is not key=value", "write key=value; hosts go below [group]")
        value = value.strip()
        variable = Variable(_value(value), _place_of(value, place, raw) if value else place)
        self.builder.set_variable(self.group, key.strip(), variable)

    def child(self, line: str, place: Place) -> None:
        match = _GROUP.match(line)
        if match is None:
            raise Wrong(f"`{line}` is no name of a group", "write one group a line, without variables")
        child = match[1]
        if child in self.builder.groups:
            self.builder.add_child(self.group, child)
        else:
            self.awaited.setdefault(child, _Awaited("children", place)).parents.append(self.group)


def read_ini(builder: Builder, text: str, file: str) -> None:
    """Adds what the file says; what is wrong goes to the builder's problems."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of values that look like Python, such as "\d"
        _Reader(builder, file).read(text)


def decode_ini(data: bytes, file: str) -> tuple[str, Place | None]:
    """The text; comments may hold any bytes. The place is that of a byte elsewhere that is not UTF-8."""
    lines = []
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
        try:
            lines.append(line.decode("utf-8"))
        except UnicodeDecodeError as error:
            if line[:1] not in (b";", b"#"):
                return "", Place(file, number, len(line[:error.start].decode("utf-8", "replace")) + 1)
            lines.append("")
    return "\n".join(lines), None


def _tokens(line: str) -> list[str]:
    """The words of a line as a shell has them: quotes are taken off, `#` starts a comment."""
    if not _QUOTING.intersection(line):
        return [word for word in line.replace("\t", " ").split(" ") if word]
    try:
        return shlex.split(line, comments=True)
    except ValueError as error:
        raise Wrong(f"the quotes of this line do not fit: {str(error).lower()}",
                    'close the quote; a quote that is meant is written as \\" or within the other kind') from None


@lru_cache(maxsize=4096)
def _value(text: str) -> Any:
    """What a value is: a Python literal if it looks like one, else the text."""
    try:
        return _plain(ast.literal_eval(text))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    except TypeError:
        raise Wrong(f"`{text[:60]}` looks like a Python literal, but is none",
                    "write the value in two kinds of quotes: key='\"…\"'") from None


def _plain(value: Any) -> Any:
    """The literal with lists for tuples and sets, and text for what JSON does not have."""
    if isinstance(value, (list, tuple, set)):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        odd = next((key for key in value if not isinstance(key, (str, int, float, NoneType))), None)
        if odd is not None:
            raise Wrong(f"`{odd}` cannot be a key", "write keys as text: {'a': 1}")
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, int) and value.bit_length() > scalars.LONGEST_INT:
        raise Wrong("this number is longer than any that can be printed", "write it in two kinds of quotes, as text")
    if isinstance(value, bytes):
        return Unsafe(value.decode("utf-8", "replace"))
    if value is ...:
        return "..."
    return str(value) if isinstance(value, complex) else value


def _place_of(part: str, place: Place, raw: str) -> Place:
    """The place of a part of the line, if it is there as it is."""
    at = raw.find(part, place.column - 1)
    return Place(place.file, place.line, at + 1, len(part.rstrip("="))) if at >= 0 else place
