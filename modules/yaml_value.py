"""yaml_value: a value stands at a place in a YAML file, or does not."""
from __future__ import annotations

import json
import re
from typing import Any, ClassVar, List, NamedTuple, Optional, Tuple, Union

from holdfast_host import Refused, Resource, texts, value_at
from holdfast_host.value_at import Key, ValueAt

DEPTH = 100
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
_SAFE = re.compile(r"[A-Za-z0-9_/.+][A-Za-z0-9_./@+=,-]*(?: [A-Za-z0-9_./@+=(-][A-Za-z0-9_./@+=,()-]*)*\Z")
_SAFE_NAME = re.compile(r"[A-Za-z0-9_/.][A-Za-z0-9_./-]*\Z")


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


class YamlValue(ValueAt, Resource):  # the second is what types are found by
    """A value stands at a place in a YAML file, or does not. All else in the file stays as it is: comments, order,
    blanks, indentation and quotes. A link is followed.

    Files with one document of blocks (mappings and lists by indentation) are edited, also where values in them are
    texts of several lines, or lists and mappings in brackets, which are replaced as a whole. What has an anchor, an
    alias, a tag or a merge (`<<`) is left as it is, and a key that leads into it, or to it, is refused; so are files
    with several documents, names that are no single words or texts (`? `), and tabs as indentation. Before anything is
    written the new text is read again: unless it says what was declared, and all else as before, it is refused.
    """

    example: ClassVar[str] = """
        - yaml_value: one more worker
          path: /etc/app/config.yml
          key: server.workers
          value: 8
        - yaml_value: where it may be reached
          path: /etc/app/config.yml
          key: server.origins
          value: [https://example.org, https://www.example.org]
        - yaml_value: no debugging
          path: /etc/app/config.yml
          key: logging.debug
          state: absent
    """

    def edited(self, now: str) -> str:
        if now.startswith("\ufeff"):
            return "\ufeff" + self.edited(now[1:])
        key = value_at.parsed(self.key)
        before = Scanner(now).whole()
        if self.state == "absent":
            wanted = value_at.without(before.plain, key)
            after = now if value_at.same(wanted, before.plain) else _without(now, key)
        else:
            _passable(before, key)
            wanted = value_at.put(before.plain, key, self.value)
            after = _with(now, key, self.value)
        if not value_at.same(Scanner(after).whole().plain, wanted):
            raise Refused("path", "%s cannot be edited safely" % self.path, "use `template` or `line`")
        return after


def _passable(node: Node, key: Key) -> None:
    """Raises Refused when the way leads into something that is not taken apart."""
    node, rest = _find(node, key)
    if any(part.name == "<<" for part in node.parts) and rest:
        raise Refused("key", "leads into a mapping that takes others in (`<<`)", "edit it with `line`")
    if node.kind == OPAQUE:
        raise Refused("key", "leads to what has an anchor, an alias or a tag", "edit it with `line`")
    if rest and node.kind == FLOW and node.plain not in ({}, []):
        raise Refused("key", "leads into what stands in brackets", "declare the whole of it as `value`")


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
        return Node(FLOW, start, end, _flow_plain(text)), last + 1

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
                    return Node(PLAIN, start, start + len(text), _plain(text)), i + 1
                raise self._wrong(i + 1, "goes on in a way that is not understood")
            return self._node(PLAIN, start, last), last
        return Node(PLAIN, start, start + len(text), _plain(text)), i + 1

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


