"""What is kept about a running lab, for other processes: a small JSON file in its runtime folder.

Only what cannot be asked of the kernel is in it. Process ids are found through cgroups, so they are never out of date.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from .errors import LabNotRunning

FILE = "state.json"


@dataclass(frozen=True)
class Owner:
    """The process with which a lab ends. Its start time tells it from a later process with the same number."""

    pid: int
    started: str

    def is_alive(self) -> bool:
        """Whether this very process still runs."""
        return _start_time(self.pid) == self.started

    @classmethod
    def of(cls, pid: int) -> Owner:
        """The process that has this number now."""
        return cls(pid, _start_time(pid))


@dataclass(frozen=True)
class State:
    """One lab."""

    name: str
    subnet: str
    digest: str  # of the base image
    disk_mib: int
    hosts: tuple[str, ...]
    tags: dict[str, dict[str, str]]
    owner: Owner | None
    complete: bool  # every host was up once

    def save(self, folder: Path) -> None:
        """Write it so that a reader sees the old or the new, never half."""
        scratch = folder / f".{FILE}.{os.getpid()}"
        scratch.write_text(json.dumps(asdict(self), indent=2) + "\n")
        scratch.rename(folder / FILE)

    @classmethod
    def load(cls, folder: Path) -> State:
        """Raises LabNotRunning when there is none that can be read."""
        try:
            data = json.loads((folder / FILE).read_text())
            owner = data.pop("owner")
            data["hosts"] = tuple(data["hosts"])
            return cls(owner=None if owner is None else Owner(**owner), **data)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise LabNotRunning(f"there is no running lab in {folder}") from error


def _start_time(pid: int) -> str:
    """When a process began, in clock ticks since this machine did; empty when it runs no more."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in {"Z", "X"} else fields[19]
