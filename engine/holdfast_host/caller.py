"""How whoever applies has reached this host: the SSH connection that this process hangs on, if it hangs on one."""
from __future__ import annotations

import os
import re
from typing import Dict, List, Optional, Tuple

from . import process
from .names import owner_name
from .record import Record

DEPTH = 64  # processes between a runner and sshd: sudo, shells, a terminal of its own; far fewer in truth
DAEMONS = ("sshd", "sshd-session", "sshd-auth")
ACCEPTED = re.compile(r"Accepted (\S+) for (?:\S+) from \S+ port (\d+) ssh2(?:: (\S+) (\S+))?")


class Caller(Record):
    """user: who logged in, before any `become`. address, port: the other end; local_address, local_port: this one.
    has_terminal: whether the session has one. method: how it was authenticated as sshd's log tells: `publickey`,
    `password`, `keyboard-interactive/pam` …, "" where that is not known; key: type and SHA256 of the public key then
    ("ED25519", "SHA256:…")."""

    user: str
    address: str
    port: int
    local_address: str
    local_port: int
    has_terminal: bool = False
    method: str = ""
    key: Tuple[str, str] = ("", "")


def find() -> Optional[Caller]:
    """None: this process hangs on no SSH connection, so nobody can be locked out by closing one."""
    pid, connection, has_terminal = os.getpid(), "", False
    below = pid
    for _ in range(DEPTH):
        command, parent = _stat(pid)
        if command in DAEMONS:
            break
        found = _environment(pid)
        connection = found.get("SSH_CONNECTION", connection)
        has_terminal = has_terminal or "SSH_TTY" in found
        below, pid = pid, parent
        if pid <= 1:
            break
    ends = connection.split()
    if len(ends) != 4 or not (ends[1] + ends[3]).isdecimal():
        return None
    sessions = _daemons(pid)
    user = owner_name(_uid(sessions[0] if sessions else below))
    method, key = _authenticated(sessions, ends[1])
    return Caller(user, ends[0], int(ends[1]), ends[2], int(ends[3]), has_terminal, method, key)


def _daemons(pid: int) -> List[int]:
    """The processes of sshd that serve the session, the nearest first, without the one that listens."""
    found: List[int] = []
    while pid > 1 and len(found) < DEPTH:
        command, parent = _stat(pid)
        if command not in DAEMONS:
            break
        found.append(pid)
        pid = parent
    return found


def _authenticated(sessions: List[int], port: str) -> Tuple[str, Tuple[str, str]]:
    """What sshd wrote of it: to the journal of systemd, by one of these processes."""
    if not sessions or process.which("journalctl") is None:
        return "", ("", "")
    done = process.run(["journalctl", "--quiet", "--output=cat", "--boot",
                        *("_PID=%d" % pid for pid in sessions)], timeout_s=30)
    for match in ACCEPTED.finditer(done.stdout):
        if match.group(2) == port:
            return match.group(1), (match.group(3) or "", match.group(4) or "")
    return "", ("", "")


def _stat(pid: int) -> Tuple[str, int]:
    """(name, number of the parent); ("", 0) when it has gone."""
    try:
        with open("/proc/%d/stat" % pid, "rb") as stream:
            text = stream.read().decode("utf-8", "replace")
    except OSError:
        return "", 0
    head, _, tail = text.rpartition(")")
    return head.partition("(")[2], int(tail.split()[1])


def _environment(pid: int) -> Dict[str, str]:
    """What it was started with; nothing when we may not see it."""
    try:
        with open("/proc/%d/environ" % pid, "rb") as stream:
            words = os.fsdecode(stream.read()).split("\0")
    except OSError:
        return {}
    return dict(word.partition("=")[::2] for word in words)


def _uid(pid: int) -> int:
    """Whose it is."""
    try:
        return os.stat("/proc/%d" % pid).st_uid
    except OSError:
        return os.getuid()
