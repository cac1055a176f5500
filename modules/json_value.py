"""json_value: a value stands at a place in a JSON file, or does not."""
from __future__ import annotations

import json
import re
from typing import Any, ClassVar, List, NamedTuple, Optional, Tuple, Union

from holdfast_host import Refused, Resource, texts, value_at
from holdfast_host.value_at import Key, ValueAt

DEPTH = 200
_BLANK = re.compile(r"(?:[ \t\r\n]+|//[^\n]*|/\*.*?\*/)*", re.S)
_SCALAR = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"'
                     r"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null")


class Node(NamedTuple):
    """A value and where it stands: from `start` up to, not including, `end`. parts: of a list or mapping, each with
    its name and where that begins and ends."""

    start: int
    end: int
    plain: Any
    parts: Tuple["Part", ...] = ()


class Part(NamedTuple):
    name: Union[str, int]
    start: int
    name_end: int
    node: Node


class JsonValue(ValueAt, Resource):  # the second is what types are found by
    """A value stands at a place in a JSON file, or does not. All else in the file stays as it is: order, blanks,
    indentation, and comments where the program that reads the file takes them (`//`, `/* */`). What is new is written
    as what stands beside it is. A link is followed.
    """

    example: ClassVar[str] = """
        - json_value: log size of containers
          path: /etc/docker/daemon.json
          key: log-opts.max-size
          value: 10m
          create: true
          validate: python3 -m json.tool %s
        - json_value: first mirror
          path: /etc/docker/daemon.json
          key: registry-mirrors[0]
          value: https://mirror.example.org
        - json_value: no debugging
          path: /etc/docker/daemon.json
          key: debug
          state: absent
    """

    def edited(self, now: str) -> str:
        key = value_at.parsed(self.key)
        if not now.strip():
            if self.state == "absent":
                return now
            return json.dumps(value_at.put(None, key, self.value), indent=2, ensure_ascii=False) + "\n"
        before = Scanner(now).whole()
        if self.state == "absent":
            wanted = value_at.without(before.plain, key)
            after = now if value_at.same(wanted, before.plain) else _without(now, key)
        else:
            wanted = value_at.put(before.plain, key, self.value)
            after = _with(now, key, self.value)
        if not value_at.same(Scanner(after).whole().plain, wanted):
            raise Refused("path", "%s cannot be edited safely" % self.path, "use `template` or `line`")
        return after


class Scanner:
    """Reads a JSON text, comments and commas behind the last part allowed. Raises Refused with line and column."""

    def __init__(self, text: str) -> None:
        self.text = text

    def whole(self) -> Node:
        start = self._blank(0)
        node = self._value(start, 0)
        if self._blank(node.end) != len(self.text):
            raise self._wrong(self._blank(node.end))
        return node

    def _value(self, at: int, depth: int) -> Node:
        if depth > DEPTH:
            raise Refused("path", "is nested deeper than %d" % DEPTH, "use `template`")
        if self.text[at:at + 1] in ("{", "["):
            return self._collection(at, depth)
        match = _SCALAR.match(self.text, at)
        if match is None:
            raise self._wrong(at)
        try:
            return Node(at, match.end(), json.loads(match.group()))
        except ValueError:  # more digits than Python reads
            raise Refused("path", "has a number of %d digits in line %d" % (len(match.group()), self._line(at)),
                          "use `line`") from None

    def _collection(self, start: int, depth: int) -> Node:
        is_mapping = self.text[start] == "{"
        close = "}" if is_mapping else "]"
        parts: List[Part] = []
        at = self._blank(start + 1)
        while self.text[at:at + 1] != close:
            begin, name_end = at, at
            name: Union[str, int] = len(parts)
            if is_mapping:
                match = _SCALAR.match(self.text, at)
                if match is None or self.text[at] != '"':
                    raise self._wrong(at)
                name, name_end = json.loads(match.group()), match.end()
                at = self._blank(name_end)
                if self.text[at:at + 1] != ":":
                    raise self._wrong(at)
                at = self._blank(at + 1)
            node = self._value(at, depth + 1)
            parts.append(Part(name, begin, name_end, node))
            at = self._blank(node.end)
            if self.text[at:at + 1] == ",":
                at = self._blank(at + 1)
            elif self.text[at:at + 1] != close:
                raise self._wrong(at)
        names = [part.name for part in parts]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise Refused("path", "has `%s` twice in one mapping, in line %d" % (twice, self._line(start)),
                          "remove one of them")
        plain: Any = {part.name: part.node.plain for part in parts} if is_mapping else [p.node.plain for p in parts]
        return Node(start, at + 1, plain, tuple(parts))

    def _blank(self, at: int) -> int:
        match = _BLANK.match(self.text, at)
        return match.end() if match else at

    def _line(self, at: int) -> int:
        return self.text.count("\n", 0, at) + 1

    def _wrong(self, at: int) -> Refused:
        column = at - self.text.rfind("\n", 0, at)
        here = self.text[at:at + 10].split("\n")[0]
        found = "ends too early" if at >= len(self.text) else "is no JSON at `%s`" % here
        return Refused("path", "%s (line %d, column %d)" % (found, self._line(at), column), "mend the file first")


