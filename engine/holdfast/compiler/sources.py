"""What the compiler needs of the world, given to it: files, environment variables, programs that print secrets."""
from __future__ import annotations

import os
import stat
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from holdfast import answers

MOST = 64 * 1024 * 1024  # bytes of a file that goes to hosts
MOST_PRINTED = 16 * 1024 * 1024  # bytes that a program prints
PAUSE_S = 0.02  # between two looks into a pipe
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
        known = path.stat()
        if stat.S_ISFIFO(known.st_mode):
            return _piped(path)
        data = b""
        if known.st_size <= MOST:
            with path.open("rb") as file:
                data = file.read(MOST + 1)  # a device says that it has no size, and may have no end
        if max(known.st_size, len(data)) > MOST:
            raise OSError(0, f"it is larger than {MOST // 2**20} MiB")
        return data

    def names(self, folder: Path) -> Sequence[str] | None:
        try:
            return sorted(os.listdir(folder))
        except OSError:
            return None

    def environment(self, name: str) -> str | None:
        return os.environ.get(name)

    def output(self, command: str) -> str:
        process = subprocess.Popen(  # a session of its own, so that all of it can be ended
            ["/bin/sh", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True)
        out, err, until = process.stdout, process.stderr, time.monotonic() + PATIENCE_S
        assert out is not None
        assert err is not None
        ended = False
        try:
            (printed, told), in_time = answers.read([out.fileno(), err.fileno()], until, MOST_PRINTED)
            if in_time and max(len(printed), len(told)) <= MOST_PRINTED:
                process.wait(max(0.0, until - time.monotonic()))
                ended = True
        except subprocess.TimeoutExpired:
            in_time = False
        finally:
            if not ended:  # else what it has left running, as an agent for keys, is its own
                answers.end(process)
            out.close()
            err.close()
        if not in_time:
            raise OSError(0, f"it took longer than {PATIENCE_S:g} s")
        if max(len(printed), len(told)) > MOST_PRINTED:
            raise OSError(0, f"it printed more than {MOST_PRINTED // 2**20} MiB")
        if process.returncode != 0:
            said = told.decode("utf-8", "replace").strip().splitlines()
            raise OSError(0, f"it ended with {process.returncode}" + (f": {said[-1]}" if said else ""))
        return printed.decode("utf-8", "surrogateescape")


def _piped(path: Path) -> bytes:
    """What somebody writes into a pipe. Raises OSError when that does not come, or does not end."""
    pipe, until, data = os.open(path, os.O_RDONLY | os.O_NONBLOCK), time.monotonic() + PATIENCE_S, b""
    try:
        while time.monotonic() < until and len(data) <= MOST_PRINTED:
            try:
                part = os.read(pipe, 2**16)
            except BlockingIOError:  # there is a writer, who has nothing to say yet
                time.sleep(PAUSE_S)
                continue
            if not part and data:
                return data
            data += part
            if not part:
                time.sleep(PAUSE_S)
    finally:
        os.close(pipe)
    raise OSError(0, f"it is a pipe, and nobody has written a text to its end in {PATIENCE_S:g} s")
