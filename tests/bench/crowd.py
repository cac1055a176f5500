"""A thousand hosts with facts: the memory of the whole controller. The hosts are simulated, see crowd_hosts.py."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from tests.bench import holdfast
from tests.bench.figures import Target
from tests.bench.measure import Bench
from tests.bench.tool import CannotMeasure, Command

HOSTS = 1000
RESOURCES = 100
MOST_MIB = 512
LIMIT_S = 300.0


def measured(bench: Bench, say: Callable[[str], None]) -> Target:
    """An apply that finds all in state, of resources ten of which hang on facts. Raises CannotMeasure."""
    folder = bench.home / "crowd"
    folder.mkdir()
    with simulated(folder) as port:
        (folder / "inventory.yml").write_text(yaml.safe_dump(inventory(port), sort_keys=False))
        (folder / "site.yml").write_text(yaml.safe_dump(document(), sort_keys=False))
        command = (str(holdfast.program()), "-i", "inventory.yml", "apply", "site.yml", "--exit-code")
        done = bench.run(Command(command, folder), [], LIMIT_S)
    if done.code:
        raise CannotMeasure(f"{HOSTS} simulated hosts: exit code {done.code}: {done.output[-500:]}")
    say(f"{HOSTS} simulated hosts: {done.wall_s:.1f} s, {done.controller_cpu_s:.1f} CPU s, {done.memory_mib:.0f} MiB")
    what = f"{HOSTS:,} simulated hosts × {RESOURCES} resources, with facts: the controller's memory"
    return Target(what, done.memory_mib, MOST_MIB, "MiB")


def inventory(port: int) -> dict[str, object]:
    """Each host at an address of its own."""
    login = {"port": port, "user": "root", "key": "key", "known_hosts": "known_hosts"}
    addresses = [f"127.1.{number // 250}.{number % 250 + 1}" for number in range(HOSTS)]
    hosts = {f"sim{number:04}": {"address": address, **login} for number, address in enumerate(addresses)}
    return {"inventory": "crowd", "hosts": hosts}


def document() -> dict[str, object]:
    """Nine tenths of the resources are the same everywhere; the content of the rest is of facts."""
    alike = [{"directory": f"/srv/alike-{number}"} for number in range(RESOURCES - 10)]
    own = [
        {"file": f"/etc/own-{number}", "content": "{{ facts.hostname }} has {{ facts.os.family }}\n"}
        for number in range(10)
    ]
    return {"state": "crowd", "targets": "all", "resources": [*alike, *own]}


@contextlib.contextmanager
def simulated(folder: Path) -> Iterator[int]:
    """The port of the hosts, which share a key that lets us in."""
    argv = (sys.executable, "-m", "tests.bench.crowd_hosts", str(folder))
    where = Path(__file__).parents[2]
    with subprocess.Popen(argv, cwd=where, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as hosts:
        assert hosts.stdin is not None
        assert hosts.stdout is not None
        yield int(hosts.stdout.readline())
        hosts.stdin.close()
