"""Over a long line: how many round trips an apply costs beyond those that connecting costs.

The same is done through two relays, a long one and one without length; what it takes longer is round trips alone.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from tests.bench import floor, holdfast
from tests.bench.figures import Target
from tests.bench.measure import Bench
from tests.bench.tool import CannotMeasure, Command, Fleet

ROUND_TRIP_S = 0.1
ROUNDS = 4
LIMIT_S = 60.0
DIRECTORIES, LINES, FILES = 150, 50, 50


def measured(bench: Bench, fleet: Fleet, say: Callable[[str], None]) -> Target:
    """The files are others in each round, so that their contents have to travel. Raises CannotMeasure."""
    folder = bench.home / "distance"
    folder.mkdir()
    (folder / "site.yml").write_text(yaml.safe_dump(document(), sort_keys=False))
    ways = {"far": ROUND_TRIP_S, "near": 0.0}
    took: dict[tuple[str, str], list[float]] = {(what, way): [] for what in ("connect", "apply") for way in ways}
    with contextlib.ExitStack() as stack:
        commands: dict[str, dict[str, Command]] = {}
        for way, round_trip_s in ways.items():
            port = stack.enter_context(relayed(fleet, round_trip_s))
            commands[way] = _commands(fleet, folder / way, port)
        for number in range(ROUNDS + 1):  # the first sends the runner, and is not counted
            for way in ways:
                for what, command in commands[way].items():
                    more = ("--set", f"edition={number} {way}") if what == "apply" else ()
                    done = bench.run(Command((*command.argv, *more), command.cwd), [], LIMIT_S)
                    if done.code:
                        raise CannotMeasure(f"over a long line: {what}: {done.output[-500:]}")
                    if number:
                        took[what, way].append(done.wall_s)
    trips = {what: (min(took[what, "far"]) - min(took[what, "near"])) / ROUND_TRIP_S for what in ("connect", "apply")}
    say(f"round trips: {trips['connect']:.1f} to connect and run `true`, {trips['apply']:.1f} to apply")
    count = DIRECTORIES + LINES + FILES
    what = f"apply of {count} resources with {FILES} changed files at {ROUND_TRIP_S * 1000:.0f} ms, beyond connecting"
    beyond = round(trips["apply"] - trips["connect"])  # they are whole; what is between is noise
    return Target(what, beyond, 3, "round trips")


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
def relayed(fleet: Fleet, round_trip_s: float, port: int = 22) -> Iterator[int]:
    """A port on 127.0.0.1 that leads to that port of the first host."""
    relay_py, address = str(Path(__file__).with_name("relay.py")), fleet.nodes[0].address
    argv = (sys.executable, relay_py, address, str(port), str(round_trip_s))
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as relay:
        assert relay.stdin is not None
        assert relay.stdout is not None
        yield int(relay.stdout.readline())
        relay.stdin.close()


def _commands(fleet: Fleet, folder: Path, port: int) -> dict[str, Command]:
    folder.mkdir()
    node = fleet.nodes[0]
    known = next(line for line in fleet.known_hosts.read_text().splitlines() if node.address in line.split()[0])
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {known.split(maxsplit=1)[1]}\n")
    login = {"user": "root", "key": str(fleet.key), "known_hosts": str(folder / "known_hosts")}
    host = {"address": "127.0.0.1", "port": port, **login}
    inventory = {"inventory": "far", "hosts": {node.name: host}}
    (folder / "inventory.yml").write_text(yaml.safe_dump(inventory, sort_keys=False))
    job = {"key": str(fleet.key), "known_hosts": str(folder / "known_hosts"), "nodes": [{**host, "expected": {}}]}
    (folder / "job.json").write_text(json.dumps(job))
    apply = (str(holdfast.program()), "-i", "inventory.yml", "apply", str(folder.parent / "site.yml"))
    return {
        "connect": Command((*floor.CLIENT, "true", str(folder / "job.json")), folder),
        "apply": Command(apply, folder),
    }
