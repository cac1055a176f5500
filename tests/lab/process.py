"""Commands that the lab runs on this machine."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from .errors import CommandFailed


def run(
    *argv: str,
    timeout_s: float = 60.0,
    check: bool = True,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run one command without a shell and give back what it printed.

    `env` is added to the environment. Raises CommandFailed when it takes longer than `timeout_s` seconds, when there is
    no such program, or, with `check`, when it exits other than 0.
    """
    try:
        done = subprocess.run(
            argv,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            env=None if env is None else {**os.environ, **env},
            cwd=cwd,
            check=False,
            umask=0o022,
        )
    except subprocess.TimeoutExpired as late:
        raise CommandFailed(f"{shlex.join(argv)}: took more than {timeout_s:g} s") from late
    except OSError as error:
        raise CommandFailed(f"{shlex.join(argv)}: {error.strerror}") from error
    if check and done.returncode != 0:
        said = (done.stdout + done.stderr).strip()[-2000:]
        raise CommandFailed(f"{shlex.join(argv)}: exit {done.returncode}\n{said}")
    return done
