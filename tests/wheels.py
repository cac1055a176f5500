"""Wheels of Holdfast and of all that it needs, for hosts of the lab: they install from a folder, without a network."""
from __future__ import annotations

import configparser
import hashlib
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from tests.lab import paths

ROOT = Path(__file__).parents[1]
PYTHON = "311"  # of the lab's hosts
LIBC = ("2_34", "2_28", "2_17")  # manylinux: what Debian 12 can load


def build(to: Path) -> Path:
    """The wheel of this checkout, as a clone would give it."""
    with_source = to / "source"
    shutil.copytree(ROOT, with_source, symlinks=True,
                    ignore=shutil.ignore_patterns(".*", "build", "dist", "tests", "*.egg-info", "__pycache__"))
    subprocess.run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(to), str(with_source)],
                   check=True, timeout=300)
    found, = to.glob("*.whl")
    return found


def needed() -> Path:
    """A folder with what Holdfast needs, and pip; fetched when that has changed."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    wanted = [*setup["options"]["install_requires"].split("\n"), "pip"]
    folder = paths.cache().parent / "wheels" / hashlib.sha256(f"{PYTHON} {wanted}".encode()).hexdigest()[:16]
    with paths.locked(folder.with_suffix(".lock")):
        if not folder.is_dir():
            fresh = folder.with_suffix(".new")
            shutil.rmtree(fresh, ignore_errors=True)
            tags = [f"manylinux_{libc}_{platform.machine()}" for libc in LIBC]
            subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--only-binary", ":all:", "--implementation",
                            "cp", "--python-version", PYTHON, *(word for abi in (f"cp{PYTHON}", "abi3", "none")
                                                               for word in ("--abi", abi)),
                            *(word for tag in tags for word in ("--platform", tag)), "-d", str(fresh),
                            *filter(None, wanted)], check=True, timeout=300)
            fresh.rename(folder)
    return folder
