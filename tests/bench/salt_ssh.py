"""salt-ssh: Salt without minions; it unpacks itself on each host and runs all states there at once."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from tests.bench import venv, work
from tests.bench.tool import Command, Fleet, Phase, Tool

VERSION = "3008.3"

STATES = f"""\
{{% for path in {list(work.DIRECTORIES)!r} %}}
{{{{ path }}}}:
  file.directory:
    - user: root
    - group: root
    - mode: '0755'
{{% endfor %}}
{{% for path in {list(work.FILES)!r} %}}
{{{{ path }}}}:
  file.managed:
    - source: salt://item.conf.j2
    - template: jinja
    - user: root
    - group: root
    - mode: '0644'
    - context:
        item: {{{{ loop.index }}}}
        host_name: {{{{ grains['id'] }}}}
{{% endfor %}}
{{% for text in {list(work.LINES)!r} %}}
{{{{ text }}}}:
  file.append:
    - name: {work.LINE_FILE}
    - text: {{{{ text }}}}
{{% endfor %}}
packages:
  pkg.installed:
    - pkgs: {list(work.PACKAGES)!r}
{{% for unit in {list(work.SERVICES)!r} %}}
{{{{ unit }}}}:
  service.running:
    - enable: True
{{% endfor %}}
"""


def tool(fleet: Fleet, folder: Path) -> Tool:
    """Installs it and writes its project into the folder. Raises CannotMeasure."""
    home = venv.ready(f"salt-{VERSION}", (f"salt=={VERSION}",))
    _write_project(fleet, folder)
    call = (str(home / "bin" / "salt-ssh"), "-c", "conf", "--max-procs", str(len(fleet.nodes)), "--out", "json")
    apply = ("state.apply", "work")
    one = fleet.chosen(Phase.ONE)[0].name
    commands = {
        Phase.FIRST: Command((*call, "--static", "*", *apply), folder),
        Phase.NOOP: Command((*call, "--static", "*", *apply), folder),
        Phase.PLAN: Command((*call, "--static", "*", *apply, "test=True"), folder),
        Phase.ONE: Command((*call, "--static", one, *apply), folder),
    }
    counts = {phase: len(fleet.chosen(phase)) for phase in Phase}
    return Tool("salt-ssh", f"Salt {VERSION}", commands, lambda phase, output: fault(phase, output, counts[phase]))


def fault(phase: Phase, output: str, hosts: int) -> str:
    """What its states' results say is wrong."""
    try:
        said = json.loads(output[output.index("{") :])
    except ValueError:
        return "its output is not JSON"
    if len(said) != hosts:
        return f"it answers for {len(said)} hosts, not {hosts}"
    for name, states in said.items():
        if not isinstance(states, dict) or not all(isinstance(state, dict) for state in states.values()):
            return f"{name}: no states were run: {str(states)[:200]}"
        bad = [state.get("comment", "") for state in states.values() if not state["result"]]
        changed = sum(bool(state["changes"]) for state in states.values())
        if bad:
            return f"{name}: {len(bad)} states failed: {bad[0]}"
        if changed != (work.ITEMS if phase.changes else 0):
            return f"{name}: it says that {changed} states changed"
    return ""


def _write_project(fleet: Fleet, folder: Path) -> None:
    conf, states = folder / "conf", folder / "states"
    conf.mkdir(exist_ok=True)
    states.mkdir(exist_ok=True)
    options = {
        "root_dir": str(folder / "root"),
        "file_roots": {"base": [str(states)]},
        "roster_file": str(conf / "roster"),
        "ssh_log_file": str(folder / "ssh.log"),
    }
    roster = {
        node.name: {
            "host": node.address,
            "user": "root",
            "priv": str(fleet.key),
            "ssh_options": [f"UserKnownHostsFile={fleet.known_hosts}", "StrictHostKeyChecking=yes"],
        }
        for node in fleet.nodes
    }
    (conf / "master").write_text(yaml.safe_dump(options))
    (conf / "roster").write_text(yaml.safe_dump(roster))
    (states / "work.sls").write_text(STATES)
    (states / "item.conf.j2").write_text(work.TEMPLATE)
