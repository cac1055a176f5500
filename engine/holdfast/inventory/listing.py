"""An inventory as `ansible-inventory --list` prints it."""
from __future__ import annotations

import datetime
from typing import Any

from holdfast.inventory import tags
from holdfast.inventory.ansible_yaml import key_text
from holdfast.inventory.model import Host, Inventory
from holdfast.trees.scalars import Unsafe, Vaulted

# Names that Ansible sets itself and therefore never lists.
_INTERNAL = frozenset([
    "ansible_async_path", "ansible_collection_name", "ansible_config_file", "ansible_dependent_role_names",
    "ansible_diff_mode", "ansible_facts", "ansible_forks", "ansible_inventory_sources", "ansible_limit",
    "ansible_play_batch", "ansible_play_hosts", "ansible_play_hosts_all", "ansible_play_role_names",
    "ansible_playbook_python", "ansible_role_name", "ansible_role_names", "ansible_run_tags", "ansible_skip_tags",
    "ansible_verbosity", "ansible_version", "inventory_dir", "inventory_file", "inventory_hostname",
    "inventory_hostname_short", "groups", "group_names", "hostvars", "playbook_dir", "play_hosts", "role_name",
    "role_names", "role_path", "role_uuid",
])


def inventory_list(inventory: Inventory) -> dict[str, Any]:
    """`_meta.hostvars` with all variables of each host, and each group with its direct hosts and children. Tags are
    the variable `holdfast_tags`."""
    listed: dict[str, Any] = {}
    reached: dict[str, None] = {}
    waiting = ["all"] if "all" in inventory.groups else []
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached[name] = None
        group = inventory.groups[name]
        entry = {"hosts": list(group.hosts) if name != "all" else [], "children": list(group.children)}
        entry = {kind: names for kind, names in entry.items() if names}
        if entry:
            listed[name] = entry
        waiting += group.children[::-1]
    listed_hosts = {host for name in reached for host in inventory.groups[name].hosts}
    hostvars = {host.name: _variables(host) for host in inventory.hosts.values() if host.name in listed_hosts}
    listed["_meta"] = {"hostvars": {name: found for name, found in hostvars.items() if found},
                       "profile": "inventory_legacy"}
    return listed


def _variables(host: Host) -> dict[str, Any]:
    found = {name: _json(variable.value) for name, variable in host.variables().items() if name not in _INTERNAL}
    if host.tags:
        found[tags.VARIABLE] = dict(host.tags)
    return found


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key_text(key): _json(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_json(each) for each in value]
    if isinstance(value, Vaulted):
        return {"__ansible_vault": str(value)}
    if isinstance(value, Unsafe):
        return {"__ansible_unsafe": str(value)}
    return value.isoformat() if isinstance(value, (datetime.date, datetime.time)) else value
