"""The inventory's connection variables, rendered: an address or a user may be a template, a password a secret."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from holdfast.compiler.faults import Fault
from holdfast.compiler.hostvars import HostVars
from holdfast.compiler.scopes import Evaluator
from holdfast.compiler.sources import Sources
from holdfast.documents.model import is_template
from holdfast.inventory.connection import SETTINGS
from holdfast.inventory.model import Inventory, Variable
from holdfast.problems import Problem, Problems
from holdfast.trees.scalars import Vaulted


def connection_variables(inventory: Inventory, hosts: Iterable[str], settings: Mapping[str, Any], sources: Sources,
                         root: Path) -> dict[str, dict[str, Any]]:
    """For each host its connection variables as plain values, and what begins as ours do. Raises Problems."""
    evaluator = Evaluator(inventory, settings, sources, root)
    with evaluator.patience.watching():
        return _variables(evaluator, hosts)


def _variables(evaluator: Evaluator, hosts: Iterable[str]) -> dict[str, dict[str, Any]]:
    inventory, everywhere = evaluator.inventory, HostVars(evaluator)
    problems: dict[Problem, None] = {}
    found: dict[str, dict[str, Any]] = {}
    for host in hosts:
        found[host] = {}
        for name, variable in inventory.hosts[host].variables().items():
            if name not in SETTINGS and not name.startswith("holdfast_"):
                continue
            try:
                found[host][name] = everywhere[host][name] if _is_made(variable) else variable.value
            except Fault as fault:
                problems.update(dict.fromkeys(fault.problems))
        if evaluator.patience.is_spent:
            break
    if problems:
        raise Problems(problems)
    return found


def _is_made(variable: Variable) -> bool:
    """Whether the value is a template, a secret's description or encrypted; most are none, and hosts are many."""
    given = variable.value
    return isinstance(given, (dict, list, Vaulted)) or (isinstance(given, str) and is_template(given))
