"""Inventories in Ansible's TOML form."""
from __future__ import annotations

import tomllib
from typing import Any

from holdfast.inventory.builder import Builder
from holdfast.inventory.hostpattern import Wrong, expand, split_port
from holdfast.inventory.model import Variable
from holdfast.problems import Place


def read_toml(builder: Builder, text: str, file: str) -> None:
    """Adds the groups of the file; what is wrong goes to the builder's problems. Places are that of the file."""
    place = Place(file)
    try:
        groups = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        builder.refuse(f"this is no TOML: {error}", place, "correct it there, or use YAML")
        return
    for name, data in groups.items():
        try:
            _read_group(builder, name, data, place)
        except Wrong as wrong:
            builder.refuse(wrong.what, place, wrong.mend)


def _read_group(builder: Builder, name: str, data: Any, place: Place) -> None:
    if not isinstance(data, dict):
        return  # Ansible warns, and skips it
    builder.add_group(name)
    for key, value in data.items():
        kind = {"vars": dict, "hosts": dict, "children": list}.get(key)
        if kind is not None and not isinstance(value, kind):
            raise Wrong(f"`{key}` of the group `{name}` is no {'list' if kind is list else 'table'}", "correct it")
        if key == "vars":
            for variable, setting in value.items():
                builder.set_variable(name, variable, Variable(setting, place))
        elif key == "children":
            for child in value:
                builder.add_child(name, builder.add_group(child))
        elif key == "hosts":
            for pattern, variables in value.items():
                _add_hosts(builder, name, pattern, variables, place)


def _add_hosts(builder: Builder, group: str, pattern: str, variables: Any, place: Place) -> None:
    if not isinstance(variables, dict):
        raise Wrong(f"the variables of `{pattern}` are no table", "write {}")
    names, port = split_port(pattern)
    for host in expand(names):
        builder.add_host(host, group, port, place)
        for variable, setting in variables.items():
            builder.set_variable(host, variable, Variable(setting, place))
