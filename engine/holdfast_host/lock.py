"""At most one run changes a host at a time; the lock says who holds it."""
from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from typing import Any, Dict, Optional

from .errors import HoldfastError


class Held(HoldfastError):
    """Another run holds this host. holder: {run, who, since} as far as known."""

    def __init__(self, holder: Dict[str, Any]) -> None:
        self.holder = holder
        since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(holder.get("since", 0)))
        run, who = holder.get("run", "?"), holder.get("who", "?")
        super().__init__("run %s of %s holds this host since %s" % (run, who, since))


class Lock:
    """Held by an open file, so that it goes with the process, however that ends."""

    def __init__(self, folder: str) -> None:
        self._path = os.path.join(folder, "lock")
        self._fd: Optional[int] = None

    def take(self, run: str, who: str) -> None:
        """Raises Held."""
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _read(fd)
            os.close(fd)
            raise Held(holder) from None
        self._fd = fd
        os.ftruncate(fd, 0)
        with contextlib.suppress(OSError):  # the lock is ours, also where a full disk does not let us say so
            os.pwrite(fd, json.dumps({"run": run, "who": who, "since": time.time(), "pid": os.getpid()}).encode(), 0)

    def release(self) -> None:
        """Lets others in."""
        if self._fd is not None:
            os.ftruncate(self._fd, 0)
            os.close(self._fd)
            self._fd = None


def holder(folder: str) -> Optional[Dict[str, Any]]:
    """Who holds the lock now; None: nobody."""
    try:
        fd = os.open(os.path.join(folder, "lock"), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(fd)
    finally:
        os.close(fd)
    return None


def _read(fd: int) -> Dict[str, Any]:
    try:
        found = json.loads(os.pread(fd, 4096, 0))
    except ValueError:
        found = {}
    return found if isinstance(found, dict) else {}
