"""The course of a benchmark: every tool rehearses, then all take turns, round by round, and each run is judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from tests.bench import scene, work
from tests.bench.measure import Bench, Measured, emptied, quiet
from tests.bench.sessions import counted
from tests.bench.tool import Phase, Tool
from tests.lab import Lab, LabHost

LIMIT_S = 400.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of one tool in one phase. fault: why it does not count, or ""."""

    tool: str
    phase: Phase
    measured: Measured
    fault: str


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a tool opened at one host's sshd in a no-op on that host. fault: why it takes no part, or ""."""

    tool: str
    logins: int
    sessions: int
    fault: str


@dataclass
class Results:
    """All that was found out so far."""

    rehearsals: list[Rehearsal] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)  # tools that could not be set up, with the reason

    @property
    def is_sound(self) -> bool:
        """Whether every tool took part and every run did what it should."""
        faults = [*(one.fault for one in self.rehearsals), *(one.fault for one in self.samples)]
        return not self.missing and not any(faults)


class Rounds:
    """Tools on hosts of a lab, in turns."""

    def __init__(self, bench: Bench, lab: Lab, hosts: Sequence[LabHost], say: Callable[[str], None]) -> None:
        self.bench = bench
        self.lab = lab
        self.hosts = hosts
        self.say = say
        self.results = Results()

    def rehearse(self, tools: Iterable[Tool]) -> list[Tool]:
        """A no-op of each on one host, not timed: fills caches, counts sessions. Gives back the tools that are able."""
        self._lay()
        able = []
        for tool in tools:
            if Phase.ONE not in tool.commands:
                able.append(tool)
                continue
            with counted(self.hosts[0]) as count:
                sample = self._run(tool, Phase.ONE)
            self.results.rehearsals.append(Rehearsal(tool.name, count.logins, count.sessions, sample.fault))
            self.say(f"rehearsal {tool.name}: {count.sessions} sessions in {count.logins} log-ins {sample.fault}")
            if sample.fault:
                self.say(sample.measured.output[-2000:])
            else:
                able.append(tool)
        return able

    def play(self, tools: Sequence[Tool], number: int) -> None:
        """Round `number` (from 0): all tools in turn, each through its phases; so noise hits all alike."""
        for tool in tools:
            if number < tool.most_runs:
                self._turn(tool)

    def _turn(self, tool: Tool) -> None:
        if Phase.FIRST not in tool.commands:
            self._lay()
        for phase in Phase:
            if phase not in tool.commands:
                continue
            if phase is Phase.FIRST:
                names = [host.name for host in self.hosts]
                self.lab.each(LabHost.reset, names)  # nothing of the work is there, nor anything that a tool has left
            sample = self._run(tool, phase)
            self.results.samples.append(sample)
            took = sample.measured
            cpu = f"{took.controller_cpu_s:.2f} + {took.hosts_cpu_s:.2f} CPU s"
            self.say(f"{tool.name}, {phase}: {took.wall_s:.3f} s, {cpu} {sample.fault}")
            if sample.fault:
                self.say(took.output[-2000:])
                return

    def _run(self, tool: Tool, phase: Phase) -> Sample:
        chosen = self.hosts[:1] if phase is Phase.ONE else self.hosts
        if phase.changes and any(len(scene.differing(host.rootfs, host.name)) != work.ITEMS for host in chosen):
            raise AssertionError("a fresh host has items of the work: nothing that is measured on it would be true")
        before = {host.name: scene.marks(host.rootfs) for host in chosen}
        pids = {host.name: _main_pids(host) for host in chosen}
        emptied(tool.scratch)
        quiet(self.hosts)
        measured = self.bench.run(tool.commands[phase], chosen, LIMIT_S)
        fault = _own_fault(tool, phase, measured)
        for host in chosen:
            fault = fault or _fault(host, phase, before[host.name], pids[host.name])
        return Sample(tool.name, phase, measured, fault)

    def _lay(self) -> None:
        for host in self.hosts:
            if scene.differing(host.rootfs, host.name):
                scene.lay(host.rootfs, host.name)


def _own_fault(tool: Tool, phase: Phase, measured: Measured) -> str:
    """What is wrong by the tool's exit code and words."""
    if measured.is_late:
        return f"it took more than {LIMIT_S:.0f} s"
    if measured.code != 0:
        return f"exit code {measured.code}"
    return tool.fault(phase, measured.output)


def _fault(host: LabHost, phase: Phase, before: scene.Marks, pids: str) -> str:
    """What is wrong on a host, as seen from outside."""
    if _main_pids(host) != pids:
        return f"{host.name}: a service was restarted"
    wrong = scene.differing(host.rootfs, host.name)
    if wrong:
        return f"{host.name}: {len(wrong)} items are not as declared: {wrong[0]}"
    touched = sum(before.get(path) != mark for path, mark in scene.marks(host.rootfs).items())
    if not phase.changes and touched:
        return f"{host.name}: {touched} files or directories were touched"
    return ""


def _main_pids(host: LabHost) -> str:
    return host.run(("systemctl", "show", "--property=MainPID,ActiveState", *work.SERVICES)).stdout
