"""YAML to a tree that remembers the place of everything, for any part of Holdfast that reads YAML."""
from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import yaml

from holdfast.problems import Place, Problem
from holdfast.trees import scalars
from holdfast.trees.faults import nested_too_deep, starts_template, syntax_fault
from holdfast.trees.scalars import Scalar, Unclear, Unsafe, Vaulted

Rules = Literal["strict", "ansible"]

GZIP = b"\x1f\x8b"  # how compressed files begin, those of saved plans among them; no YAML does
BYTES = 4 * 2**20  # the largest file, unless the caller allows more
DEPTH = 50  # mappings and lists in one another
ALIASED = 100_000  # nodes that aliases (`*name`) of one file may stand for, all together

_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # with libyaml ten times as fast
_STYLES = {None: "plain", "": "plain", "'": "single", '"': "double", "|": "literal", ">": "folded"}
_OWN_TAGS = ("str", "null", "bool", "int", "float", "timestamp", "map", "seq")
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufeff\uff00-\ufffd\U00010000-\U0010ffff]|\ufeff")


@dataclass(frozen=True, slots=True)
class Node:
    """A value in a YAML file. value: a scalar, a tuple of Nodes (a list) or a tuple of pairs of Nodes (a mapping).

    style: of scalars plain, single, double, literal or folded; of the others flow or block. Equal values are equal
    nodes only at equal places.
    """

    value: Scalar | tuple[Node, ...] | tuple[tuple[Node, Node], ...]
    place: Place
    style: str
    kind: Literal["text", "number", "boolean", "null", "list", "mapping"]
    source: tuple[str, ...] = field(default=(), repr=False, compare=False)  # the lines of the file, shared by all nodes

    def items(self) -> tuple[tuple[Node, Node], ...]:
        """The pairs of a mapping; () of anything else."""
        return self.value if self.kind == "mapping" else ()  # type: ignore[return-value]

    def elements(self) -> tuple[Node, ...]:
        """What a list holds; () of anything else."""
        return self.value if self.kind == "list" else ()  # type: ignore[return-value]

    def get(self, key: str) -> Node | None:
        """What a mapping has under the key."""
        return next((value for name, value in self.items() if name.value == key), None)

    def key(self, key: str) -> Node | None:
        """The key itself, for its place."""
        return next((name for name, _ in self.items() if name.value == key), None)

    def plain(self) -> Any:
        """Plain Python data: dict, list, str, int, float, bool, None."""
        if self.kind == "mapping":
            return {key.plain(): value.plain() for key, value in self.items()}
        if self.kind == "list":
            return [node.plain() for node in self.elements()]
        return self.value

    @property
    def written(self) -> str:
        """A scalar as it stands in the file, with its quotes; "" if it is on more than one line."""
        return self._line(self.place.line)[self.place.column - 1:][:self.place.width] if self.style != "block" else ""

    def place_at(self, offset: int) -> Place:
        """The place of a character of the value of a text. Exact in one line without escapes and in literal blocks,
        else the place of the whole."""
        if not isinstance(self.value, str) or not 0 <= offset <= len(self.value):
            return self.place
        if self.style == "literal":
            return self._place_in_block(self.value, offset)
        quote = 0 if self.style == "plain" else 1
        start = self.place.column + self.place.width - quote - len(self.value)
        if start < 1 or self._line(self.place.line)[start - 1:start - 1 + len(self.value)] != self.value:
            return self.place
        return replace(self.place, column=start + offset, width=1)

    def _place_in_block(self, text: str, offset: int) -> Place:
        before = text[:offset]
        row = before.count("\n")
        body = text.split("\n")[row]
        line = self.place.line + 1 + row
        if not body or not self._line(line).endswith(body):
            return self.place
        column = len(self._line(line)) - len(body) + 1 + offset - (before.rfind("\n") + 1)
        return replace(self.place, line=line, column=column, width=1)

    def _line(self, number: int) -> str:
        return self.source[number - 1] if 0 < number <= len(self.source) else ""


def decode(data: bytes, file: str) -> tuple[str, list[Problem]]:
    """A file's bytes as text, without byte order mark; or what is wrong with them."""
    if data.startswith(GZIP):
        return "", [Problem("this is a compressed file, not a text", Place(file),
                            "a plan that `holdfast plan --out` has kept is for `holdfast apply` alone")]
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        before = data[:error.start].decode("utf-8", "replace")
        column = len(before) - before.rfind("\n")
        place = Place(file, before.count("\n") + 1, column)
        return "", [Problem(f"byte 0x{data[error.start]:02x} is not UTF-8", place, "save the file as UTF-8")]


