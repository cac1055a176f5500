"""A small process that takes a lab down when the process that owns it ends, however it ends."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from . import paths
from .errors import LabError, LabNotRunning
from .state import State

LOOK_EVERY_S = 0.5


def watch(lab: str) -> None:
    """Start the guardian of a lab whose state is saved; it ends with the lab."""
    with (paths.runtime() / lab / "guardian.log").open("ab") as journal:
        subprocess.run(
            ("setsid", "--fork", sys.executable, "-m", __name__, lab),
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=subprocess.DEVNULL,
            stdout=journal,
            stderr=journal,
            check=True,
            timeout=30,
        )


def keep(lab: str) -> None:
    """Wait until the lab is gone or another's, or its owner has ended; then take it down."""
    from .lab import tear_down

    folder = paths.runtime() / lab
    owner = State.load(folder).owner
    while owner is not None and owner.is_alive():
        try:
            if State.load(folder).owner != owner:
                return
        except LabNotRunning:
            return
        time.sleep(LOOK_EVERY_S)
    with paths.lab_lock(lab):
        try:
            if State.load(folder).owner == owner:
                tear_down(lab)
        except (LabNotRunning, LabError):
            return


if __name__ == "__main__":
    keep(sys.argv[1])