def _plain(text: str) -> Any:
    """What a text without quotes means."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
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


def _flow_plain(text: str) -> Any:
    """What a list or mapping in brackets means; as it is written, when it is not a simple one."""
    if text.strip("[] ") == "" and text[0] == "[":
        return []
    if text.strip("{} ") == "" and text[0] == "{":
        return {}
    if text[0] == "[" and "\n" not in text:
        items = [item.strip() for item in text[1:-1].split(",")]
        if all(re.match(r"[A-Za-z0-9_./@+-][A-Za-z0-9_./@+ -]*\Z|\"[^\"\\,]*\"\Z|'[^',]*'\Z", item) for item in items):
            return [_unquoted(item) if item[0] in "\"'" else _plain(item) for item in items]
    return Raw(text)


# -- writing ---------------------------------------------------------------------------------------------------------


def _find(node: Node, key: Key) -> Tuple[Node, Key]:
    """(the innermost value on the way that is there, the rest of the way)."""
    for i, name in enumerate(key):
        part = next((part for part in node.parts if part.name == name), None)
        if part is None:
            return node, key[i:]
        node = part.node
    return node, ()


def _with(text: str, key: Key, value: Any) -> str:
    """The text with a value at a place. Of blocks only what differs is written anew."""
    root = Scanner(text).whole()
    node, rest = _find(root, key)
    if not rest and value_at.same(node.plain, value):
        return text
    if not rest:
        _passable(root, key)
    if not rest and node.kind == BLOCK and value and isinstance(value, dict) and isinstance(node.plain, dict):
        for name in [name for name in node.plain if name not in value]:
            text = _without(text, (*key, name))
        for name, item in value.items():
            text = _with(text, (*key, name), item)
        return text
    if not rest and node.kind == BLOCK and value and isinstance(value, (list, tuple)) and isinstance(node.plain, list):
        for i in range(len(node.plain) - 1, len(value) - 1, -1):
            text = _without(text, (*key, i))
        for i, item in enumerate(value):
            text = _with(text, (*key, i), item)
        return text
    if not rest:
        return _replaced(text, root, key, value)
    inner = value_at.put(None, rest[1:], value)
    if node.kind == BLOCK:
        return _added(text, node, rest[0], inner)
    whole = {rest[0]: inner} if isinstance(rest[0], str) else [inner]
    if len(rest) == len(key):  # there is nothing in the file
        end = _line_end(text)
        before = text if not text or text.endswith("\n") else text + end
        if node.kind != NOTHING:
            before = text[:node.start]
        return before + "".join(line + end for line in _lines(whole, "  "))
    return _replaced(text, root, key[:len(key) - len(rest)], whole)


def _part(root: Node, key: Key) -> Part:
    part: Optional[Part] = None
    node = root
    for name in key:
        part = next(part for part in node.parts if part.name == name)
        node = part.node
    assert part is not None
    return part


def _replaced(text: str, root: Node, key: Key, value: Any) -> str:
    """A value in the place of another. A comment behind the name or value stays where it is."""
    part = _part(root, key)
    node = part.node
    if isinstance(value, (dict, list, tuple)) and value:
        return _block_replaced(text, root, part, value)
    spelled = _scalar(value, text[node.start:node.start + 1] if node.kind == QUOTED else "")
    if node.kind != BLOCK:
        blanks = " " if node.kind == NOTHING else text[part.behind:node.start]
        return text[:part.behind] + blanks + spelled + text[node.end:]
    line_end = text.find("\n", part.behind)
    comment = text[part.behind:line_end] if part.behind < line_end < node.start else ""
    return text[:part.behind] + " " + spelled + comment.rstrip("\r") + text[node.end:]


def _block_replaced(text: str, root: Node, part: Part, value: Any) -> str:
    """A mapping or list, written as a block, in the place of a value."""
    node, unit, end = part.node, _unit(root), _line_end(text)
    lines = _lines(value, unit)
    if node.kind == BLOCK:
        line = text.rfind("\n", 0, node.start) + 1
        return text[:node.start] + (end + " " * (node.start - line)).join(lines) + text[node.end:]
    column = part.start - (text.rfind("\n", 0, part.start) + 1)
    is_item = isinstance(part.name, int)
    between = end + " " * (column + (2 if is_item else len(unit)))
    stop = text.find("\n", node.end)
    behind = text[node.end:stop if stop >= 0 else len(text)].rstrip("\r")
    if is_item and not behind.strip():
        return text[:part.behind] + " " + between.join(lines) + text[node.end:]
    comment = " " + behind.strip() if behind.strip() else ""
    return text[:part.behind] + comment + between + between.join(lines) + text[node.end + len(behind):]


def _added(text: str, node: Node, name: Union[str, int], value: Any) -> str:
    """A new part behind the last one of a block."""
    scanner = Scanner(text)
    last = node.parts[-1].last
    at = scanner.offsets[last]
    end = _line_end(text)
    whole = {name: value} if isinstance(name, str) else [value]
    lines = [" " * node.indent + line + end for line in _lines(whole, _unit(scanner.whole()))]
    before = text[:at]
    return before + ("" if before.endswith("\n") or not before else end) + "".join(lines) + text[at:]


def _without(text: str, key: Key) -> str:
    """The text without what stands at a place. What was the last one leaves an empty mapping or list."""
    root = Scanner(text).whole()
    node, rest = _find(root, key[:-1])
    if rest or not any(part.name == key[-1] for part in node.parts):
        return text
    if node.kind != BLOCK or any(part.name == "<<" for part in node.parts):
        raise Refused("key", "leads into a mapping that takes others in (`<<`)", "edit it with `line`")
    at = next(i for i, part in enumerate(node.parts) if part.name == key[-1])
    part = node.parts[at]
    scanner = Scanner(text)
    first, last = scanner.offsets[part.first], scanner.offsets[part.last]
    if len(node.parts) == 1:
        empty = "{}" if isinstance(part.name, str) else "[]"
        if len(key) == 1:
            return text[:part.start] + empty + _line_end(text) + text[last:]
        return _replaced(text, root, key[:-1], {} if empty == "{}" else [])
    if text[first:part.start].strip():  # it begins behind the dash of a list
        following = node.parts[at + 1]
        between = text[last:following.start]
        if between.strip():
            raise Refused("key", "leads to what has a comment between a dash and the next name", "edit it with `line`")
        return text[:part.start] + text[following.start:]
    return text[:first] + text[last:]


def _lines(value: Any, unit: str) -> List[str]:
    """A mapping or list that is not empty, as lines of a block."""
    lines: List[str] = []
    pairs = value.items() if isinstance(value, dict) else ((None, item) for item in value)
    for name, item in pairs:
        head = "-" if name is None else (name if _is_name(name) else json.dumps(name, ensure_ascii=False)) + ":"
        if not isinstance(item, (dict, list, tuple)) or not item:
            lines.append("%s %s" % (head, _scalar(item)))
        elif name is None:
            inner = _lines(item, unit)
            lines += ["- " + inner[0], *("  " + line for line in inner[1:])]
        else:
            lines += [head, *(unit + line for line in _lines(item, unit))]
    return lines


def _is_name(name: str) -> bool:
    return bool(_SAFE_NAME.match(name)) and isinstance(_plain(name), str)


def _scalar(value: Any, quote: str = "") -> str:
    """A single value. quote: what the one before stood in."""
    if isinstance(value, (dict, list, tuple)):
        return "{}" if isinstance(value, dict) else "[]"
    if not isinstance(value, str):
        if isinstance(value, float) and "." not in json.dumps(value):
            return json.dumps(value).replace("e", ".0e")
        return json.dumps(value)
    if quote == "'" and re.match(r"[\x20-\x7e\u00a1-\ud7ff]*\Z", value):
        return "'%s'" % value.replace("'", "''")
    if quote != '"' and _SAFE.match(value) and isinstance(_plain(value), str):
        return value
    is_printable = re.match(r"[\x20-\x7e\u00a1-\u1fff\n\t]*\Z", value)
    return json.dumps(value, ensure_ascii=not is_printable)


def _unit(root: Node) -> str:
    """One step of indentation, as the file has it first."""
    for part in root.parts:
        if part.node.kind == BLOCK and isinstance(part.name, str) and part.node.indent > root.indent:
            return " " * (part.node.indent - root.indent)
    for part in root.parts:
        found = _unit(part.node)
        if part.node.kind == BLOCK and found != "  ":
            return found
    return "  "


def _line_end(text: str) -> str:
    return texts.line_end(texts.rows_of(text))
