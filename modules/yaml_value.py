"""yaml_value: a value stands at a place in a YAML file, or does not."""
from __future__ import annotations

import json
import re
from typing import Any, ClassVar, List, Optional, Tuple, Union

from holdfast_host import Refused, Resource, texts, value_at
from holdfast_host.value_at import Key, ValueAt
from holdfast_host.yaml_text import BLOCK, FLOW, NOTHING, OPAQUE, QUOTED, Node, Part, Scanner, plain

_SAFE = re.compile(r"[A-Za-z0-9_/.+][A-Za-z0-9_./@+=,-]*(?: [A-Za-z0-9_./@+=(-][A-Za-z0-9_./@+=,()-]*)*\Z")
_SAFE_NAME = re.compile(r"[A-Za-z0-9_/.][A-Za-z0-9_./-]*\Z")


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
    return bool(_SAFE_NAME.match(name)) and isinstance(plain(name), str)


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
    if quote != '"' and _SAFE.match(value) and isinstance(plain(value), str):
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
