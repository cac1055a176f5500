"""Whether the process that began a run still lives."""
from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path

SIGN_EVERY_S = 10.0  # how often a controller with a run in hand writes a sign of life into the store
SILENT_AFTER_S = 60.0  # a controller on another machine that gave no sign for so long has ended


@dataclass(frozen=True, slots=True)
class Controller:
    """A process, told apart from all others. machine: host name and process namespace; boot: the id of the machine's
    boot; born: its start in clock ticks since the boot. What cannot be known is ""."""

    machine: str
    boot: str
    pid: int
    born: str


def this_controller() -> Controller:
    """The process that asks."""
    return Controller(_machine(), _boot(), os.getpid(), _born(os.getpid()))


def is_alive(controller: Controller, last_sign: float, now: float) -> bool:
    """Whether it still works. last_sign, now: seconds since the epoch; they decide for other machines, whose
    processes cannot be seen from here."""
    if controller.machine != _machine():
        return now - last_sign < SILENT_AFTER_S
    if controller.boot != _boot():
        return False
    try:
        os.kill(controller.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's, so it lives
    return _born(controller.pid) == controller.born


def since_boot() -> float:
    """Seconds, of those too in which the machine slept: others went on meanwhile."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def _machine() -> str:
    try:
        return f"{platform.node()}/{os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return platform.node()


def _boot() -> str:
    return _read("/proc/sys/kernel/random/boot_id").strip()


def _born(pid: int) -> str:
    """Field 22 of /proc/PID/stat (proc(5)); the name, field 2, may hold blanks and brackets. A zombie has ended."""
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    if not fields:
        return ""
    return "ended" if fields[0] == "Z" else fields[19]


def _read(path: str) -> str:
    try:
        return Path(path).read_text("ascii", "replace")
    except OSError:
        return ""
