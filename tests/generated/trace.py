"""What the runner on a host writes, as the kernel sees it: its system calls and those of all that it starts."""
from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.host import LabHost

WRITING = re.compile(r"(mkdir|rename|unlink|rmdir|link|symlink|mknod|f?chmod|[fl]?chown|f?truncate|[fl]?setxattr|"
                     r"removexattr|utime|mount|umount|fallocate|creat)")
CALLS = ("trace=open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,rmdir,link,linkat,symlink,"
         "symlinkat,mknod,mknodat,chmod,fchmod,fchmodat,chown,fchown,lchown,fchownat,truncate,ftruncate,setxattr,"
         "fsetxattr,lsetxattr,removexattr,utime,utimes,utimensat,mount,umount2,fallocate,execve,clone,clone3,fork,vfork")
RUNNER = re.compile(r'execve\("[^"]*/python3[^"]*", \["[^"]*", "-I", "-S"')
UNFINISHED = "<unfinished ...>"


@contextmanager
def traced(host: LabHost, log: Path) -> Iterator[None]:
    """All that sshd of the host starts meanwhile is traced into the log."""
    master = host.run("systemctl show -p MainPID --value ssh").stdout.strip()
    outer = _outer_pid(host, int(master))
    tracer = subprocess.Popen(["strace", "-f", "-qq", "-y", "-e", CALLS, "-o", str(log), "-p", str(outer)],
                              stderr=subprocess.PIPE, text=True)
    try:
        time.sleep(0.5)
        assert tracer.poll() is None, tracer.stderr.read() if tracer.stderr else ""
        yield
        time.sleep(0.5)
    finally:
        tracer.terminate()
        tracer.communicate(timeout=20)


def _outer_pid(host: LabHost, inner: int) -> int:
    """The number that this machine gives to a process of the host."""
    assert host.pid is not None
    space = Path(f"/proc/{host.pid}/ns/pid").readlink()
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            if (status.parent / "ns" / "pid").readlink() == space and \
                    re.search(rf"^NSpid:.*\t{inner}$", status.read_text(), re.M):
                return int(status.parent.name)
        except OSError:
            continue
    raise AssertionError(f"{host.name} has no process {inner}")


def writes(log: Path) -> list[str]:
    """The calls by which runners, and what they started, wrote anything but to pipes and null devices."""
    inside: set[int] = set()
    found = []
    for pid, call in _calls(log):
        if RUNNER.match(call):
            inside.add(pid)
        child = re.match(r"(?:clone3?|v?fork)\(.* = (\d+)", call)
        if child and pid in inside:
            inside.add(int(child[1]))
        elif pid in inside and _is_write(call):
            found.append(call)
    return found


def runners(log: Path) -> int:
    """How many runners were seen."""
    return sum(bool(RUNNER.match(call)) for _, call in _calls(log))


def _calls(log: Path) -> Iterator[tuple[int, str]]:
    """Process and whole call, put together where another process came between."""
    begun: dict[int, str] = {}
    for line in log.read_text(errors="replace").splitlines():
        number, _, call = line.partition(" ")
        pid, call = int(number), call.strip()
        if call.endswith(UNFINISHED):
            begun[pid] = call.removesuffix(UNFINISHED)
            continue
        if call.startswith("<..."):
            call = begun.pop(pid, "") + call.partition("resumed>")[2]
        yield pid, call


def _is_write(call: str) -> bool:
    if " = -1 E" in call:
        return False
    if re.match(r"open(at)?\(", call):
        return bool(re.search(r"O_(WRONLY|RDWR|CREAT|TRUNC)", call)) and '"/dev/' not in call
    return bool(WRITING.match(call))