def _find(node: Node, key: Key) -> Tuple[Node, Key]:
    """(the innermost value on the way that is there, the rest of the way)."""
    for i, name in enumerate(key):
        part = next((part for part in node.parts if part.name == name), None)
        if part is None:
            return node, key[i:]
        node = part.node
    return node, ()


def _with(text: str, key: Key, value: Any) -> str:
    """The text with a value at a place. Of collections only what differs is written anew."""
    node, rest = _find(Scanner(text).whole(), key)
    if not rest and value_at.same(node.plain, value):
        return text
    if not rest and isinstance(value, dict) and isinstance(node.plain, dict) and node.parts and value:
        for name in [name for name in node.plain if name not in value]:
            text = _without(text, (*key, name))
        for name, item in value.items():
            text = _with(text, (*key, name), item)
        return text
    if not rest and isinstance(value, (list, tuple)) and isinstance(node.plain, list) and node.parts and value:
        for i in range(len(node.plain) - 1, len(value) - 1, -1):
            text = _without(text, (*key, i))
        for i, item in enumerate(value):
            text = _with(text, (*key, i), item)
        return text
    if not rest:
        return text[:node.start] + _spelled(text, value, _indent(text, node.start)) + text[node.end:]
    inner = value_at.put(None, rest[1:], value)
    if not node.parts:
        whole = {rest[0]: inner} if isinstance(rest[0], str) else [inner]
        return text[:node.start] + _spelled(text, whole, _indent(text, node.start)) + text[node.end:]
    return _added(text, node, rest[0], inner)


def _added(text: str, node: Node, name: Union[str, int], value: Any) -> str:
    """A new part behind the last one, spaced as that one is."""
    last = node.parts[-1]
    line = text.rfind("\n", 0, last.start) + 1
    is_own_line = not text[line:last.start].strip()
    indent = text[line:last.start] if is_own_line else _indent(text, node.start)
    head = ""
    if isinstance(name, str):
        between = text[last.name_end:last.node.start]
        head = json.dumps(name, ensure_ascii=False) + (between if re.match(r"\s*:\s*\Z", between) else ": ")
    new = head + _spelled(text, value, indent)
    gap = _line_end(text) + indent if is_own_line else " " if len(node.parts) < 2 else \
        " " if text[node.parts[-2].node.end:last.start] != "," else ""
    end = last.node.end
    following = _BLANK.match(text, end)
    comma = following.end() if following else end
    if text[comma:comma + 1] == ",":  # one stands behind the last part already
        return text[:comma + 1] + gap + new + "," + text[comma + 1:]
    return text[:end] + "," + gap + new + text[end:]


def _without(text: str, key: Key) -> str:
    """The text without what stands at a place. A comment stays, unless the line is only about what goes."""
    node, rest = _find(Scanner(text).whole(), key[:-1])
    at = next((i for i, part in enumerate(node.parts) if part.name == key[-1]), None)
    if rest or at is None:
        return text
    part = node.parts[at]
    start, end = part.start, part.node.end
    blank = _BLANK.match(text, end)
    comma = blank.end() if blank else end
    if text[comma:comma + 1] == ",":
        text = text[:comma] + text[comma + 1:]
        end = comma if not text[end:comma].strip() else end
    elif at > 0:
        previous = node.parts[at - 1].node.end
        ahead = _BLANK.match(text, previous)
        comma = ahead.end() if ahead else previous
        text = text[:comma] + text[comma + 1:]
        start, end = start - 1, end - 1
    return _cut(text, start, end, at + 1 < len(node.parts))


def _cut(text: str, start: int, end: int, has_next: bool) -> str:
    """Takes a piece out, with its line if nothing else stands there, else with the blanks beside it."""
    line = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end
    if not text[line:start].strip() and not text[end:line_end].strip():
        return text[:line] + text[min(line_end + 1, len(text)):] if line else text[end:].lstrip()
    if has_next:
        while text[end:end + 1] in (" ", "\t") and text[end:end + 1]:
            end += 1
    else:
        while text[start - 1:start] in (" ", "\t"):
            start -= 1
    return text[:start] + text[end:]


def _spelled(text: str, value: Any, indent: str) -> str:
    """A value in JSON, in lines of its own where the file has them."""
    unit = _unit(text)
    spelled = json.dumps(value, ensure_ascii=False, indent=unit)
    return spelled.replace("\n", _line_end(text) + indent)


def _unit(text: str) -> Optional[str]:
    """What one step of indentation is; None: the file has no lines."""
    found = re.search(r"\n([ \t]+)\S", text)
    if found:
        return found.group(1)
    return "  " if "\n" in text.strip() else None


def _line_end(text: str) -> str:
    return texts.line_end(texts.rows_of(text))


def _indent(text: str, at: int) -> str:
    line = text[text.rfind("\n", 0, at) + 1:at]
    return line[:len(line) - len(line.lstrip())]
