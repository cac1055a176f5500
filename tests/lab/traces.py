"""Whether anybody has had to do with a host: what a login, a command in it, or a hand on its disk leaves behind."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from .host import LabHost

OWN = ("var/log/journal", "var/log/wtmp")  # what a host writes by itself as long as it runs


@dataclass(frozen=True)
class Traces:
    """Two that are equal: nobody connected to the host, ran a command in it, wrote to its disk or booted it between
    them. What a cable or a frozen host feels leaves none."""

    boot: int | None  # its process 1
    connections: str
    visits_s: float
    written: frozenset[tuple[str, int]]  # what is not the base's, and when it was changed

    @classmethod
    def of(cls, host: LabHost) -> Traces:
        """A host's by now."""
        leader = host.pid
        return cls(
            boot=leader,
            connections="" if leader is None else _connections(leader),
            visits_s=host.group.cpu_seconds("visitors"),
            written=frozenset(_written(host.disk.memory / "upper")),
        )


def _connections(leader: int) -> str:
    """What the host's kernel counts of TCP: those that came in, went out, failed and were reset."""
    names, values = (line.split() for line in Path(f"/proc/{leader}/net/snmp").read_text().splitlines()
                     if line.startswith("Tcp:"))
    counts = dict(zip(names, values, strict=True))
    return " ".join(counts[name] for name in ("ActiveOpens", "PassiveOpens", "AttemptFails", "EstabResets"))


def _written(upper: Path) -> list[tuple[str, int]]:
    found = []
    for folder, folders, names in os.walk(upper):
        here = os.path.relpath(folder, upper)
        folders[:] = [name for name in folders if os.path.normpath(f"{here}/{name}") not in OWN]
        for name in [*folders, *names]:
            path = os.path.normpath(f"{here}/{name}")
            if path not in OWN:
                found.append((path, os.lstat(f"{folder}/{name}").st_ctime_ns))
    return found
