"""pyinfra: Python instead of YAML, shell commands over SSH."""

from __future__ import annotations

import re
from pathlib import Path

from tests.bench import venv, work
from tests.bench.tool import Command, Fleet, Phase, Tool

VERSION = "3.10.0"

DEPLOY = f"""\
from pyinfra import host
from pyinfra.operations import apt, files, systemd

for path in {work.DIRECTORIES!r}:
    files.directory(name=path, path=path, mode="755", user="root", group="root")
for number, path in enumerate({work.FILES!r}, 1):
    files.template(
        name=path, src="item.conf.j2", dest=path, mode="644", user="root", group="root", item=number,
        host_name=host.name,
    )
for text in {work.LINES!r}:
    files.line(name=text, path={work.LINE_FILE!r}, line=text)
apt.packages(name="packages", packages={list(work.PACKAGES)!r})
for unit in {work.SERVICES!r}:
    systemd.service(name=unit, service=unit, running=True, enabled=True)
"""

OPERATIONS = work.ITEMS + 1 + len(work.SERVICES)  # all packages are one

_TOTAL = re.compile(r"^ *Grand total +(\S+) +(\S+) +(\S+) +(\S+)", re.MULTILINE)
_DETECTED = re.compile(r"^ {4}(\S.*?) +(-|\d+) +(-|\d+) *$", re.MULTILINE)


def tool(fleet: Fleet, folder: Path) -> Tool:
    """Installs it and writes its project into the folder. Raises CannotMeasure."""
    home = venv.ready(f"pyinfra-{VERSION}", (f"pyinfra=={VERSION}",))
    (folder / "deploy.py").write_text(DEPLOY)
    (folder / "item.conf.j2").write_text(work.TEMPLATE)
    (folder / "inventory.py").write_text(f"hosts = {inventory(fleet)!r}\n")
    call = (str(home / "bin" / "pyinfra"), "inventory.py", "deploy.py")
    one = ("--limit", fleet.chosen(Phase.ONE)[0].name)
    commands = {
        Phase.FIRST: Command((*call, "-y"), folder),
        Phase.NOOP: Command((*call, "-y"), folder),
        Phase.PLAN: Command((*call, "--dry"), folder),
        Phase.ONE: Command((*call, "-y", *one), folder),
    }
    counts = {phase: len(fleet.chosen(phase)) for phase in Phase}

    def judge(phase: Phase, output: str) -> str:
        return fault(phase, output, counts[phase])

    return Tool("pyinfra", f"pyinfra {VERSION}", commands, judge, most_runs=2)


def inventory(fleet: Fleet) -> list[tuple[str, dict[str, str]]]:
    """The hosts in pyinfra's form."""
    common = {
        "ssh_user": "root",
        "ssh_key": str(fleet.key),
        "ssh_known_hosts_file": str(fleet.known_hosts),
        "ssh_strict_host_key_checking": "yes",
    }
    return [(node.name, {"ssh_hostname": node.address, **common}) for node in fleet.nodes]


def fault(phase: Phase, output: str, hosts: int) -> str:
    """What its table of results says is wrong; in a dry run, its table of detected changes."""
    if phase is Phase.PLAN:
        rows = _DETECTED.findall(output.partition("Conditional Change")[2])
        if len(rows) != OPERATIONS:
            return f"it names {len(rows)} operations, not {OPERATIONS}"
        changing = [name for name, change, conditional in rows if (change, conditional) != ("-", "-")]
        return f"it says that {len(changing)} operations would change something" if changing else ""
    total = _TOTAL.search(output)
    if total is None:
        return "it prints no total"
    done, changed, failed, _ = (0 if word == "-" else int(word) for word in total.groups())
    expected = work.ITEMS * hosts if phase.changes else 0
    if (done, changed, failed) != (OPERATIONS * hosts, expected, 0):
        return f"it says that of {done} operations {changed} changed something and {failed} failed"
    return ""
