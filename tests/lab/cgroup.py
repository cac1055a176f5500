"""The cgroups of a lab: where its processes are found, counted, frozen and killed.

Everything rests on the unified (v2) hierarchy, which also exists where version 1 holds the controllers. There a group
in the `name=systemd` hierarchy is needed as well, or the systemd of all hosts would share one.
"""

from __future__ import annotations

import contextlib
import functools
import os
import time
from collections.abc import Callable
from pathlib import Path

from .errors import LabError, LabUnavailable
from .mounts import mounts

ROOT = "holdfast-lab"


@functools.cache
def mount_point() -> Path:
    """Where the unified hierarchy is mounted. Raises LabUnavailable when there is none, or it is too old to kill."""
    for mount in mounts():
        if mount.kind == "cgroup2" and "rw" in mount.options:
            here = mount.target
            probe = here / ROOT
            try:
                probe.mkdir(exist_ok=True)
            except OSError as error:
                raise LabUnavailable(f"cannot make a cgroup in {here}: {error.strerror}") from error
            if not (probe / "cgroup.kill").exists():
                raise LabUnavailable("the kernel has no cgroup.kill (it came with Linux 5.14)")
            return here
    raise LabUnavailable("no writable cgroup2 hierarchy is mounted")


@functools.cache
def named_systemd() -> Path | None:
    """Where the version 1 hierarchy `name=systemd` is mounted, or None on a machine that has version 2 only."""
    for mount in mounts():
        if mount.kind == "cgroup" and "name=systemd" in mount.options:
            return mount.target
    return None


class Group:
    """The cgroup of one lab (`Group("demo")`) or one host in it (`Group("demo", "web1")`)."""

    def __init__(self, *names: str) -> None:
        self.path = mount_point().joinpath(ROOT, *names)
        legacy = named_systemd()
        self.legacy = None if legacy is None else legacy.joinpath(ROOT, *names)

    def make(self, *children: str) -> None:
        """Make the group and its children, where they are not there."""
        for child in ("", *children):
            (self.path / child).mkdir(parents=True, exist_ok=True)
        if self.legacy is not None:
            self.legacy.mkdir(parents=True, exist_ok=True)

    def pids(self) -> list[int]:
        """All processes in the group and below it, as this machine numbers them."""
        found: list[int] = []
        for folder, _, _ in os.walk(self.path):
            with contextlib.suppress(OSError):
                found += [int(word) for word in (Path(folder) / "cgroup.procs").read_text().split()]
        return sorted(found)

    def leader(self) -> int | None:
        """The process that is number 1 inside the host, as this machine numbers it; None when the host is off."""
        for pid in self.pids():
            with contextlib.suppress(OSError):
                for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                    if line.startswith("NSpid:") and line.split()[2:] == ["1"]:
                        return pid
        return None

    def is_populated(self) -> bool:
        """Whether any process lives in the group or below it."""
        return self._event("populated")

    def is_frozen(self) -> bool:
        """Whether all its processes stand still."""
        return self._event("frozen")

    def freeze(self, frozen: bool, timeout_s: float = 10.0) -> None:
        """Stop every process of the group where it stands, or let them go on; returns when it is so."""
        self._write("cgroup.freeze", "1" if frozen else "0")
        self._wait(lambda: self.is_frozen() == frozen, timeout_s, "freeze" if frozen else "thaw")

    def kill(self, timeout_s: float = 20.0) -> None:
        """SIGKILL everything in the group at once, as a power cut would; returns when nothing is left."""
        if not self.path.exists():
            return
        self._write("cgroup.kill", "1")
        self._wait(lambda: not self.is_populated(), timeout_s, "die")
        self._write("cgroup.freeze", "0")

    def wait_until_empty(self, timeout_s: float) -> None:
        """Come back when no process is left. Raises LabError when one is after `timeout_s` seconds."""
        self._wait(lambda: not self.is_populated(), timeout_s, "end")

    def cpu_seconds(self, child: str = "") -> float:
        """Seconds of processor time used by the group since it was made."""
        for line in (self.path / child / "cpu.stat").read_text().splitlines():
            key, _, value = line.partition(" ")
            if key == "usage_usec":
                return int(value) / 1e6
        raise LabError(f"{self.path}: cpu.stat has no usage_usec")

    def remove(self) -> None:
        """Take the group and everything below it away. It must have no processes any more."""
        for top in (self.path, self.legacy):
            if top is None or not top.exists():
                continue
            for folder, _, _ in os.walk(top, topdown=False):
                _rmdir(Path(folder))

    def _event(self, name: str) -> bool:
        try:
            return f"{name} 1" in (self.path / "cgroup.events").read_text().splitlines()
        except FileNotFoundError:
            return False

    def _write(self, file: str, text: str) -> None:
        (self.path / file).write_text(text)

    def _wait(self, is_so: Callable[[], bool], timeout_s: float, verb: str) -> None:
        end = time.monotonic() + timeout_s
        while not is_so():
            if time.monotonic() > end:
                raise LabError(f"{self.path}: did not {verb} in {timeout_s:g} s; processes: {self.pids()}")
            time.sleep(0.005)


def _rmdir(folder: Path, tries: int = 100) -> None:
    """Remove one group; the kernel says busy for a moment after the last process has gone."""
    for _ in range(tries):
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise LabError(f"could not remove the cgroup {folder}")
