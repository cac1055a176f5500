"""The text of a YAML file with the places of its values, as far as it is understood: for types that edit some of it."""
from __future__ import annotations

import json
import re
from typing import Any, List, NamedTuple, Optional, Tuple, Union

from . import texts
from .errors import Refused

DEPTH = 100
DIGITS = 4000  # of a number; Python itself reads a few more
BLOCK, PLAIN, QUOTED, FLOW, OPAQUE, NOTHING = "block", "plain", "quoted", "flow", "opaque", "nothing"
_QUOTED = r'"(?:[^"\\]|\\.)*"|' + r"'(?:[^']|'')*'"
_BARE = r"(?:[^\s\-?:,\[\]{}#&*!|>'\"%@`]|[-?:](?=[^\s]))(?:[^:#]|:(?=\S)|(?<=\S)#)*?"  # a name without quotes
_NAME = re.compile("(" + _QUOTED + "|" + _BARE + r")[ \t]*:(?=[ \t]|\Z)")
_LITERAL = re.compile(r"[|>]([-+]?)(?:[-+0-9]*)[ \t]*(?:#.*)?\Z")
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+][0-9]+)?\Z")
_WORDS = {"null": None, "~": None, "": None, "Null": None, "NULL": None, "true": True, "True": True, "TRUE": True,
          "false": False, "False": False, "FALSE": False}
# What some readers take for a number, a date or a truth, and others for a text:
_UNCLEAR = re.compile(r"(?i)(?:[-+]?[0-9][0-9_,.:eExXoOa-fA-F+TZ-]*|[-+]?\.[0-9_]+.*|[-+]?\.(?:inf|nan)|"
                      r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*|y|n|yes|no|on|off|=|<<)\Z")


class Raw(NamedTuple):
    """A value whose meaning is left open; what it is written as is all that counts."""

    text: str


class Node(NamedTuple):
    """A value and where it stands: offsets in the text, for a block from its first line's content on. parts: of a
    block; indent: of these."""

    kind: str
    start: int
    end: int
    plain: Any
    parts: Tuple["Part", ...] = ()
    indent: int = 0


class Part(NamedTuple):
    """One of a block. start: of its name or dash; behind: where its colon or dash ends; node: its value; first: its
    first line; last: behind its last line."""

    name: Union[str, int]
    start: int
    behind: int
    node: Node
    first: int
    last: int


