"""The Python interpreters on this machine that a managed host might have."""
from __future__ import annotations

import shutil
import subprocess
from pathlib import Path


def installed() -> list[str]:
    """Paths of all interpreters from 3.8 to 3.13 that start, one a version."""
    found: dict[str, str] = {}
    for minor in range(8, 14):
        versions = sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python3"))
        for path in [*map(str, versions), shutil.which(f"python3.{minor}")]:  # pyenv's own last: it takes its time
            if path and f"3.{minor}" not in found and _starts(path):
                found[f"3.{minor}"] = path
    return list(found.values())


def _starts(path: str) -> bool:
    return subprocess.run([path, "-I", "-S", "-c", "pass"], capture_output=True, check=False).returncode == 0
