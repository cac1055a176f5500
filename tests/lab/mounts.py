"""What is mounted on this machine, as far as a lab asks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import LabError
from .process import run


@dataclass(frozen=True)
class Mount:
    """One line of /proc/self/mounts."""

    target: Path
    kind: str
    options: tuple[str, ...]


def mounts() -> Iterator[Mount]:
    """Everything mounted, in the order in which it was."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, target, kind, options, *_ = (_plain(word) for word in line.split(" "))
        yield Mount(Path(target), kind, tuple(options.split(",")))


def below(folder: Path) -> list[Path]:
    """What is mounted at or below a folder."""
    return [mount.target for mount in mounts() if mount.target.is_relative_to(folder)]


def is_used(folder: Path) -> bool:
    """Whether a mounted overlay has a layer in this folder."""
    return any(str(folder) in option for mount in mounts() if mount.kind == "overlay" for option in mount.options)


def unmount_below(folder: Path) -> None:
    """Unmount everything at or below a folder, the last mounted first. Raises LabError when something stays."""
    for path in reversed(below(folder)):
        if run("umount", str(path), check=False).returncode != 0:
            run("umount", "--lazy", str(path), check=False)
    left = below(folder)
    if left:
        raise LabError(f"could not unmount {', '.join(map(str, left))}")


def _plain(word: str) -> str:
    """The kernel writes a space as `\\040`, and likewise tab, line end and backslash."""
    return re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), word)
