"""Changes that are taken back unless the controller confirms that it can still reach this host.

The runner that has changed something waits, holding the host's lock; a second one, reached over a new connection,
leaves the confirmation in the state folder. A runner that hears nothing in time converges to what was before, by
itself.
"""
from __future__ import annotations

import contextlib
import os
import time
from typing import Any, Mapping, Sequence

from . import files, lock
from .graph import Event
from .journal import Journal

TAKEN_BACK, PARTLY = "taken_back", "partly_taken_back"  # how a run ends that nobody confirmed
HEARD_S = 5.0  # how long the one that waits may take to hear of it
CONFIRMED = ".confirmed"
LOOK_S = 0.2  # how often the confirmation is looked for


def _path(folder: str, run: str) -> str:
    return os.path.join(folder, "confirm-" + run)


def await_confirmation(folder: str, run: str) -> None:
    """From here on a confirmation can be left."""
    files.swap(_path(folder, run), b"waiting\n", lambda: True, mode="0600")


def confirm(folder: str, run: str) -> bool:
    """Leaves the confirmation; False: nobody waits for it, any more or at all."""
    path = _path(folder, run)
    try:
        os.rename(path, path + CONFIRMED)
    except FileNotFoundError:
        return False
    until = time.monotonic() + HEARD_S
    while lock.holder(folder) is not None and time.monotonic() < until:
        time.sleep(LOOK_S / 4)  # so that the host is free when the controller has its answer
    return True


def is_confirmed(folder: str, run: str, seconds: float) -> bool:
    """Waits so long for the confirmation; afterwards none can be left. Who renames or removes the file first has
    decided: both sides know the same."""
    path, until = _path(folder, run), time.monotonic() + seconds
    while time.monotonic() < until and os.path.exists(path):
        time.sleep(LOOK_S)
    try:
        os.unlink(path)
    except FileNotFoundError:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path + CONFIRMED)
        return True
    return False


def clear(folder: str, run: str) -> None:
    """What a runner has left that was killed while it waited. One that lives clears up itself."""
    if lock.holder(folder) is None:
        for path in (_path(folder, run), _path(folder, run) + CONFIRMED):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)


class Unwritten(Journal):
    """Of the way back. It is no run that anybody asks for: the journal of the run itself tells of it."""

    def before(self, nodes: Sequence[int], memories: Mapping[int, Mapping[str, Any]] = {}) -> None:
        """Not written down."""

    def after(self, event: Event) -> None:
        """Not written down."""
