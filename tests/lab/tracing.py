"""Watching, and killing, what sshd of a host starts, at the very system call that one names."""
from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import LabError
from .host import LabHost

ATTACH_TIMEOUT_S = 30.0
SETTLE_S = 0.3  # what has just ended is still written down


@contextmanager
def traced(host: LabHost, *options: str) -> Iterator[None]:
    """strace with these options is on sshd and all that it starts meanwhile."""
    master = _outer_pid(host, int(host.run("systemctl show -p MainPID --value ssh").stdout))
    tracer = subprocess.Popen(["strace", "-f", *options, "-p", str(master)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        _wait_until_attached(host, master, tracer)
        yield
        time.sleep(SETTLE_S)
    finally:
        tracer.terminate()
        tracer.communicate(timeout=20)


@contextmanager
def killing(host: LabHost, call: str, when: int = 1) -> Iterator[None]:
    """Whatever a session of this host starts is killed with SIGKILL at its `when`th system call of this name."""
    at = f"inject={call}:signal=SIGKILL:when={when}"
    with traced(host, "-qq", "-e", f"trace={call}", "-e", at, "-o", "/dev/null"):
        yield


def _wait_until_attached(host: LabHost, pid: int, tracer: subprocess.Popen[str]) -> None:
    """strace itself says nothing of it, the kernel does."""
    end = time.monotonic() + ATTACH_TIMEOUT_S
    while f"TracerPid:\t{tracer.pid}\n" not in Path(f"/proc/{pid}/status").read_text():
        if tracer.poll() is not None:
            raise LabError(f"strace does not trace {host.name}: {tracer.stderr.read() if tracer.stderr else ''}")
        if time.monotonic() > end:
            raise LabError(f"strace has not begun to trace {host.name} after {ATTACH_TIMEOUT_S:g} s")
        time.sleep(0.01)


def _outer_pid(host: LabHost, inner: int) -> int:
    """The number that this machine gives to a process of the host."""
    space = Path(f"/proc/{host.pid}/ns/pid").readlink()
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            if (status.parent / "ns" / "pid").readlink() == space and \
                    re.search(rf"^NSpid:.*\t{inner}$", status.read_text(), re.MULTILINE):
                return int(status.parent.name)
        except OSError:
            continue
    raise LabError(f"{host.name} has no process {inner}")
