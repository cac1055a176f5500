"""Where the runner begins on a host: it takes stdin and stdout for itself before any type runs."""
from __future__ import annotations

import os
import signal
import sys

from .serve import Server


def main(folder: str) -> None:
    """Serves one conversation over what were stdin and stdout. folder: where this host's state is kept; made 0700."""
    for number in (signal.SIGHUP, signal.SIGPIPE, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # losing the controller must not end a change halfway
    os.umask(0o022)
    os.makedirs(folder, 0o700, exist_ok=True)
    reading, writing = os.dup(0), os.dup(1)  # not inherited by what we start
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(2, 1)  # whatever prints, prints to the error stream, never into the protocol
    os.close(null)
    os.chdir("/")
    Server(reading, writing, folder).serve()


if __name__ == "__main__":
    main(sys.argv[1])
