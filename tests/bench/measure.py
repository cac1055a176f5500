"""One run of a command, measured from outside: time, processor, memory, and what went over the network."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.tool import Command
from tests.lab import LabHost
from tests.lab.cgroup import Group

IDLE = 0.05
"""Share of one processor that hosts which do nothing may use together."""

MIB = 1024 * 1024
SAMPLE_EVERY_S = 0.5
SETTLE_S = 0.5
"""How long hosts are still counted after the command has ended: their sshd closes the sessions then."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run took. packets and octets: over the first host's cable, both ways, headers included.

    memory_mib: the peak of the proportional set size of all processes of the controller together, sampled twice a
    second, and at least that of largest_mib, the peak resident size of the largest one.
    """

    wall_s: float
    controller_cpu_s: float
    hosts_cpu_s: float
    packets: int
    octets: int
    memory_mib: float
    largest_mib: float
    code: int
    is_late: bool
    output: str


class Bench:
    """Where commands run: a cgroup of their own, so that all they start is counted, and ends with them."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.group = Group(f"_bench-{os.getpid()}")  # no lab can have this name

    def __enter__(self) -> Bench:
        self.group.make()
        return self

    def __exit__(self, *_: object) -> None:
        self.group.kill()
        self.group.remove()

    def run(self, command: Command, hosts: Sequence[LabHost], limit_s: float) -> Measured:
        """Run it to its end, or to `limit_s` seconds; then everything that it left running is killed."""
        log = self.home / "output.txt"
        before, began_cpu = _Meters.read(hosts), self.group.cpu_seconds()
        with log.open("wb") as output, _Memory(self.group.pids) as memory:
            began = time.monotonic()
            process = subprocess.Popen(
                ("sh", "-c", 'echo $$ > "$0/cgroup.procs"; exec "$@"', str(self.group.path), *command.argv),
                cwd=command.cwd,
                env=self._environment(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            late = threading.Timer(limit_s, self.group.kill)
            late.start()
            try:
                _, status, usage = os.wait4(process.pid, 0)
            finally:
                wall_s = time.monotonic() - began
                late.cancel()
                self.group.kill()
            process.returncode = os.waitstatus_to_exitcode(status)  # it is reaped: Popen must not wait for it again
        cpu_s = self.group.cpu_seconds() - began_cpu
        time.sleep(SETTLE_S)
        after = _Meters.read(hosts)
        largest = usage.ru_maxrss * 1024 / MIB
        return Measured(
            wall_s=wall_s,
            controller_cpu_s=cpu_s,
            hosts_cpu_s=after.cpu_s - before.cpu_s,
            packets=after.packets - before.packets,
            octets=after.octets - before.octets,
            memory_mib=max(memory.peak_mib, largest),
            largest_mib=largest,
            code=process.returncode,
            is_late=wall_s >= limit_s,
            output=log.read_text(errors="replace"),
        )

    def _environment(self, command: Command) -> dict[str, str]:
        plain = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}
        return {**plain, **command.environment}


@dataclass(frozen=True, slots=True)
class _Meters:
    """The hosts' counters at one moment."""

    cpu_s: float
    packets: int
    octets: int

    @classmethod
    def read(cls, hosts: Sequence[LabHost]) -> _Meters:
        cpu_s = sum(host.cpu_seconds() for host in hosts)
        return cls(cpu_s, hosts[0].packets().total, hosts[0].bytes().total) if hosts else cls(0.0, 0, 0)


class _Memory:
    """Looks at the memory of some processes until it is told to stop."""

    def __init__(self, pids: Callable[[], list[int]]) -> None:
        self.peak_mib = 0.0
        self._pids = pids
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> _Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(SAMPLE_EVERY_S):
            self.peak_mib = max(self.peak_mib, sum(_pss_mib(pid) for pid in self._pids()))


def _pss_mib(pid: int) -> float:
    with contextlib.suppress(OSError):  # it has ended
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


def quiet(hosts: Sequence[LabHost], within_s: float = 10.0) -> None:
    """Wait until the hosts have finished what they were at (a boot, the end of the last run), at most `within_s`."""
    end = time.monotonic() + within_s
    used_s = sum(host.cpu_seconds() for host in hosts)
    while time.monotonic() < end:
        time.sleep(SETTLE_S)
        now_s = sum(host.cpu_seconds() for host in hosts)
        if now_s - used_s < IDLE * SETTLE_S:
            return
        used_s = now_s


def emptied(folder: Path | None) -> None:
    """Take away what a run left in its scratch folder."""
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
