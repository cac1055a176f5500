"""What the compiler needs of the world, given to it: files, environment variables, programs that print secrets."""
from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

MOST = 64 * 1024 * 1024  # bytes of a file that goes to hosts
PATIENCE_S = 30.0  # for a program that prints a secret; it may ask a service far away


class Sources(Protocol):
    """All input that is not in documents and inventory."""

    def is_file(self, path: Path) -> bool: ...

    def read(self, path: Path) -> bytes:
        """Raises OSError."""
        ...

    def names(self, folder: Path) -> Sequence[str] | None:
        """What is in a folder; None: it is none."""
        ...

    def environment(self, name: str) -> str | None: ...

    def output(self, command: str) -> str:
        """What a shell command prints. Raises OSError with the reason, without what it printed."""
        ...


class Disk:
    """The real ones."""

    def is_file(self, path: Path) -> bool:
        return path.is_file()

    def read(self, path: Path) -> bytes:
        if path.stat().st_size > MOST:
            raise OSError(0, f"it is larger than {MOST // 2**20} MiB")
        return path.read_bytes()

    def names(self, folder: Path) -> Sequence[str] | None:
        try:
            return sorted(os.listdir(folder))
        except OSError:
            return None

    def environment(self, name: str) -> str | None:
        return os.environ.get(name)

    def output(self, command: str) -> str:
        try:
            done = subprocess.run(["/bin/sh", "-c", command], stdin=subprocess.DEVNULL, capture_output=True,
                                  timeout=PATIENCE_S, check=False)
        except subprocess.TimeoutExpired:
            raise OSError(0, f"it took longer than {PATIENCE_S:g} s") from None
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise OSError(0, f"it ended with {done.returncode}" + (f": {said[-1]}" if said else ""))
        return done.stdout.decode("utf-8", "surrogateescape")
