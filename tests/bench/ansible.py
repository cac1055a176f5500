"""Ansible with pipelining and kept connections, no facts, the interpreter given: as fast as it goes by itself."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import yaml

from tests.bench import venv, work
from tests.bench.tool import Command, Fleet, Phase, Tool

VERSION = "2.19.14"

CONFIG = """\
[defaults]
inventory = hosts.yml
forks = {forks}
gathering = explicit
interpreter_python = /usr/bin/python3
host_key_checking = True
nocows = True
{more}
[ssh_connection]
pipelining = True
ssh_args = -C -o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile={known_hosts}
control_path_dir = control
"""

CHANGING_TASKS = 3  # of the five those for directories, files and lines

_RECAP = re.compile(r"^(\S+)\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)


def tool(fleet: Fleet, folder: Path) -> Tool:
    """Installs it and writes its project into the folder. Raises CannotMeasure.

    It takes minutes for ten hosts, whether it changes them or not; so it works on one, and Mitogen stands for it.
    """
    home = venv.ready(f"ansible-{VERSION}", (f"ansible-core=={VERSION}",))
    whole = described("ansible", f"ansible-core {VERSION}, pipelining", home, fleet, folder)
    return replace(whole, commands={phase: whole.commands[phase] for phase in (Phase.ONE,)})


def described(name: str, version: str, home: Path, fleet: Fleet, folder: Path, more: str = "") -> Tool:
    """Ansible as installed in `home`; more: further lines of configuration."""
    hosts = {node.name: {"ansible_host": node.address} for node in fleet.nodes}
    login = {"ansible_user": "root", "ansible_ssh_private_key_file": str(fleet.key)}
    (folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"vars": login, "hosts": hosts}}))
    (folder / "site.yml").write_text(yaml.safe_dump(playbook(), sort_keys=False))
    (folder / "item.conf.j2").write_text(work.TEMPLATE)
    forks = len(fleet.nodes)
    (folder / "ansible.cfg").write_text(CONFIG.format(forks=forks, known_hosts=fleet.known_hosts, more=more))
    apply = (str(home / "bin" / "ansible-playbook"), "site.yml")
    one = ("--limit", fleet.chosen(Phase.ONE)[0].name)
    commands = {
        Phase.FIRST: Command(apply, folder),
        Phase.NOOP: Command(apply, folder),
        Phase.PLAN: Command((*apply, "--check", "--diff"), folder),
        Phase.ONE: Command((*apply, *one), folder),
    }
    counts = {phase: len(fleet.chosen(phase)) for phase in Phase}

    def judge(phase: Phase, output: str) -> str:
        return fault(phase, output, counts[phase])

    return Tool(name, version, commands, judge, folder / "control")


def playbook() -> list[dict[str, object]]:
    """The work as people write it for Ansible: a task with a loop for each kind of thing."""
    root = {"owner": "root", "group": "root"}
    tasks = [
        {
            "name": "directories",
            "ansible.builtin.file": {"path": "{{ item }}", "state": "directory", "mode": "0755", **root},
            "loop": list(work.DIRECTORIES),
        },
        {
            "name": "files",
            "ansible.builtin.template": {
                "src": "item.conf.j2",
                "dest": "/srv/bench-d{{ (item - 1) % 20 + 1 }}/f{{ item }}.conf",
                "mode": "0644",
                **root,
            },
            "loop": "{{ range(1, 61) | list }}",
        },
        {
            "name": "lines",
            "ansible.builtin.lineinfile": {"path": work.LINE_FILE, "line": "{{ item }}", "create": True},
            "loop": list(work.LINES),
        },
        {"name": "packages", "ansible.builtin.apt": {"name": list(work.PACKAGES), "state": "present"}},
        {
            "name": "services",
            "ansible.builtin.systemd_service": {"name": "{{ item }}", "state": "started", "enabled": True},
            "loop": list(work.SERVICES),
        },
    ]
    return [{"hosts": "all", "gather_facts": False, "vars": {"host_name": "{{ inventory_hostname }}"}, "tasks": tasks}]


def fault(phase: Phase, output: str, hosts: int) -> str:
    """What the recap says is wrong; its unit is the task."""
    recap = _RECAP.findall(output)
    if len(recap) != hosts:
        return f"its recap names {len(recap)} hosts, not {hosts}"
    for name, _, changed, unreachable, failed in recap:
        if unreachable != "0" or failed != "0":
            return f"{name}: unreachable={unreachable} failed={failed}"
        if int(changed) != (CHANGING_TASKS if phase.changes else 0):
            return f"{name}: it says changed={changed}"
    return ""
