"""Holdfast's own inventory form: `inventory: NAME`, then `vars`, how all hosts are reached, `hosts` and `groups`."""
from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any

from holdfast.inventory import tags
from holdfast.inventory.ansible_yaml import BYTES, variables_of
from holdfast.inventory.builder import Builder
from holdfast.inventory.hostpattern import Wrong, expand, is_address
from holdfast.inventory.keys import CONNECTION, connection_variables, meant
from holdfast.inventory.model import Variable
from holdfast.problems import Place, Problem
from holdfast.trees import tree
from holdfast.trees.tree import Node
from holdfast_host.values import did_you_mean

_TOP = ("inventory", "vars", "hosts", "groups", *CONNECTION)
_HOST = ("tags", "vars", *CONNECTION)
_GROUP = ("hosts", "groups", *_HOST)
_FIRST_KEY = re.compile(r"""(?:inventory|'inventory'|"inventory")\s*:(?:\s+|$)(.*)""")
_GROUP_NAME = re.compile(r"[\w.-]+\Z")


def looks_native(text: str) -> bool:
    """Whether the first key is `inventory` with a name after it; as a mapping it is a group of Ansible's."""
    lines = (line.rstrip() for line in text.splitlines())
    lines = (line for line in lines if line and not line.lstrip().startswith("#") and line != "---" and line[0] != "%")
    first = _FIRST_KEY.match(next(lines, ""))
    if first is None:
        return False
    name = first[1].split(" #")[0].strip()
    if not name or name.startswith("#"):
        return not next(lines, "").startswith((" ", "\t"))
    return name[0] not in "{&*!"


def misspelt(text: str, file: str) -> Problem | None:
    """What is wrong with a file that begins nearly as a native one does; None: it does not."""
    import difflib  # noqa: PLC0415  # few files get here

    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#") or line.rstrip() == "---":
            continue
        word = re.match(r"([A-Za-z]+):[ \t]+[\w\"']", line)  # a group of Ansible's would be a mapping
        if word is None or not difflib.get_close_matches(word[1].lower(), ["inventory"], 1, 0.8):
            return None
        return Problem(f"unknown kind of inventory `{word[1]}`", Place(file, number, 1, len(word[1])),
                       "did you mean `inventory`?")
    return None


def read_native(builder: Builder, text: str, file: str) -> None:
    """Adds what the file says; what is wrong goes to the builder's problems. Groups are filled when all sources have
    been read, as their patterns may match hosts of other files."""
    documents, problems = tree.load_all(text, file, rules="strict", limit=BYTES)
    builder.problems += problems
    unread = {one.place for one in problems}  # what would be said of these values is a consequence
    known = len(builder.problems)
    for document in documents:
        _Reader(builder).document(document)
    builder.problems[known:] = [one for one in builder.problems[known:] if one.place not in unread]