class Scanner:
    """Reads the text of a YAML file as far as it is understood. Raises Refused, with the line, for the rest."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.rows = [texts.body(row) for row in texts.rows_of(text)]
        self.offsets = [0]
        for row in texts.rows_of(text):
            self.offsets.append(self.offsets[-1] + len(row))
        self.indents = [len(row) - len(row.lstrip(" ")) for row in self.rows]

    def whole(self) -> Node:
        first = self._next(0)
        if first < len(self.rows) and re.match(r"---[ \t]*(?:#.*)?\Z", self.rows[first]):
            first = self._next(first + 1)
        for i, row in enumerate(self.rows):
            if (i >= first and re.match(r"(?:---|\.\.\.)(?:[ \t]|\Z)", row)) or row.startswith("%"):
                raise self._wrong(i, "begins another document, or ends one")
        if first == len(self.rows):
            return Node(NOTHING, len(self.text), len(self.text), None)
        node, last = self._block(first, self.indents[first], 0)
        if self._next(last) < len(self.rows):
            raise self._wrong(self._next(last), "is indented unlike what is above it")
        return node

    def _next(self, i: int) -> int:
        """The next line with something in it."""
        while i < len(self.rows) and re.match(r"[ \t]*(?:#.*)?\Z", self.rows[i]):
            i += 1
        return i

    def _block(self, i: int, indent: int, depth: int) -> Tuple[Node, int]:
        """The mapping or list that begins in a line, and the line behind its last one."""
        if depth > DEPTH:
            raise self._wrong(i, "is nested deeper than %d" % DEPTH)
        body = self.rows[i][indent:]
        if body.startswith("\t"):
            raise self._wrong(i, "is indented by a tab")
        is_list = bool(re.match(r"-(?:[ \t]|\Z)", body))
        if not is_list and not _NAME.match(body):
            raise self._wrong(i, "is neither `name: value` nor `- value`")
        parts: List[Part] = []
        start, last = self.offsets[i] + indent, i
        while i < len(self.rows) and self.indents[i] == indent and \
                bool(re.match(r"-(?:[ \t]|\Z)", self.rows[i][indent:])) == is_list:
            part = (self._item if is_list else self._entry)(i, indent, depth, len(parts))
            parts.append(part)
            last = part.last
            i = self._next(last)
        names = [part.name for part in parts]
        if len(set(names)) < len(names):
            raise self._wrong(parts[-1].first, "is in a mapping that has a name twice")
        plain: Any = [part.node.plain for part in parts] if is_list else {part.name: part.node.plain for part in parts}
        return Node(BLOCK, start, parts[-1].node.end, plain, tuple(parts), indent), last

    def _entry(self, i: int, indent: int, depth: int, _: int) -> Part:
        match = _NAME.match(self.rows[i], indent)
        if match is None:
            raise self._wrong(i, "is not `name: value`")
        node, last = self._value(i, match.end(), indent, depth, True)
        text = match.group(1)
        name = _unquoted(text) if text[0] in "\"'" else text
        if name is None:
            raise self._wrong(i, "has a name that is not understood")
        return Part(name, self.offsets[i] + indent, self.offsets[i] + match.end(), node, i, last)

    def _item(self, i: int, indent: int, depth: int, number: int) -> Part:
        row = self.rows[i]
        inner = len(row) - len(row[indent + 1:].lstrip(" "))
        behind = self.offsets[i] + indent + 1
        rest = row[inner:]
        if rest.startswith("\t"):
            raise self._wrong(i, "is indented by a tab")
        if re.match(r"-(?:[ \t]|\Z)", rest) or (_NAME.match(rest) and rest[0] not in "[{"):
            self.indents[i] = inner
            try:
                node, last = self._block(i, inner, depth + 1)
            finally:
                self.indents[i] = indent
        else:
            node, last = self._value(i, indent + 1, indent, depth, False)
        return Part(number, self.offsets[i] + indent, behind, node, i, last)

    def _value(self, i: int, at: int, indent: int, depth: int, in_mapping: bool) -> Tuple[Node, int]:
        """The value behind a colon or dash, and the line behind its last one."""
        row = self.rows[i]
        begin = len(row) - len(row[at:].lstrip(" \t"))
        rest = row[begin:]
        if not rest or (rest.startswith("#") and begin > at):
            return self._below(i, at, indent, depth, in_mapping)
        start = self.offsets[i] + begin
        if rest[0] in "&*!":
            return self._unclear(i, start, indent, in_mapping)
        if rest[0] in "|>":
            return self._literal(i, start, indent, rest)
        if rest[0] in "\"'":
            return self._quoted(i, start, indent)
        if rest[0] in "[{":
            return self._flow(i, start, indent)
        return self._plain(i, start, indent, rest)

    def _below(self, i: int, at: int, indent: int, depth: int, in_mapping: bool) -> Tuple[Node, int]:
        following = self._next(i + 1)
        if following < len(self.rows):
            inner = self.indents[following]
            is_list = bool(re.match(r"-(?:[ \t]|\Z)", self.rows[following][inner:]))
            if inner > indent or (in_mapping and is_list and inner == indent):
                return self._block(following, inner, depth + 1)
        return Node(NOTHING, self.offsets[i] + at, self.offsets[i] + at, None), i + 1

    def _deeper(self, i: int, indent: int) -> int:
        """Behind the last line below this one that is indented deeper."""
        last = i + 1
        for j in range(i + 1, len(self.rows)):
            if self.rows[j].strip():
                if self.indents[j] <= indent:
                    break
                last = j + 1
        return last

    def _unclear(self, i: int, start: int, indent: int, in_mapping: bool) -> Tuple[Node, int]:
        last = self._deeper(i, indent)
        following = self._next(i + 1)
        if last == i + 1 and in_mapping and following < len(self.rows) and self.indents[following] == indent:
            while following < len(self.rows) and re.match(r"-(?:[ \t]|\Z)", self.rows[following][indent:]) and \
                    self.indents[following] == indent:  # a list below an anchor, as deep as its name
                last = self._deeper(following, indent)
                following = self._next(last)
        return self._node(OPAQUE, start, last), last

    def _literal(self, i: int, start: int, indent: int, rest: str) -> Tuple[Node, int]:
        match = _LITERAL.match(rest)
        if match is None:
            raise self._wrong(i, "is not understood behind `%s`" % rest[0])
        last = self._deeper(i, indent)
        node = self._node(OPAQUE, start, last)
        lines = self.rows[i + 1:last]
        depth = self.indents[i + 1] if lines else 0
        is_simple = bool(re.match(r"\|-?[ \t]*(?:#|\Z)", rest)) and bool(lines) and bool(lines[0].strip())
        if is_simple:
            text = "\n".join(line[depth:] for line in lines) + ("" if match.group(1) == "-" else "\n")
            return node._replace(kind=QUOTED, plain=text), last
        return node._replace(kind=QUOTED), last

    def _quoted(self, i: int, start: int, indent: int) -> Tuple[Node, int]:
        match = re.compile(_QUOTED, re.S).match(self.text, start)
        if match is None:
            raise self._wrong(i, "has quotes that are not closed")
        last = self._line_of(match.end() - 1)
        self._must_end(last, match.end())
        plain = _unquoted(match.group()) if last == i else None
        return Node(QUOTED, start, match.end(), Raw(match.group()) if plain is None else plain), last + 1

    def _flow(self, i: int, start: int, indent: int) -> Tuple[Node, int]:
        end = _closing(self.text, start)
        if end is None:
            raise self._wrong(i, "has brackets that are not closed, or a comment between them")
        last = self._line_of(end - 1)
        self._must_end(last, end)
        text = self.text[start:end]
        return Node(FLOW, start, end, _flow(text)), last + 1

    def _plain(self, i: int, start: int, indent: int, rest: str) -> Tuple[Node, int]:
        if rest[0] in "%@`,]}" or re.match(r"[?:-](?:[ \t]|\Z)", rest):
            raise self._wrong(i, "is not understood at `%s`" % rest[:10])
        text = re.split(r"[ \t]#", rest, maxsplit=1)[0].rstrip(" \t")
        if re.search(r":(?:[ \t]|\Z)", text):
            raise self._wrong(i, "has two values in one line")
        last = self._deeper(i, indent)
        if last > i + 1:
            unclear = re.compile(r"(?:\A|[ \t])#|:(?:[ \t]|\Z)")
            if text != rest.rstrip() or any(map(unclear.search, self.rows[i + 1:last])):
                if self._next(i + 1) >= last:  # only comments are below
                    return Node(PLAIN, start, start + len(text), plain(text)), i + 1
                raise self._wrong(i + 1, "goes on in a way that is not understood")
            return self._node(PLAIN, start, last), last
        return Node(PLAIN, start, start + len(text), plain(text)), i + 1

    def _node(self, kind: str, start: int, last: int) -> Node:
        """What goes on to the end of a line."""
        end = self.offsets[last - 1] + len(self.rows[last - 1])
        return Node(kind, start, end, Raw(self.text[start:end].rstrip()))

    def _must_end(self, i: int, at: int) -> None:
        behind = self.rows[i][at - self.offsets[i]:]
        if not re.match(r"[ \t]*(?:[ \t]#.*)?\Z", behind):
            raise self._wrong(i, "is not understood at `%s`" % behind[:10].strip())

    def _line_of(self, at: int) -> int:
        return self.text.count("\n", 0, at)

    def _wrong(self, i: int, what: str) -> Refused:
        return Refused("path", "line %d %s" % (i + 1, what), "write it in plain blocks, or edit it with `line`")


def _unquoted(text: str) -> Optional[str]:
    """What a text in quotes means; None: that is not worked out."""
    if text[0] == "'":
        return text[1:-1].replace("''", "'")
    try:
        read = json.loads(text)
    except ValueError:
        return None  # an escape that JSON does not know
    return read if isinstance(read, str) else None


def plain(text: str) -> Any:
    """What a text without quotes means."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text) and len(text) <= DIGITS:
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    return Raw(text) if _UNCLEAR.match(text) else text


def _closing(text: str, start: int) -> Optional[int]:
    """Behind the bracket that closes the one at `start`; None: there is none, or a comment is in between."""
    depth, at = 0, start
    quoted = re.compile(_QUOTED, re.S)
    while at < len(text):
        one = text[at]
        if one in "\"'" and text[at - 1] in "[{,: \t\n":
            match = quoted.match(text, at)
            if match is None:
                return None
            at = match.end()
            continue
        if one == "#" and text[at - 1] in " \t\n":
            return None
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(one, 0)
        at += 1
        if depth == 0:
            return at
    return None


def _flow(text: str) -> Any:
    """What a list or mapping in brackets means; as it is written, when it is not a simple one."""
    if text.strip("[] ") == "" and text[0] == "[":
        return []
    if text.strip("{} ") == "" and text[0] == "{":
        return {}
    if text[0] == "[" and "\n" not in text:
        items = [item.strip() for item in text[1:-1].split(",")]
        if all(re.match(r"[A-Za-z0-9_./@+-][A-Za-z0-9_./@+ -]*\Z|\"[^\"\\,]*\"\Z|'[^',]*'\Z", item) for item in items):
            return [_unquoted(item) if item[0] in "\"'" else plain(item) for item in items]
    return Raw(text)
