"""What programs print: within a time limit, and no more than somebody can have meant."""
from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence


def read(pipes: Sequence[int], until: float, most: int) -> tuple[list[bytes], bool]:
    """All that comes out of each pipe, at most a little more than `most` bytes of one; and whether their ends came
    in time. A pipe ends when all who can write to it are gone: to read on without a look at the clock could last for
    ever."""
    parts: dict[int, list[bytes]] = {pipe: [] for pipe in pipes}
    size = dict.fromkeys(pipes, 0)
    with selectors.DefaultSelector() as ready:
        for pipe in pipes:
            ready.register(pipe, selectors.EVENT_READ)
        while ready.get_map() and max(size.values()) <= most:
            left = until - time.monotonic()
            found = ready.select(left) if left > 0 else []
            if not found:
                return [b""] * len(pipes), False
            for key, _ in found:
                part = os.read(key.fd, 2**16)
                if not part:
                    ready.unregister(key.fd)
                parts[key.fd].append(part)
                size[key.fd] += len(part)
    return [b"".join(parts[pipe]) for pipe in pipes], True


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends a program that leads a session of its own, and all that it has started in that."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
