"""Holdfast, as a user calls it: a project folder and the `holdfast` command of this environment."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import yaml

from tests.bench import work
from tests.bench.tool import CannotMeasure, Command, Fleet, Phase, Tool

NAME = "holdfast"


def tool(fleet: Fleet, folder: Path) -> Tool:
    """Writes its project into the folder. Raises CannotMeasure where there is no `holdfast` command."""
    call = project(fleet, folder)
    one = ("-t", fleet.chosen(Phase.ONE)[0].name)
    commands = {  # with --exit-code it ends with 3 if it changed or would change something
        Phase.FIRST: Command((*call, "apply", "site.yml"), folder),
        Phase.NOOP: Command((*call, "apply", "site.yml", "--exit-code"), folder),
        Phase.PLAN: Command((*call, "plan", "site.yml", "--exit-code"), folder),
        Phase.ONE: Command((*call, "apply", "site.yml", "--exit-code", *one), folder),
    }
    return Tool(NAME, f"Holdfast {version('holdfast')}", commands, lambda phase, output: "", most_runs=99)


def program() -> Path:
    """The `holdfast` command. Raises CannotMeasure."""
    found = Path(sys.executable).with_name("holdfast")
    if not found.exists():
        raise CannotMeasure(f"holdfast: there is no {found.name} command beside this Python; run `make setup`")
    return found


def project(fleet: Fleet, folder: Path) -> tuple[str, ...]:
    """Writes the project; gives back how every command line in that folder begins. Raises CannotMeasure."""
    (folder / "inventory.yml").write_text(inventory(fleet))
    (folder / "site.yml").write_text(yaml.safe_dump(document(), sort_keys=False))
    (folder / "item.conf.j2").write_text(work.TEMPLATE)
    return (str(program()), "-i", "inventory.yml")


def inventory(fleet: Fleet) -> str:
    """The hosts in Holdfast's own form."""
    login = {"user": "root", "key": str(fleet.key), "known_hosts": str(fleet.known_hosts)}
    hosts = {node.name: {"address": node.address, **login} for node in fleet.nodes}
    return yaml.safe_dump({"inventory": "bench", "hosts": hosts}, sort_keys=False)


def document() -> dict[str, object]:
    """The work as people write it for Holdfast: a resource with a loop for each kind of thing."""
    root = {"owner": "root", "group": "root"}
    enabled = [name for name in work.SERVICES if name not in work.STATIC]
    resources = [
        {"directory": "{{ item }}", "mode": "0755", **root, "loop": list(work.DIRECTORIES)},
        {
            "template": "/srv/bench-d{{ (item - 1) % 20 + 1 }}/f{{ item }}.conf",
            "source": "item.conf.j2",
            "mode": "0644",
            **root,
            "loop": "{{ range(1, 61) | list }}",
        },
        {
            "line": "{{ item }}",
            "path": work.LINE_FILE,
            "text": "{{ item }}",
            "create": True,
            "loop": list(work.LINES),
        },
        {"package": "{{ item }}", "loop": list(work.PACKAGES)},
        {"service": "{{ item }}", "running": True, "enabled": True, "loop": enabled},
        {"service": "{{ item }}", "running": True, "loop": list(work.STATIC)},
    ]
    return {
        "state": "bench",
        "targets": "all",
        "vars": {"host_name": "{{ inventory_hostname }}"},
        "resources": resources,
    }
