"""How many log-ins a host's sshd saw, and how many commands or subsystems were opened in them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from tests.lab import LabHost

_VERBOSE = "/etc/ssh/sshd_config.d/05-bench.conf"


@dataclass
class Counted:
    """Filled in when the counting ends."""

    logins: int = 0
    sessions: int = 0


@contextlib.contextmanager
def counted(host: LabHost) -> Iterator[Counted]:
    """Count on one host while the block runs. sshd is told to log more, so nothing should be timed meanwhile."""
    found = Counted()
    host.run(f"echo 'LogLevel VERBOSE' > {_VERBOSE} && systemctl reload ssh")
    cursor = _journal(host, "--lines=1", "--show-cursor").rpartition("-- cursor: ")[2].strip()
    try:
        yield found
        said = _journal(host, f"--after-cursor={cursor}", "--output=cat").splitlines()
        found.logins = sum(line.startswith("Accepted publickey for ") for line in said)
        found.sessions = sum(line.startswith("Starting session: ") for line in said)
    finally:
        host.run(f"rm -f {_VERBOSE} && systemctl reload ssh")


def _journal(host: LabHost, *options: str) -> str:
    host.run("journalctl --sync")
    return host.run(("journalctl", "--quiet", "--no-pager", *options)).stdout
