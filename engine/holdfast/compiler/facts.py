"""The names of facts, so that a misspelt one is found before a host is asked. docs/reference/facts.md explains them."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from holdfast_host.values import did_you_mean

_ANY = "*"  # any name, as of an interface
_ROUTE = {"interface": None, "gateway": None, "address": None}
NAMES: Mapping[str, Any] = {
    "os": {"family": None, "name": None, "version": None, "codename": None, "pretty": None, "architecture": None,
           "kernel": None},
    "hostname": None, "fqdn": None, "machine_id": None, "cpus": None, "memory_mb": None, "swap_mb": None,
    "boot_time": None, "uptime_s": None,
    "network": {"interfaces": {_ANY: {"mac": None, "mtu": None, "state": None, "ipv4": None, "ipv6": None}},
                "default_ipv4": _ROUTE, "default_ipv6": _ROUTE},
    "mounts": None, "disks": {_ANY: {"size_mb": None, "model": None, "rotational": None}}, "virtualization": None,
    "service_manager": None, "package_manager": None, "python": {"version": None, "executable": None},
    "user": {"name": None, "uid": None}, "selinux": None, "apparmor": None, "timezone": None,
    "ssh_host_keys": {_ANY: None},
}
_METHODS = frozenset({"get", "items", "keys", "values"})


def unknown(path: Sequence[str]) -> int | None:
    """The position of the first step that no fact has; None: all may be there."""
    here: Any = NAMES
    for position, step in enumerate(path):
        if not isinstance(here, Mapping) or step in _METHODS:
            return None
        if step not in here and _ANY not in here:
            return position
        here = here.get(step, here.get(_ANY))
    return None


def fault(path: Sequence[str]) -> tuple[str, str] | None:
    """What is wrong with the name of a fact, and the mend; None: all of it may be there."""
    wrong = unknown(path)
    if wrong is None:
        return None
    return f"there is no fact `{'.'.join(path[:wrong + 1])}`", did_you_mean(path[wrong], below(path[:wrong]))


def below(path: Sequence[str]) -> tuple[str, ...]:
    """The names that there are at the end of a path; (): it is a value."""
    here: Any = NAMES
    for step in path:
        here = here.get(step, here.get(_ANY)) if isinstance(here, Mapping) else None
    return tuple(here) if isinstance(here, Mapping) else ()
