"""The floors: what cannot be saved, whatever the tool. They have no engine and change nothing."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from tests.bench import work
from tests.bench.tool import Command, Fleet, Node, Phase, Tool

OBSERVE_ALL = "asyncssh-observe-all"

CLIENT = (sys.executable, str(Path(__file__).with_name("floor_client.py")))



def tools(fleet: Fleet, folder: Path) -> list[Tool]:
    """All floors, the one that Holdfast is held against first."""
    asyncssh = f"asyncssh {version('asyncssh')}"
    python = f"Python {platform.python_version()} on the controller"
    jobs = {Phase.NOOP: folder / "all.json", Phase.ONE: folder / "one.json"}
    for phase, path in jobs.items():
        path.write_text(json.dumps(_job(fleet, fleet.chosen(phase))))

    def over_ssh(mode: str) -> dict[Phase, Command]:
        return {phase: Command((*CLIENT, mode, str(path)), folder) for phase, path in jobs.items()}

    def alone(code: str) -> dict[Phase, Command]:
        return {Phase.NOOP: Command((sys.executable, "-c", code), folder)}

    return [
        _floor(OBSERVE_ALL, asyncssh, over_ssh("observe")),
        _floor("asyncssh-true", asyncssh, over_ssh("true")),
        _floor("ssh-true", _openssh_version(), _openssh(fleet, folder)),
        _floor("import asyncssh", asyncssh, alone("import asyncssh")),
        _floor("import holdfast", f"Holdfast {version('holdfast')}", alone("import holdfast")),
        _floor("start Python", python, alone("pass")),
    ]


def _floor(name: str, said_version: str, commands: dict[Phase, Command]) -> Tool:
    return Tool(name, said_version, commands, lambda phase, output: "", most_runs=99, is_floor=True)


def _openssh_version() -> str:
    said = subprocess.run(("ssh", "-V"), capture_output=True, text=True, timeout=10, check=False).stderr
    return said.partition(",")[0].replace("_", " ")


def _openssh(fleet: Fleet, folder: Path) -> dict[Phase, Command]:
    options = f"-F none -i {fleet.key} -o UserKnownHostsFile={fleet.known_hosts} -o BatchMode=yes"
    found = {}
    for phase in (Phase.NOOP, Phase.ONE):
        calls = [f"ssh {options} root@{node.address} true & p{i}=$!" for i, node in enumerate(fleet.chosen(phase))]
        waits = [f"wait $p{i}" for i in range(len(calls))]
        found[phase] = Command(("sh", "-ec", "\n".join(calls + waits)), folder)
    return found


def _job(fleet: Fleet, nodes: tuple[Node, ...]) -> dict[str, object]:
    ask = {
        "folder": "/srv/bench-d",
        "directories": len(work.DIRECTORIES),
        "files": len(work.FILES),
        "line_file": work.LINE_FILE,
        "packages": work.PACKAGES,
        "services": [f"{name}.service" for name in work.SERVICES],
    }
    hosts = [{"name": node.name, "address": node.address, "expected": _expected(node.name)} for node in nodes]
    return {"key": str(fleet.key), "known_hosts": str(fleet.known_hosts), "nodes": hosts, "ask": ask}


def _expected(host: str) -> dict[str, object]:
    services = []
    for name in work.SERVICES:
        services += ["ActiveState=active", f"UnitFileState={'static' if name in work.STATIC else 'enabled'}", ""]
    return {
        "directories": [[work.DIRECTORY_MODE, 0, 0] for _ in work.DIRECTORIES],
        "files": [[work.FILE_MODE, 0, 0, sha256] for sha256 in work.sums(host).values()],
        "lines": list(work.LINES),
        "packages": [f"{name} installed" for name in work.PACKAGES],
        "services": services[:-1],
    }
