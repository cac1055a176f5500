"""From runs to figures: medians, ratios, and what was to be reached."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench import floor, holdfast
from tests.bench.measure import Measured
from tests.bench.rounds import Results
from tests.bench.tool import Phase

PEERS_OVER_SSH = ("ansible", "mitogen", "pyinfra", "salt-ssh")

Field = Callable[[Measured], float]


@dataclass(frozen=True, slots=True)
class Figure:
    """What some runs gave."""

    median: float
    least: float
    runs: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Figure | None:
        """None where nothing was measured."""
        return cls(median(values), min(values), len(values)) if values else None


@dataclass(frozen=True, slots=True)
class Target:
    """Something to reach. found: None where it was not measured."""

    what: str
    found: float | None
    limit: float
    unit: str
    is_least: bool = False  # the limit is a minimum, not a maximum

    @property
    def verdict(self) -> str:
        """In words."""
        if self.found is None:
            return "not measured"
        return "met" if (self.found >= self.limit if self.is_least else self.found <= self.limit) else "NOT MET"


def figure(results: Results, tool: str, phase: Phase, field: Field) -> Figure | None:
    """Over all runs that did what they should."""
    own = [one for one in results.samples if one.tool == tool and one.phase is phase and not one.fault]
    return Figure.of([field(one.measured) for one in own])


def wall(results: Results, tool: str, phase: Phase) -> float | None:
    """Median of the wall time, seconds."""
    found = figure(results, tool, phase, lambda measured: measured.wall_s)
    return None if found is None else found.median


def ratio(above: float | None, below: float | None) -> float | None:
    """None where one of them is missing."""
    return None if above is None or not below else above / below


def fastest_peer(results: Results, phase: Phase) -> tuple[str, float] | None:
    """The peer with the least wall time in a phase, and that time in seconds."""
    times = [(time, peer) for peer in PEERS_OVER_SSH if (time := wall(results, peer, phase)) is not None]
    return (min(times)[1], min(times)[0]) if times else None


def targets(results: Results, compiled: Measured | None) -> list[Target]:
    """What Holdfast is to reach, beside what it did."""
    own, base = holdfast.NAME, floor.OBSERVE_ALL
    many = wall(results, base, Phase.NOOP)
    one = wall(results, base, Phase.ONE)
    noop = ratio(wall(results, own, Phase.NOOP), many)
    peer = fastest_peer(results, Phase.FIRST)
    peer_name, peer_s = peer or ("fastest peer", None)

    def cost(field: Field) -> float | None:
        found = figure(results, own, Phase.NOOP, field)
        return None if found is None else found.median

    sessions = [float(r.sessions) for r in results.rehearsals if r.tool == own and not r.fault]
    done = compiled if compiled is not None and compiled.code == 0 else None
    compile_s = done.controller_cpu_s if done else None
    compile_mib = done.memory_mib if done else None
    first = ratio(peer_s, wall(results, own, Phase.FIRST))
    times = "× the observe-all floor"
    return [
        Target("no-op on all hosts", noop, 2.5, times),
        Target("no-op on all hosts, the goal", noop, 2.0, times),
        Target("no-op on one host", ratio(wall(results, own, Phase.ONE), one), 2.5, times),
        Target("plan on all hosts", ratio(wall(results, own, Phase.PLAN), many), 2.5, times),
        Target(f"first apply, {peer_name} / Holdfast", first, 6.0, "×", is_least=True),
        Target("no-op, controller and hosts", cost(lambda m: m.controller_cpu_s + m.hosts_cpu_s), 4.0, "CPU s"),
        Target("no-op, sessions on a host", sessions[0] if sessions else None, 1, "session"),
        Target("no-op, to and from a host", cost(lambda m: m.packets), 100, "packets"),
        Target("no-op, to and from a host", cost(lambda m: m.octets / 1024), 40, "KiB"),
        Target("compile 10,000 hosts × 100 resources", compile_s, 20, "CPU s"),
        Target("compile 10,000 hosts × 100 resources, memory", compile_mib, 1024, "MiB"),
    ]