def load_all(text: str, file: str, *, rules: Rules, limit: int = BYTES,
             doubled: list[Problem] | None = None) -> tuple[list[Node], list[Problem]]:
    """All documents of a file, and everything that is wrong in it. Empty documents are nodes of kind null.

    file: as the user named it. limit: bytes. "strict": see scalars.strict; keys are text or numbers and unique,
    no tags. "ansible": as Ansible reads, later keys win; doubled: is told of these. After a fault in the
    syntax the rest cannot be read: then the documents before it are there.
    """
    refused = _refused_before(text, file, limit)
    if refused:
        return [], [refused]
    builder = _Builder(text, file, rules, [] if doubled is None else doubled)
    documents: list[Node] = []
    try:
        documents.extend(builder.documents())
    except _Stop as stop:
        builder.problems.append(stop.problem)
    except yaml.YAMLError as error:
        fault = syntax_fault(error, builder.lines, file)
        if not any(seen.place and fault.place and seen.place.line == fault.place.line for seen in builder.problems):
            builder.problems.append(fault)  # else it comes of the one that is reported already
    return documents, builder.problems


def too_large(file: str, limit: int) -> Problem:
    """A file that nobody has written by hand."""
    return Problem(f"the file is larger than {limit // 2**20} MiB", Place(file), "split it into several files")


def _refused_before(text: str, file: str, limit: int) -> Problem | None:
    if len(text) > limit or (len(text) * 4 > limit and len(text.encode("utf-8", "replace")) > limit):
        return too_large(file, limit)
    odd = _UNPRINTABLE.search(text)
    if odd is None or (odd.start() == 0 and odd[0] == "\ufeff" and not _UNPRINTABLE.search(text, 1)):
        return None
    before = text[:odd.start()]
    place = Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
    return Problem(f"U+{ord(odd[0]):04X} is a control character: YAML does not allow it", place,
                   'remove it, or write it as an escape in double quotes: "\\x00"')


