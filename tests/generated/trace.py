"""What the runner on a host writes, as the kernel sees it: its system calls and those of all that it starts."""
from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from tests.lab.host import LabHost
from tests.lab.tracing import traced

WRITING = re.compile(r"(mkdir|rename|unlink|rmdir|link|symlink|mknod|f?chmod|[fl]?chown|f?truncate|[fl]?setxattr|"
                     r"removexattr|utime|mount|umount|fallocate|creat)")
CALLS = ("trace=open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,rmdir,link,linkat,symlink,"
         "symlinkat,mknod,mknodat,chmod,fchmod,fchmodat,chown,fchown,lchown,fchownat,truncate,ftruncate,setxattr,"
         "fsetxattr,lsetxattr,removexattr,utime,utimes,utimensat,mount,umount2,fallocate,execve,clone,clone3,fork,vfork")
RUNNER = re.compile(r'execve\("[^"]*/python3[^"]*", \["[^"]*", "-I", "-S"')
# A host numbers its processes by itself; strace adds the number that this machine gives, by which its lines begin.
CHILD = re.compile(r"(?:clone3?|v?fork)\(.* = (?:\d+ /\* )?(\d+)(?: in strace's PID NS \*/)?$")
UNFINISHED = "<unfinished ...>"
OWN = "/var/lib/holdfast/runner/"  # when the runner was used last is noted on its own archive


def watched(host: LabHost, log: Path) -> AbstractContextManager[None]:
    """What is written meanwhile by all that sshd of the host starts goes into the log."""
    return traced(host, "-q", "-y", "--decode-pids=pidns", "-e", CALLS, "-o", str(log))


def writes(log: Path) -> list[str]:
    """The calls by which runners, and what they started, wrote anything but to pipes, null devices and `OWN`."""
    inside: set[int] = set()
    told: set[int] = set()  # of which it was said whose children they are
    early: dict[int, list[str]] = {}  # what a process wrote before that was said
    over: dict[int, list[str]] = {}  # the same of one that had ended by then
    found = []
    for pid, call in _calls(log):
        child = CHILD.match(call)
        if call.startswith("+++"):  # it has ended: who gets its number next is another process
            inside.discard(pid)
            wrote = early.pop(pid, [])
            if pid not in told:
                over[pid] = wrote
            told.discard(pid)
            continue
        over.pop(pid, None)
        if child:
            number = int(child[1])
            is_over = number in over
            wrote = over.pop(number) if is_over else early.pop(number, [])
            found += wrote if pid in inside else []
            if not is_over:
                told.add(number)
            if not is_over and pid in inside:
                inside.add(number)
        elif RUNNER.match(call):
            inside.add(pid)
        elif _is_write(call):
            (found if pid in inside else early.setdefault(pid, [])).append(call)
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
    if " = -1 E" in call or OWN in call:
        return False
    if re.match(r"open(at)?\(", call):
        nameless = "O_TMPFILE" in call  # and gone with its process, unless a `link` gives it a name
        return bool(re.search(r"O_(WRONLY|RDWR|CREAT|TRUNC)", call)) and '"/dev/' not in call and not nameless
    return bool(WRITING.match(call))
