"""The user's own witnesses: testinfra over its own SSH connection."""
from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from holdfast.problems import Place, Problem

LIMIT_S = 1800.0
NEEDED = {"pytest": "pytest", "testinfra": "pytest-testinfra"}


def missing(where: Place) -> list[Problem]:
    """What has to be installed before witnesses can look."""
    lacking = [package for module, package in NEEDED.items() if importlib.util.find_spec(module) is None]
    if not lacking:
        return []
    return [Problem(f"witnesses need {', '.join(lacking)}", where, "pip install pytest pytest-testinfra")]


def witnessed(files: Sequence[str], hosts: Sequence[str], ssh_config: Path) -> tuple[bool, list[str]]:
    """Whether a witness failed, and what they said: all of it then, else the last line."""
    targets = ",".join(f"ssh://{host}" for host in hosts)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(Path(files[0]).parent),
               "-c", "/dev/null", f"--hosts={targets}", f"--ssh-config={ssh_config}", *files]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False, errors="replace")
    except subprocess.TimeoutExpired:
        return True, [f"the witnesses took longer than {LIMIT_S:g} s"]
    lines = [line for line in (ended.stdout + ended.stderr).splitlines() if line.strip()]
    return ended.returncode != 0, lines if ended.returncode else lines[-1:]
