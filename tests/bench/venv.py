"""A virtual environment of its own for each peer, kept between benchmarks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.bench.tool import CannotMeasure

INSTALL_TIMEOUT_S = 900


def cache() -> Path:
    """The folder of all environments; safe to delete."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "holdfast" / "bench"


def ready(name: str, requirements: tuple[str, ...]) -> Path:
    """The environment `name` with the requirements (exact versions) in it; made if it is not there yet.

    Raises CannotMeasure with pip's last lines.
    """
    folder = cache() / name
    mark = folder / ".ready"
    if mark.exists() and mark.read_text() == "\n".join(requirements):
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    _do(name, sys.executable, "-m", "venv", str(folder))
    _do(name, str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", *requirements)
    mark.write_text("\n".join(requirements))
    return folder


def _do(name: str, *argv: str) -> None:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as late:
        raise CannotMeasure(f"{name}: not installed in {INSTALL_TIMEOUT_S} s") from late
    if done.returncode != 0:
        last = " / ".join((done.stderr or done.stdout).strip().splitlines()[-3:])
        raise CannotMeasure(f"{name}: could not be installed: {last}")
