"""The inventory of a test: throwaway hosts that are like hosts of the project's, and no other host at all."""
from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import yaml

from holdfast.inventory.connection import SETTINGS
from holdfast.inventory.model import Group, Host, Inventory, Layer, Variable
from holdfast.inventory.sources import load
from holdfast.inventory.tags import merged_tags
from holdfast.problems import Place, Problem, Problems
from holdfast.testing.model import Case, CaseHost
from holdfast_host.values import did_you_mean

OWN = "throwaway--"  # before the names of a test's hosts, so that none is taken for one of the inventory
Reached = Mapping[str, Mapping[str, str | int | bool]]  # by host: the connection's variables


def declared(test: Case, sources: Sequence[str | Path]) -> Inventory:
    """The test's hosts with the groups, tags and variables that they are to have; how they are reached is not said.
    sources: the project's inventory. Raises Problems."""
    with tempfile.TemporaryDirectory(prefix="holdfast-test-") as folder:
        own = Path(folder) / "hosts.yml"
        own.write_text(yaml.safe_dump(_native(test), sort_keys=False))
        whole = load([*sources, own])
    problems = [Problem(f"there is no host `{host.like}` to be like", host.place, did_you_mean(host.like, whole.hosts)
                        or "see `holdfast inventory list`")
                for host in test.hosts if host.like and host.like not in whole.hosts]
    if problems:
        raise Problems(problems)
    hosts = {host.name: _host(host, whole) for host in test.hosts}
    return Inventory(hosts, {name: _group(group, test.hosts) for name, group in whole.groups.items()})


def reached(inventory: Inventory, ways: Reached) -> Inventory:
    """The same hosts, reached on these ways."""
    place = Place("the throwaway host")
    return replace(inventory, hosts={
        name: replace(host, layers=(*host.layers, {key: Variable(value, place) for key, value in ways[name].items()}))
        for name, host in inventory.hosts.items()})


def _native(test: Case) -> dict[str, object]:
    groups = {group: {"hosts": [OWN + host.name for host in test.hosts if group in host.groups]}
              for host in test.hosts for group in host.groups}
    hosts = {OWN + host.name: {"tags": dict(host.tags), "vars": dict(host.variables)} for host in test.hosts}
    return {"inventory": test.name, "hosts": hosts, **({"groups": groups} if groups else {})}


def _host(wanted: CaseHost, whole: Inventory) -> Host:
    own, like = whole.hosts[OWN + wanted.name], whole.hosts.get(wanted.like or wanted.name)
    sides = [one for one in (like, own) if one is not None]
    layers = _without_ways(layer for one in sides for layer in one.layers)
    groups = sorted({group for one in sides for group in one.groups})
    return Host(wanted.name, tuple(groups), merged_tags(layers), layers, wanted.place)


def _without_ways(layers: Iterable[Layer]) -> tuple[Layer, ...]:
    """Nothing that could lead to a real host, or gives away how to log in there."""
    return tuple({name: value for name, value in layer.items() if name not in SETTINGS} for layer in layers)


def _group(group: Group, wanted: Sequence[CaseHost]) -> Group:
    inside = tuple(host.name for host in wanted
                   if {OWN + host.name, host.like or host.name} & {*group.hosts})
    return replace(group, hosts=inside)
