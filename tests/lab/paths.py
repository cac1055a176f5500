"""Where a lab keeps its things, the names it may have, and the locks it takes."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from .errors import LabError

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
def locked(path: Path, wait: bool = True) -> Iterator[bool]:
    """Hold a lock between processes; it ends with the process whatever happens to it. Gives whether it was got.

    Without `wait` that is False at once when another process has it.
    """
    import fcntl  # Unix only, and the package must be importable anywhere to say that it cannot run there

    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as files:
        while True:
            file = files.enter_context(path.open("w"))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
                return
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_ino == os.fstat(file.fileno()).st_ino:
                    break  # else its last holder has removed it, and the next one would lock another file
        yield True


@contextlib.contextmanager
def lab_lock(lab: str, wait: bool = True) -> Iterator[bool]:
    """The lock of a lab: for whoever brings it up or takes it down. Its file goes when the lab is gone."""
    path = runtime() / f".{lab}.lock"
    with locked(path, wait) as is_ours:
        yield is_ours
        if is_ours and not (runtime() / lab).exists():
            path.unlink(missing_ok=True)
