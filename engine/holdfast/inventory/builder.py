"""An inventory while it is being read. Its rules are Ansible's, so that mixed sources give what Ansible gives."""
from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from holdfast.inventory.hostpattern import MOST_HOSTS, Wrong
from holdfast.inventory.model import Group, Host, Inventory, Layer, Variable
from holdfast.inventory.tags import merged_tags
from holdfast.problems import Place, Problem

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

Files = Callable[[str, str], tuple[Layer, ...]]  # ("group_vars" | "host_vars", name) to a layer for each source folder


@dataclass(slots=True)
class BuiltGroup:
    """hosts, children, parents: names in the order they came, as keys."""

    name: str
    hosts: dict[str, None] = field(default_factory=dict)
    children: dict[str, None] = field(default_factory=dict)
    parents: dict[str, None] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    priority: int = 1


@dataclass(slots=True)
class BuiltHost:
    """groups: the direct ones, as keys. lost: groups around it that do not count for it, see `Builder._ungroup`."""

    name: str
    place: Place
    variables: dict[str, Variable] = field(default_factory=dict)
    groups: dict[str, None] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()


class Builder:
    """Hosts and groups as sources add them. `finish` makes the inventory of them.

    problems: what is wrong; readers add to it. warnings: what is read, but probably not as its writer meant it. later:
    what can only be done when all sources have been read, such as patterns over hosts; run by `finish`. All methods
    raise Wrong.
    """

    def __init__(self) -> None:
        self.groups: dict[str, BuiltGroup] = {}
        self.hosts: dict[str, BuiltHost] = {}
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.later: list[Callable[[], None]] = []
        self.add_group("all")
        self.add_group("ungrouped")
        self.add_child("all", "ungrouped")

    def refuse(self, what: str, place: Place | None, mend: str = "") -> None:
        """Notes a fault."""
        self.problems.append(Problem(what, place, mend))

    def warn(self, what: str, place: Place, mend: str) -> None:
        """Notes what its writer probably did not mean."""
        self.warnings.append(Problem(what, place, mend))

    def add_group(self, name: object) -> str:
        """The group is there afterwards."""
        if not isinstance(name, str):
            raise Wrong(f"the group name `{name}` is not text", f'write "{name}" in quotes')
        if not name:
            raise Wrong("a group has an empty name", "give it a name")
        _refuse_control(name)
        if name not in self.groups:
            self.groups[name] = BuiltGroup(name)
        return name

    def add_host(self, name: object, group: str, port: int | None, place: Place) -> None:
        """The host is there afterwards, and in the group. The port counts only when the host is new."""
        if not isinstance(name, str):
            raise Wrong(f"the host name `{name}` is not text", f'write "{name}" in quotes')
        if not name:
            raise Wrong("a host has an empty name", "give it a name")
        _refuse_control(name)
        host = self.hosts.get(name)
        if host is None and len(self.hosts) >= MOST_HOSTS:
            raise Wrong(f"these are more than {MOST_HOSTS} hosts", "narrow the ranges, or split the fleet")
        if host is None:
            host = self.hosts[name] = BuiltHost(name, place)
            if port:
                host.variables["ansible_port"] = Variable(port, place)
        self.groups[group].hosts[name] = None
        host.groups[group] = None

    def set_variable(self, name: str, key: str, variable: Variable) -> None:
        """Sets a variable of the group of that name or, if there is none, of the host."""
        group = self.groups.get(name)
        if group is None:
            self.hosts[name].variables[key] = variable
        elif key == "ansible_group_priority":
            try:
                group.priority = int(variable.value)
            except (TypeError, ValueError):
                raise Wrong("ansible_group_priority is not a whole number", "write a number, such as 10") from None
        else:
            group.variables[key] = variable

    def add_child(self, parent: str, child: str) -> None:
        """Puts one group into another."""
        if child not in self.groups:
            raise Wrong(f"there is no group `{child}`", "write what belongs to it below its name, or nothing")
        if child == parent:
            raise Wrong(f"the group `{child}` cannot hold itself", "take it out of its own children")
        if child == "all":
            raise Wrong(f"`all` holds every group: it cannot be in `{parent}`", "take `all` out of its children")
        if child in self.groups[parent].children:
            return
        if child in self.ancestors([parent]):
            raise Wrong(f"the groups `{parent}` and `{child}` would hold each other",
                        "take one out of the other's children")
        self.groups[parent].children[child] = None
        self.groups[child].parents[parent] = None

    def ancestors(self, names: Iterable[str]) -> set[str]:
        """All groups above these, these not included (unless one is above another)."""
        return _reach(names, lambda name: self.groups[name].parents)

    def descendants(self, name: str) -> set[str]:
        """All groups below."""
        return _reach([name], lambda each: self.groups[each].children)

    def members(self, name: str) -> set[str]:
        """All hosts in the group, over its children too."""
        return {host for each in (name, *self.descendants(name)) for host in self.groups[each].hosts}

    def finish(self, files: Files, sources: tuple[str, ...]) -> Inventory:
        """The inventory. files: what group_vars and host_vars say."""
        for task in self.later:
            task()
        self._settle()
        return _Finisher(self, files).inventory(sources)

    def _settle(self) -> None:
        """Every group is below `all`; every host is in a group, and in `ungrouped` only if it is in no other."""
        for group in list(self.groups.values()):
            if group.name != "all" and not group.parents:
                self.add_child("all", group.name)
        for host in self.hosts.values():
            if host.name in self.groups:
                self.warn(f"`{host.name}` is the name of a host and of a group", host.place,
                          "give one another name; in Ansible's forms the variables of both go to the group")
            around = set(host.groups) | self.ancestors(host.groups)
            if "ungrouped" in around:
                if around - {"all", "ungrouped"} and "ungrouped" in host.groups:
                    self._ungroup(host, around)
            elif not around - {"all"}:
                if host.name in self.groups:
                    self._ungrouped_namesake(host)
                else:
                    self.groups["ungrouped"].hosts[host.name] = None
                    host.groups["ungrouped"] = None

    def _ungrouped_namesake(self, host: BuiltHost) -> None:
        """Of a host in no group that is called as a group is, Ansible puts the group into `ungrouped`."""
        try:
            self.add_child("ungrouped", host.name)
        except Wrong:
            self.refuse(f"a host in no group is called `{host.name}`, as a group above `ungrouped` is", host.place,
                        "give the host another name; for a group without hosts a program prints {\"hosts\": []}")

    def _ungroup(self, host: BuiltHost, around: set[str]) -> None:
        """Takes the host out of `ungrouped`, and of what is above that and above none of its other groups. It stays so
        even if another of its groups is below `ungrouped`: a corner of Ansible's that some inventories stand in."""
        del self.groups["ungrouped"].hosts[host.name], host.groups["ungrouped"]
        waiting = ["ungrouped"]
        while waiting:
            name = waiting.pop()
            around.discard(name)
            for above in sorted(self.ancestors([name]) & around - {"all"}):
                if not any(above in self.ancestors([other]) for other in around):
                    waiting.append(above)
                    around.discard(above)
        host.lost = frozenset((set(host.groups) | self.ancestors(host.groups)) - around)


