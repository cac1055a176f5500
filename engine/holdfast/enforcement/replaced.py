"""Whether Holdfast has been replaced on disk under a process that runs for long: what that imports late, and what it
sends to hosts, would be of another version than what it has in memory."""
from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import holdfast
import holdfast_host
from holdfast import library

SETTLED_S = 5.0  # nothing has moved for so long: whoever installs it has come to an end


class Installation:
    """The files that this process began with."""

    def __init__(self) -> None:
        self._began = self._seen = frozenset(_files())
        self._since = time.monotonic()

    def is_replaced(self) -> bool:
        """Do they differ by now? A look takes some milliseconds."""
        now = frozenset(_files())
        if now != self._seen:
            self._seen, self._since = now, time.monotonic()
        return now != self._began

    def is_settled(self) -> bool:
        """Have they been the same for a while?"""
        return time.monotonic() - self._since >= SETTLED_S


def _files() -> Iterator[tuple[str, int, int]]:
    roots = (Path(holdfast.__file__).parent, Path(holdfast_host.__file__).parent, library.root() / "modules",
             library.root() / "playbooks")
    for root in roots:
        for folder, below, names in os.walk(root):
            below[:] = [name for name in below if name != "__pycache__"]
            for name in names:
                try:
                    found = os.stat(os.path.join(folder, name))
                except FileNotFoundError:
                    continue  # it is being replaced
                yield os.path.join(folder, name), found.st_mtime_ns, found.st_ino
