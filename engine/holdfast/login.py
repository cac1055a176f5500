"""Who to be on the hosts, and how each of them is reached: what the inventory says, unless somebody says otherwise."""
from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.channels.model import Become, Connection
from holdfast.problems import Problem, Problems

if TYPE_CHECKING:
    from holdfast.inventory.model import Inventory


@dataclass(frozen=True, slots=True)
class Login:
    """Who to be on the hosts, before what the inventory says. None: as the inventory says.
    installs_python: also where the inventory does not ask for it. is_here: hosts are this machine, whatever the
    inventory says."""

    user: str | None = None
    key: str | None = None
    become_password: str | None = None
    installs_python: bool = False
    is_here: bool = False

    def __repr__(self) -> str:
        return f"Login(user={self.user!r}, key={self.key!r})"

    def instead(self, connection: Connection) -> Connection:
        """The connection as this login."""
        if self.is_here:
            connection = replace(connection, channel="local", address="", jump=())
        connection = replace(connection, user=self.user or connection.user, key=self.key or connection.key,
                             installs_python=self.installs_python or connection.installs_python)
        if self.become_password is None:
            return connection
        return replace(connection, become=replace(connection.become or Become(), password=self.become_password))


def connections(inventory: Inventory, hosts: Sequence[str], settings: Mapping[str, Any], folder: Path,
                login: Login) -> dict[str, Connection]:
    """How each of these hosts is reached. settings: `--set`; folder: the project's. Raises Problems: all of them."""
    from holdfast.compiler.connections import connection_variables  # noqa: PLC0415  # brings Jinja2
    from holdfast.compiler.sources import Disk  # noqa: PLC0415
    from holdfast.inventory.connection import connection_of  # noqa: PLC0415

    known = {"ansible_playbook_python": sys.executable, **settings}  # Ansible's inventories say so of this machine
    variables = connection_variables(inventory, hosts, known, Disk(), folder)
    problems: list[Problem] = []
    found: dict[str, Connection] = {}
    for host in hosts:
        places = {name: variable.place for name, variable in inventory.hosts[host].variables().items()}
        try:
            found[host] = login.instead(connection_of(host, variables[host], places))
        except Problems as wrong:
            problems += wrong.problems
    if problems:
        raise Problems(problems)
    return found
