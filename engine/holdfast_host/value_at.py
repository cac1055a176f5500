"""A value at a place in a structured file: what `json_value` and `yaml_value` do alike."""
from __future__ import annotations

import re
from typing import Any, ClassVar, List, Sequence, Tuple, Union

from . import texts
from .errors import Refused
from .resource import ALLOWED, Identity, arg

Key = Tuple[Union[str, int], ...]
_PART = re.compile(r'(?:\A|\.)(?:"((?:[^"\\]|\\.)*)"|([^.\[\]"]+))|\[(\d+)\]')


def parsed(text: str) -> Key:
    """The parts of a key, names as str and places in lists as int. Raises Refused."""
    parts: List[Union[str, int]] = []
    at = 0
    while at < len(text):
        match = _PART.match(text, at)
        if match is None:
            raise Refused("", "`%s` is not understood from `%s` on" % (text, text[at:]),
                          'as server.ports[0]; a name with dots in quotes: server."a.b"')
        quoted, plain, number = match.groups()
        if number is not None:
            parts.append(int(number))
        else:
            parts.append(plain if plain is not None else re.sub(r"\\(.)", r"\1", quoted))
        at = match.end()
    if not parts:
        raise Refused("", "is empty", "as server.port")
    return tuple(parts)


def _key(text: str) -> None:
    parsed(text)
    other = re.match(r"(?:\$\.?|/)([^/$.].*)", text)  # JSONPath, JSON pointer; a name of that look stands in quotes
    if other is not None:
        raise Refused("", "`%s` is not how a place is written here" % text,
                      "write %s" % re.sub(r"\.(\d+)(?=\.|\Z)", r"[\1]", other.group(1).replace("/", ".")))


class ValueAt(texts.EditedAt):
    """Base of the types; `edited` says how a text becomes another."""

    named: ClassVar[str] = ""

    key: str = arg(check=_key, doc='Where in it: names with dots between them, places in lists from 0 in brackets: '
                   '`server.ports[0]`. A name that has dots or brackets stands in quotes: `server."a.b"`.')
    value: Any = arg(None, secret=ALLOWED, doc="What is to be there: a text, a number, true or false, a list or a "
                     "mapping. Of a mapping and a list that are there only what differs is changed.")
    state: str = arg("present", choices=("present", "absent"), doc="Whether it is there.")

    def check(self) -> None:
        if self.state == "present" and self.value is None:
            raise Refused("value", "is missing", "add `value:`; `state: absent` removes what is there")
        if self.state == "absent" and self.value is not None:
            raise Refused("value", "is given for what is to be absent", "remove it")
        if self.state == "absent" and isinstance(parsed(self.key)[-1], int):
            raise Refused("key", "is a place in a list: each run would take another one out of it",
                          "declare the whole list as `value`")

    def provides(self) -> Sequence[Identity]:
        return (("value", "%s: %s" % (self.path, ".".join(map(str, parsed(self.key))))),)

    def edited(self, now: str) -> str:
        """The whole file as it should be. Raises Refused for what cannot be edited safely."""
        raise NotImplementedError


def put(tree: Any, key: Key, value: Any) -> Any:
    """A tree in which a value stands at a place; mappings on the way that are missing are made. Raises Refused."""
    if not key:
        return value
    part, rest = key[0], key[1:]
    if isinstance(part, int):
        items = [] if tree is None else tree
        if not isinstance(items, list) or part > len(items):
            raise misplaced(part, items)
        return [*items[:part], put(items[part] if part < len(items) else None, rest, value), *items[part + 1:]]
    if tree is not None and not isinstance(tree, dict):
        raise misplaced(part, tree)
    return {**(tree or {}), part: put((tree or {}).get(part), rest, value)}


def misplaced(part: Union[str, int], there: Any) -> Refused:
    """What is there has no such place."""
    if isinstance(part, int) and isinstance(there, list):
        return Refused("key", "leads to place %d of a list that has %d" % (part, len(there)),
                       "add the places before it first")
    what = "mapping" if isinstance(there, dict) else "list" if isinstance(there, list) else "single value"
    return Refused("key", "goes on with %s, where a %s stands" % ("[%d]" % part if isinstance(part, int) else
                                                                  "`%s`" % part, what), "see the file")


def without(tree: Any, key: Key) -> Any:
    """A tree without what stands at a place."""
    part, rest = key[0], key[1:]
    if isinstance(part, int):
        if not isinstance(tree, list) or part >= len(tree):
            return tree
        return [*tree[:part], *([without(tree[part], rest)] if rest else []), *tree[part + 1:]]
    if not isinstance(tree, dict) or part not in tree:
        return tree
    return {name: without(item, rest) if name == part else item for name, item in tree.items()
            if name != part or rest}


def same(one: Any, other: Any) -> bool:
    """Whether two values are one and the same to any program: true is not 1, and the order of a mapping is nothing."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