class _Reader:
    """Reads one document into the builder."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.declared: dict[str, Place] = {}

    def document(self, document: Node) -> None:
        first = document.items()[0][0].value if document.items() else None
        if first != "inventory":
            self.refuse("each document of this file starts with `inventory: NAME`", document.place,
                        "put other documents in other files")
            return
        known = self.known(document, _TOP, "an inventory")
        self.builder.groups["all"].variables.update(self.settings(known))
        for key, value in known:
            if key.value == "inventory" and value.kind != "text":
                self.refuse("the inventory has no name", value.place, "write `inventory: production`")
            elif key.value == "hosts":
                for name, details in self.mapping(value, "hosts"):
                    self.host(name, details)
            elif key.value == "groups":
                for name, details in self.mapping(value, "groups"):
                    self.group(name, details)

    def host(self, key: Node, details: Node) -> None:
        """A host, or many of one range."""
        names = self.names(key)
        settings = self.settings(self.known(details, _HOST, "a host"))
        for name in names:
            if name in self.declared:
                problem = Problem(f"the host `{name}` is declared twice", key.place,
                                  "keep one, and put what some hosts share in a group",
                                  (("the other one", self.declared[name]),))
                self.builder.problems.append(problem)
                return
            self.declared[name] = key.place
            self.builder.add_host(name, "all", None, key.place)
            self.builder.hosts[name].variables.update(settings)

    def names(self, key: Node) -> list[str]:
        if not isinstance(key.value, str):
            self.refuse("the name of a host is text", key.place, f'write "{key.written}" in quotes')
            return []
        if not is_address(key.value):
            self.refuse(f"`{key.value}` is no host name", key.place,
                        "write a name or an IP address, with ranges as in web[01:10]; a port goes below, as `port:`")
            return []
        try:
            names = expand(key.value)
        except Wrong as wrong:
            self.refuse(wrong.what, key.place, wrong.mend)
            return []
        if not names:
            self.refuse(f"`{key.value}` stands for no host", key.place, "write the smaller end of the range first")
        return names

    def group(self, key: Node, details: Node) -> None:
        name = key.value
        if not isinstance(name, str) or not _GROUP_NAME.match(name) or name in ("all", "ungrouped"):
            self.refuse(f"`{key.written or name}` cannot be the name of a group", key.place,
                        "use letters, digits and _ . -; what counts for all hosts stands at the top: `vars`, `user` …")
            return
        self.builder.add_group(name)
        self.builder.groups[name].variables.update(self.settings(self.known(details, _GROUP, "a group")))
        for kind, value in details.items():
            if kind.value == "hosts":
                self.builder.later += [self.filling(name, pattern) for pattern in self.texts(value, "host names")]
            elif kind.value == "groups":
                self.builder.later += [self.nesting(name, child) for child in self.texts(value, "names of groups")]

    def filling(self, group: str, pattern: Node) -> Any:
        """Puts the hosts that match into the group, once all hosts are known."""
        def fill() -> None:
            try:
                names = list(self.matching(str(pattern.value)))
            except Wrong as wrong:
                self.refuse(wrong.what, pattern.place, wrong.mend)
                return
            for name in names:
                self.builder.add_host(name, group, None, pattern.place)
            if not names:
                mend = did_you_mean(str(pattern.value), self.builder.hosts) or "declare it below `hosts`"
                self.refuse(f"no host is called `{pattern.value}`", pattern.place, mend)
        return fill

    def matching(self, pattern: str) -> Iterator[str]:
        """The declared hosts that a glob or a range matches; a name of the range that is not declared raises Wrong."""
        hosts = self.builder.hosts
        for each in expand(pattern) if re.search(r"\[[^\]]*:", pattern) else [pattern]:
            if each in hosts:
                yield each
            elif any(sign in each for sign in "*?["):
                yield from [host for host in hosts if fnmatchcase(host, each)]
            elif each != pattern:
                raise Wrong(f"`{pattern}` holds `{each}`, and no host is called so", did_you_mean(each, hosts))

    def nesting(self, group: str, child: Node) -> Any:
        """Puts one group into another, once all groups are known."""
        def nest() -> None:
            name = str(child.value)
            if name not in self.builder.groups:
                others = self.builder.groups.keys() - {"all", "ungrouped"}
                self.refuse(f"there is no group `{name}`", child.place, did_you_mean(name, sorted(others)))
                return
            try:
                self.builder.add_child(group, name)
            except Wrong as wrong:
                self.refuse(wrong.what, child.place, wrong.mend)
        return nest

    def settings(self, pairs: Sequence[tuple[Node, Node]]) -> dict[str, Variable]:
        """What a host, a group or the whole sets, as variables: its connection, its tags and its vars."""
        found: dict[str, Variable] = {}
        own: dict[str, Variable] = {}
        for key, value in pairs:
            if key.value == "tags":
                variable = Variable(value.plain(), value.place)
                faults = tags.faults(variable)
                self.builder.problems += faults
                found |= {} if faults else {tags.VARIABLE: variable}
            elif key.value == "vars":
                own = variables_of(value) if self.mapping(value, "vars") or value.kind == "null" else {}
            elif key.value in CONNECTION:
                try:
                    found |= connection_variables(str(key.value), value)
                except Wrong as wrong:
                    self.refuse(wrong.what, value.place, wrong.mend)
        for name in found.keys() & own.keys():
            self.refuse(f"`{name}` is set twice: by a key and below `vars`", own[name].place, "keep one of the two")
        return found | own

    def known(self, node: Node, known: tuple[str, ...], of: str) -> list[tuple[Node, Node]]:
        """The pairs whose keys are known; the others are refused."""
        found = []
        for key, value in self.mapping(node, of):
            if key.value in known:
                found.append((key, value))
            else:
                near = meant(str(key.value), known)
                if not near.startswith("Ansible") and "vars" in known and of in ("a host", "a group"):
                    near += f"; a variable stands below `vars`: `vars: {{{key.value}: …}}`"
                self.refuse(f"unknown key `{key.value}` in {of}", key.place, near)
        return found

    def mapping(self, node: Node, of: str) -> tuple[tuple[Node, Node], ...]:
        if node.kind not in ("mapping", "null"):
            self.refuse(f"{of} is no mapping" if of.startswith("a") else f"`{of}` is no mapping", node.place,
                        "write `name:` with what belongs to it below, without `-`")
        return node.items()

    def texts(self, node: Node, of: str) -> tuple[Node, ...]:
        """A text, or a list of texts."""
        nodes = node.elements() if node.kind == "list" else (node,)
        for each in nodes:
            if each.kind != "text":
                self.refuse(f"this is a list of {of}", each.place, "write text, in quotes if it starts with * or [")
        return tuple(each for each in nodes if each.kind == "text")

    def refuse(self, what: str, place: Place, mend: str) -> None:
        self.builder.refuse(what, place, mend)
