"""`hostvars['db1'].port`: the inventory's variables of any host. They depend on no host in hand."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from jinja2.utils import missing

from holdfast.compiler.faults import Misused
from holdfast.inventory.model import Inventory
from holdfast_host.values import did_you_mean


class Hosts(Protocol):
    """Who evaluates variables."""

    inventory: Inventory

    def on_host(self, name: str, key: str) -> Any: ...


class HostVars(Mapping[str, Any]):
    def __init__(self, run: Hosts) -> None:
        self._run = run

    def __getitem__(self, name: str) -> Any:
        hosts = self._run.inventory.hosts
        if name not in hosts:
            raise Misused(f"there is no host `{name}` in the inventory", did_you_mean(str(name), hosts), str(name))
        return _OfHost(self._run, name)

    def __contains__(self, name: object) -> bool:
        return name in self._run.inventory.hosts

    def __iter__(self) -> Iterator[str]:
        return iter(self._run.inventory.hosts)

    def __len__(self) -> int:
        return len(self._run.inventory.hosts)


class _OfHost(Mapping[str, Any]):
    def __init__(self, run: Hosts, host: str) -> None:
        self._run, self._host = run, run.inventory.hosts[host]

    def __getitem__(self, name: str) -> Any:
        if name in ("inventory_hostname", "group_names", "tags"):
            host = self._host
            return {"inventory_hostname": host.name, "group_names": list(host.groups), "tags": dict(host.tags)}[name]
        found = self._run.on_host(self._host.name, name)
        if found is missing:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._host.variables())

    def __len__(self) -> int:
        return len(self._host.variables())
