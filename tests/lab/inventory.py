"""The inventory of a lab, as Holdfast reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from .lab import Lab


def native(lab: Lab) -> str:
    """The lab's hosts in Holdfast's own YAML, tags of a host on one line."""
    hosts: dict[str, dict[str, Any]] = {
        host.name: {
            "address": host.address,
            "user": "root",
            "key": str(lab.key),
            "known_hosts": str(lab.known_hosts),
            "tags": dict(host.tags),
        }
        for host in lab.hosts.values()
    }
    return yaml.safe_dump({"inventory": lab.name, "hosts": hosts}, sort_keys=False, default_flow_style=None, width=1000)
