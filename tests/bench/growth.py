"""More hosts: what a no-op on fifty takes, beside one on ten of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from tests.bench import holdfast, scene
from tests.bench.figures import Target
from tests.bench.measure import Bench, Measured, quiet
from tests.bench.tool import CannotMeasure, Command, Fleet, Node
from tests.lab import Lab, LabHost

FEW, MANY = 10, 50
ROUNDS = 3
LIMIT_S = 120.0


def measured(bench: Bench, say: Callable[[str], None]) -> list[Target]:
    """In a lab of its own. Linear growth would be MANY / FEW times as much. Raises CannotMeasure."""
    with Lab.up(f"bench-many-{os.getpid()}", MANY, owner=os.getpid()) as lab:
        hosts = list(lab.hosts.values())
        for host in hosts:
            scene.lay(host.rootfs, host.name)
        fleet = Fleet(tuple(Node(host.name, host.address) for host in hosts), lab.key, lab.known_hosts)
        folder = bench.home / "growth"
        folder.mkdir()
        call = holdfast.project(fleet, folder)
        found: dict[int, list[Measured]] = {FEW: [], MANY: []}
        for number in range(ROUNDS + 1):  # the first sends the runner, and is not counted
            for count, runs in found.items():
                done = _noop(bench, call, hosts[:count], folder)
                say(f"no-op on {count} hosts: {done.wall_s:.2f} s, {_cpu_s(done):.2f} CPU s")
                runs.extend([done] if number else [])
    return [
        Target(f"no-op on {MANY} hosts / on {FEW}, {what}", _ratio(found, field), MANY / FEW, "×")
        for what, field in (("wall time", lambda one: one.wall_s), ("CPU time of controller and hosts", _cpu_s))
    ]


def _noop(bench: Bench, call: Sequence[str], hosts: Sequence[LabHost], folder: Path) -> Measured:
    quiet(hosts)
    names = " or ".join(host.name for host in hosts)
    done = bench.run(Command((*call, "apply", "site.yml", "--exit-code", "-t", names), folder), hosts, LIMIT_S)
    if done.code:
        raise CannotMeasure(f"no-op on {len(hosts)} hosts: exit code {done.code}: {done.output[-500:]}")
    return done


def _cpu_s(one: Measured) -> float:
    return one.controller_cpu_s + one.hosts_cpu_s


def _ratio(found: dict[int, list[Measured]], field: Callable[[Measured], float]) -> float:
    return median(field(one) for one in found[MANY]) / median(field(one) for one in found[FEW])
