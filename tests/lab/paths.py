"""Where a lab keeps its things, the names it may have, and the locks it takes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator
from pathlib import Path

from tests.lab.errors import LabError

_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")


def cache() -> Path:
    """The folder of built bases: worth keeping, safe to delete while no lab runs."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "holdfast" / "lab"


def runtime() -> Path:
    """The folder of running labs, one folder each; gone after a reboot."""
    return Path(os.environ.get("XDG_RUNTIME_DIR") or "/run") / "holdfast-lab"


def checked_name(name: str) -> str:
    """The name itself, if a lab or a host may have it. Raises LabError if not."""
    if not _NAME.fullmatch(name):
        raise LabError(f"{name!r}: a name is a small letter, then at most 30 small letters, digits and hyphens")
    return name


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock between processes; it ends with the process whatever happens to it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