class _Finisher:
    """Makes Hosts and Groups of a settled builder. Hosts in the same groups share the tuple of layers of these."""

    def __init__(self, built: Builder, files: Files) -> None:
        self.built, self.files = built, files
        self.depths = _depths(built.groups)
        self.group_files = {name: files("group_vars", name) for name in built.groups}
        self.shared: dict[tuple[frozenset[str], frozenset[str]], tuple[tuple[str, ...], tuple[Layer, ...]]] = {}

    def inventory(self, sources: tuple[str, ...]) -> Inventory:
        hosts = {host.name: self.host(host) for host in self.built.hosts.values()}
        groups = {group.name: self.group(group) for group in self.built.groups.values()}
        return Inventory(hosts, groups, sources)

    def group(self, group: BuiltGroup) -> Group:
        own = [group.variables] if group.variables else []
        layers = [*own, *self.group_files[group.name]]
        variables = {name: variable for layer in layers for name, variable in layer.items()}
        return Group(group.name, tuple(group.hosts), tuple(group.children), variables, merged_tags(layers))

    def host(self, host: BuiltHost) -> Host:
        key = (frozenset(host.groups), host.lost)
        if key not in self.shared:
            self.shared[key] = self.around(*key)
        groups, layers = self.shared[key]
        own = [host.variables] if host.variables else []
        layers = (*layers, *own, *(layer for layer in self.files("host_vars", host.name) if layer))
        return Host(host.name, groups, merged_tags(layers), layers, host.place)

    def around(self, direct: frozenset[str], lost: frozenset[str]) -> tuple[tuple[str, ...], tuple[Layer, ...]]:
        """The names of all groups around a host, and their layers: what inventories say of `all`, then of the others by
        depth, priority and name; then what variable files say of `all`, then of the others."""
        groups = self.built.groups
        names = sorted((direct | self.built.ancestors(direct)) - lost - {"all"},
                       key=lambda name: (self.depths[name], groups[name].priority, name))
        layers: list[Layer] = [groups[name].variables for name in ("all", *names)]
        layers += self.group_files["all"]
        layers += [layer for of_folder in zip(*(self.group_files[name] for name in names), strict=True)
                   for layer in of_folder]  # all groups of the first folder, then all of the next
        return tuple(sorted(set(names) - {"ungrouped"})), tuple(layer for layer in layers if layer)


def _depths(groups: dict[str, BuiltGroup]) -> dict[str, int]:
    """For each group the longest way down to it from a group without parents."""
    depths: dict[str, int] = {}
    waiting = list(groups)
    while waiting:
        name = waiting[-1]
        missing = [parent for parent in groups[name].parents if parent not in depths]
        if missing:
            waiting += missing
            continue
        waiting.pop()
        depths[name] = 1 + max((depths[parent] for parent in groups[name].parents), default=-1)
    return depths


def _reach(names: Iterable[str], step: Callable[[str], Iterable[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = list(names)
    while waiting:
        for name in step(waiting.pop()):
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return seen


def _refuse_control(name: str) -> None:
    if _CONTROL.search(name):
        raise Wrong(f"the name {name!r} holds a control character", "remove it")