class _Stop(Exception):
    """The rest of the file cannot be read, or is not worth reading."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.what)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class _Measured:
    """A node with how many nodes it holds, itself and what aliases stand for included, and how deep they are."""

    node: Node
    nodes: int = 1
    depth: int = 1


class _Builder:
    """Makes nodes of the parser's events. One use."""

    def __init__(self, text: str, file: str, rules: Rules, doubled: list[Problem]) -> None:
        self.file, self.rules, self.doubled = file, rules, doubled
        self.lines = tuple(text.splitlines())
        self.problems: list[Problem] = []
        self.events: Iterator[Any] = iter(yaml.parse(text, Loader=_PARSER))
        self.anchors: dict[str, _Measured] = {}
        self.aliased = 0
        self.unsafe = 0  # how many `!unsafe` are around what is being built
        self.scalar = scalars.strict if rules == "strict" else scalars.ansible

    def documents(self) -> Iterator[Node]:
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                self.anchors = {}
                yield self.build(next(self.events), 1).node

    def build(self, event: Any, depth: int, *, is_key: bool = False) -> _Measured:
        """The node that starts with this event; takes the events up to its end."""
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event, depth)
        self.unsafe += event.tag == "!unsafe"
        if isinstance(event, yaml.ScalarEvent):
            made = _Measured(self.scalar_node(event, is_key))
        elif depth > DEPTH:
            raise _Stop(nested_too_deep(DEPTH, self.place(event)))
        elif isinstance(event, yaml.SequenceStartEvent):
            made = self.list_node(event, depth)
        elif self.is_bare_template(event):
            made = self.bare_template(event, depth)
        else:
            made = self.mapping_node(event, depth)
        self.unsafe -= event.tag == "!unsafe"
        if event.anchor:
            self.anchors[event.anchor] = made
        return made

    def alias(self, event: Any, depth: int) -> _Measured:
        made = self.anchors.get(event.anchor)
        if made is None:
            raise _Stop(Problem(f"there is no anchor &{event.anchor} before this alias", self.place(event),
                                f'write "*{event.anchor}" in quotes if the text is meant'))
        self.aliased += made.nodes
        if self.aliased > ALIASED:
            raise _Stop(Problem(f"the aliases of this file stand for more than {ALIASED} values", self.place(event),
                                "write fewer aliases to what holds aliases"))
        if depth + made.depth - 1 > DEPTH:
            raise _Stop(nested_too_deep(DEPTH, self.place(event)))
        return made

    def scalar_node(self, event: Any, is_key: bool) -> Node:
        place, text = self.place(event), event.value
        if self.rules == "strict" and not event.style and not text.isascii():
            text = self.seen(text, place)
        value: Scalar = text
        try:
            if event.tag is not None:
                value = self.tagged(event.tag, text, place)
            elif event.implicit[0] and not (is_key and self.rules == "strict" and text.isalpha()):
                value = self.scalar(text)  # a key that is a word is that word: `on`, `no`, `null`
        except Unclear as unclear:
            self.problems.append(Problem(unclear.what, place, unclear.mend))
        if is_key and isinstance(value, Vaulted):
            self.refuse_tag(event.tag, place)
        if self.unsafe and isinstance(value, str) and not is_key and not isinstance(value, Vaulted):
            value = Unsafe(value)
        return Node(value, place, _STYLES[event.style], _kind(value), self.lines)

    def seen(self, text: str, place: Place) -> str:
        """The text of a plain scalar without what nobody sees in it; that is told."""
        at = scalars.hidden(text)
        if at is None:
            return text
        where = replace(place, column=place.column + at, width=1) if place.width == len(text) else place
        self.problems.append(Problem(f"here stands U+{ord(text[at]):04X}, a character that nobody sees", where,
                                     "remove it, or put the text in quotes if it is meant"))
        while (more := scalars.hidden(text)) is not None:
            text = text[:more] + text[more + 1:]
        return text

    def tagged(self, tag: str, text: str, place: Place) -> Scalar:
        own = tag.removeprefix("tag:yaml.org,2002:")
        if tag == "!" or own == "str" or (own == "python/unicode" and self.rules == "ansible"):
            return text
        if self.rules == "ansible":
            if tag == "!unsafe":
                return scalars.ansible(text)  # a number stays one, even in quotes: so does Ansible
            if tag in ("!vault", "!vault-encrypted"):
                return Vaulted(text)
            if own in _OWN_TAGS:
                return scalars.tagged(own, text)
        self.refuse_tag(tag, place)
        return text

    def refuse_tag(self, tag: str, place: Place) -> None:
        shown = tag.replace("tag:yaml.org,2002:", "!!")
        if tag.startswith("!vault"):
            self.problems.append(Problem("this value is encrypted with ansible-vault, which Holdfast does not read",
                                         place, "decrypt it, and write `{secret: NAME, file: …}` in its place"))
            return
        self.problems.append(Problem(f"the tag `{shown}` is not known here", place,
                                     "leave the tag out, or put the text in quotes if it starts with `!`"))

    def check_tag(self, event: Any) -> None:
        tag = event.tag
        own = "map" if isinstance(event, yaml.MappingStartEvent) else "seq"
        if tag in (None, "!") or (self.rules == "ansible" and tag in ("!unsafe", f"tag:yaml.org,2002:{own}")):
            return
        self.refuse_tag(tag, self.place(event))

    def list_node(self, event: Any, depth: int) -> _Measured:
        self.check_tag(event)
        elements: list[_Measured] = []
        for inner in self.events:
            if isinstance(inner, yaml.SequenceEndEvent):
                break
            elements.append(self.build(inner, depth + 1))
        nodes = tuple(element.node for element in elements)
        place = self.place(event, inner, nodes[0] if nodes else None)
        node = Node(nodes, place, "flow" if event.flow_style else "block", "list", self.lines)
        return _measured(node, elements)

    def mapping_node(self, event: Any, depth: int) -> _Measured:
        self.check_tag(event)
        pairs: list[tuple[Node, Node]] = []
        merged: list[Node] = []
        parts: list[_Measured] = []
        for inner in self.events:
            if isinstance(inner, yaml.MappingEndEvent):
                break
            is_merge = isinstance(inner, yaml.ScalarEvent) and inner.value == "<<" and inner.implicit[0]
            key = self.build(inner, depth + 1, is_key=True)
            value = self.build(next(self.events), depth + 1)
            parts += (key, value)
            if is_merge:
                merged += self.merged(value.node)
            else:
                pairs.append((key.node, value.node))
        place = self.place(event, inner, pairs[0][0] if pairs else None)
        made = (*self.unique(merged, pairs),)
        return _measured(Node(made, place, "flow" if event.flow_style else "block", "mapping", self.lines), parts)

    def merged(self, node: Node) -> list[Node]:
        """The mappings that `<<` brings in, lowest precedence first."""
        found = list(node.elements())[::-1] if node.kind == "list" else [node]
        for wrong in found:
            if wrong.kind != "mapping":
                self.problems.append(Problem("`<<` takes a mapping or a list of mappings", wrong.place,
                                             "name one by its anchor: `<<: *name`"))
        return [mapping for mapping in found if mapping.kind == "mapping"]

    def unique(self, merged: list[Node], pairs: list[tuple[Node, Node]]) -> Iterator[tuple[Node, Node]]:
        """The pairs in force: those of the mapping win over those merged into it."""
        own: dict[object, tuple[Node, Node]] = {}
        for key, value in pairs:
            if key.kind in ("list", "mapping") or (key.kind == "null" and self.rules == "strict"):
                self.problems.append(Problem("a key must be text or a number", key.place,
                                             "write a text before the colon; in quotes if it starts with `[` or `{`"))
                continue
            name = self.identity(key)
            if self.rules == "strict" and name in own:
                again = name == next(iter(own))
                mend = "keep one of the two" + ("; a second document begins after a line `---`" if again else "")
                self.problems.append(Problem(f"the key `{key.value}` is here twice", key.place, mend,
                                             (("the other one", own[name][0].place),)))
                if again:
                    break  # most likely all of a second document
            elif name in own:
                self.doubled.append(Problem(f"the key `{key.value}` is here twice, and the last one counts", key.place,
                                            "keep one of the two", (("the other one", own[name][0].place),)))
            own[name] = (own.get(name, (key, value))[0], value)
        if not merged:
            return iter(own.values())
        both = {self.identity(key): (key, value) for mapping in merged for key, value in mapping.items()}
        return iter((both | own).values())

    def identity(self, key: Node) -> object:
        return key.value if self.rules == "ansible" else (key.kind, key.value)

    def is_bare_template(self, event: Any) -> bool:
        mark = event.start_mark
        return bool(event.flow_style and event.tag is None
                    and self.lines[mark.line][mark.column:mark.column + 2] == "{{")

    def bare_template(self, event: Any, depth: int) -> _Measured:
        """`{{ x }}` without quotes, which YAML reads as a mapping in a mapping. Its events are taken and dropped."""
        open_ones = 1
        while open_ones:
            inner = next(self.events)
            open_ones += isinstance(inner, yaml.CollectionStartEvent) - isinstance(inner, yaml.CollectionEndEvent)
            if open_ones > DEPTH:
                raise _Stop(nested_too_deep(DEPTH, self.place(event)))
        place = self.place(event, inner)
        self.problems.append(starts_template(self.lines[event.start_mark.line], place))
        return _Measured(Node("", place, "plain", "text", self.lines))

    def place(self, event: Any, last: Any = None, first: Node | None = None) -> Place:
        """From the start of the event to its end or that of the last one, if that is on the same line."""
        start, end = event.start_mark, (last or event).end_mark
        if first is not None and not event.flow_style and first.place.line == start.line + 1:
            width = first.place.width + max(0, first.place.column - 1 - start.column)
        elif isinstance(event, yaml.ScalarEvent) and event.style in ("|", ">"):
            width = 1
        elif end.line == start.line:
            width = end.column - start.column
        else:
            width = len(self.lines[start.line].rstrip()) - start.column if start.line < len(self.lines) else 1
        return Place(self.file, start.line + 1, start.column + 1, max(1, width))


def _measured(node: Node, parts: list[_Measured]) -> _Measured:
    return _Measured(node, 1 + sum(part.nodes for part in parts), 1 + max((part.depth for part in parts), default=0))


def _kind(value: Scalar) -> Literal["text", "number", "boolean", "null"]:
    if isinstance(value, str):
        return "text"
    if value is None:
        return "null"
    return "boolean" if isinstance(value, bool) else "number"
