"""The inventory as a person looks at it."""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from holdfast.inventory.model import Group, Host, Inventory
from holdfast.problems import Problem, Problems
from holdfast.reports.style import Style, printable
from holdfast.reports.words import ranges, table, value

PASSWORD = re.compile(r"(ansible|holdfast)_(\w+_)?pass(word)?")


def find(inventory: Inventory, name: str) -> Host:
    """The host of this name. Raises Problems."""
    if name not in inventory.hosts:
        from holdfast_host.values import did_you_mean  # noqa: PLC0415 -- difflib, only for this

        raise Problems([Problem(f"there is no host `{name}`", None, did_you_mean(name, inventory.hosts))])
    return inventory.hosts[name]


def hosts_table(hosts: Sequence[Host], style: Style) -> list[str]:
    """One line a host."""
    rows = [(host.name, ", ".join(host.groups) or "-", tags(host.tags) or "-") for host in hosts]
    return [style.line(line) for line in table(("host", "groups", "tags"), rows)]


def tags(given: Mapping[str, str]) -> str:
    """`env=prod role=web`"""
    return " ".join(f"{name}={text}" for name, text in sorted(given.items()))


def host_lines(host: Host, style: Style) -> list[str]:
    """One host, its variables with the place where each was written."""
    lines = [style.paint(host.name, "strong") + style.paint(f" ({host.place})", "faint"),
             f"groups: {', '.join(host.groups) or 'none'}", f"tags: {tags(host.tags) or 'none'}"]
    variables = host.variables()
    if variables:
        lines.append("variables:")
    lines += (f"    {printable(name)}: {value(masked(name, variables[name].value))}"
              f"{style.paint(f' ({variables[name].place})', 'faint')}" for name in sorted(variables))
    return [style.line(line) for line in lines]


def tree(inventory: Inventory, style: Style) -> list[str]:
    """Groups with their hosts below them; a group that several groups hold is shown below each."""
    below = {child for name, group in inventory.groups.items() if name != "all" for child in group.children}
    tops = [name for name, group in inventory.groups.items() if name != "all" and name not in below
            and (name != "ungrouped" or group.hosts)]
    branches = (line for name in tops for line in _branch(inventory, name, style, 1))
    return [style.line(line) for line in ("all", *branches)]


def _branch(inventory: Inventory, name: str, style: Style, depth: int) -> Iterator[str]:
    group = inventory.groups[name]
    before = "    " * depth
    yield before + style.paint(name, "strong") + (f"  {tags(group.tags)}" if group.tags else "")
    if group.hosts:
        yield f"{before}    {ranges(group.hosts, most=None)}"
    for child in group.children:
        yield from _branch(inventory, child, style, depth + 1)


def host_object(host: Host) -> dict[str, Any]:
    """For programs."""
    return {"event": "host", "host": host.name, "groups": list(host.groups), "tags": dict(host.tags),
            "variables": {name: masked(name, variable.value) for name, variable in host.variables().items()}}


def masked(name: str, found: Any) -> Any:
    """A variable's value; of a password for connections only its name, unless it is a template or a `secret:`."""
    is_plain = isinstance(found, str) and "{{" not in found
    return f"«{name}»" if is_plain and PASSWORD.fullmatch(name) else found


def group_object(group: Group) -> dict[str, Any]:
    """For programs."""
    return {"event": "group", "group": group.name, "hosts": list(group.hosts), "children": list(group.children),
            "tags": dict(group.tags)}
