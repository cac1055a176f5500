"""A terminal of a test's own: what is typed goes in, what is seen comes out."""
from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

CTRL_C = b"\x03"
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
MOVE = re.compile(r"\x1b\[[0-9]*[AK]")  # up, or a line is emptied
PATIENCE_S = 60.0


class Terminal:
    """A program on a pseudo-terminal that is its controlling one, so that a typed Ctrl-C is a signal."""

    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str],
                 columns: int = 100) -> None:
        self._outer, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
        self.before = termios.tcgetattr(inner)
        self._inner, self.seen = inner, ""
        self._process = subprocess.Popen(["setsid", "--ctty", "--wait", *command], cwd=folder, env=dict(environment),
                                         stdin=inner, stdout=inner, stderr=inner)

    def press(self, keys: bytes) -> None:
        """Types."""
        os.write(self._outer, keys)

    def until(self, what: str) -> str:
        """Reads until this text has been seen; returns all that was seen."""
        return self._read(lambda: what in self.text)

    def end(self) -> int:
        """Reads to the program's end; returns its exit code."""
        self._read(lambda: self._process.poll() is not None)
        self._drain()
        self.after = termios.tcgetattr(self._inner)
        os.close(self._inner)
        os.close(self._outer)
        return self._process.returncode

    def hang_up(self) -> int:
        """The window is closed; returns the program's exit code."""
        os.close(self._inner)
        os.close(self._outer)
        return self._process.wait(PATIENCE_S)

    @property
    def text(self) -> str:
        """What was printed, without escape codes; what was drawn over is still in it."""
        return ESCAPE.sub("", self.seen).replace("\r", "")

    @property
    def lines(self) -> list[str]:
        """All lines that were ever drawn."""
        return ESCAPE.sub("", MOVE.sub("\n", self.seen)).replace("\r", "").splitlines()

    def _read(self, is_enough: Callable[[], bool]) -> str:
        last = time.monotonic() + PATIENCE_S
        while not is_enough():
            if time.monotonic() > last:
                self._process.kill()
                raise AssertionError(f"this is all that was seen:\n{self.seen}")
            self._drain(0.05)
        return self.seen

    def _drain(self, wait_s: float = 0.0) -> None:
        while select.select([self._outer], [], [], wait_s)[0]:
            self.seen += os.read(self._outer, 65536).decode("utf-8", "replace")
