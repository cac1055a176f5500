"""Over a long line: how many round trips an apply costs beyond those that connecting costs; see relay.py."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import IO

import yaml

from tests.bench import floor, holdfast
from tests.bench.figures import Target
from tests.bench.measure import Bench
from tests.bench.tool import CannotMeasure, Command, Fleet

ROUND_TRIP_S = 0.1
ROUNDS = 3
LIMIT_S = 60.0
DIRECTORIES, LINES, FILES = 150, 50, 50


@dataclass(frozen=True, slots=True)
class Line:
    """A relay that runs. port: where it listens on 127.0.0.1."""

    port: int
    said: IO[str]

    def round_trips(self) -> int:
        """Of the next connection that has ended."""
        return int(self.said.readline())


def measured(bench: Bench, fleet: Fleet, say: Callable[[str], None]) -> Target:
    """The files are others in each round, so that their contents have to travel. Raises CannotMeasure."""
    folder = bench.home / "distance"
    folder.mkdir()
    trips: dict[str, list[int]] = {"connect": [], "apply": []}
    with relayed(fleet, ROUND_TRIP_S) as line:
        commands = _commands(fleet, folder, line.port)
        for number in range(ROUNDS + 1):  # the first sends the runner, and is not counted
            for what, command in commands.items():
                more = ("--set", f"edition={number}") if what == "apply" else ()
                done = bench.run(Command((*command.argv, *more), command.cwd), [], LIMIT_S)
                if done.code:
                    raise CannotMeasure(f"over a long line: {what}: {done.output[-500:]}")
                trips[what].append(line.round_trips())
    say(f"round trips: {trips['connect']} to connect and run `true`, {trips['apply']} to apply")
    count = DIRECTORIES + LINES + FILES
    what = f"apply of {count} resources with {FILES} changed files at {ROUND_TRIP_S * 1000:.0f} ms, beyond connecting"
    return Target(what, median(trips["apply"][1:]) - median(trips["connect"][1:]), 3, "round trips")


def document() -> dict[str, object]:
    """Many resources, and small files with contents that a variable changes."""
    return {
        "state": "far",
        "targets": "all",
        "resources": [
            {"directory": "/srv/far-{{ item }}", "loop": f"{{{{ range({DIRECTORIES}) | list }}}}"},
            {
                "line": "key{{ item }}",
                "path": "/srv/far.conf",
                "text": "key{{ item }} = {{ item }}",
                "create": True,
                "loop": f"{{{{ range({LINES}) | list }}}}",
            },
            {
                "file": "/srv/far-{{ item }}/item.conf",
                "content": "item = {{ item }}\nedition = {{ edition }}\n",
                "loop": f"{{{{ range({FILES}) | list }}}}",
            },
        ],
    }


@contextlib.contextmanager
def relayed(fleet: Fleet, round_trip_s: float, port: int = 22) -> Iterator[Line]:
    """To that port of the first host."""
    relay_py, address = str(Path(__file__).with_name("relay.py")), fleet.nodes[0].address
    argv = (sys.executable, relay_py, address, str(port), str(round_trip_s))
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as relay:
        assert relay.stdin is not None
        assert relay.stdout is not None
        yield Line(int(relay.stdout.readline()), relay.stdout)
        relay.stdin.close()


def _commands(fleet: Fleet, folder: Path, port: int) -> dict[str, Command]:
    node = fleet.nodes[0]
    known = next(line for line in fleet.known_hosts.read_text().splitlines() if node.address in line.split()[0])
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {known.split(maxsplit=1)[1]}\n")
    login = {"user": "root", "key": str(fleet.key), "known_hosts": str(folder / "known_hosts")}
    host = {"address": "127.0.0.1", "port": port, **login}
    (folder / "site.yml").write_text(yaml.safe_dump(document(), sort_keys=False))
    inventory = {"inventory": "far", "hosts": {node.name: host}}
    (folder / "inventory.yml").write_text(yaml.safe_dump(inventory, sort_keys=False))
    job = {"key": str(fleet.key), "known_hosts": str(folder / "known_hosts"), "nodes": [{**host, "expected": {}}]}
    (folder / "job.json").write_text(json.dumps(job))
    apply = (str(holdfast.program()), "-i", "inventory.yml", "apply", "site.yml")
    return {
        "connect": Command((*floor.CLIENT, "true", str(folder / "job.json")), folder),
        "apply": Command(apply, folder),
    }
