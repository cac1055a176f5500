"""The folder `.holdfast` of a project, where Holdfast keeps what is its own."""
from __future__ import annotations

from pathlib import Path

NAME = ".holdfast"


def make(folder: Path) -> None:
    """Makes a folder in which something is to be kept, with those above it. One named .holdfast is for its owner alone,
    and git ignores it. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if folder.name == NAME and not ignore.exists():
        folder.chmod(0o700)
        ignore.write_text("*\n", "ascii")
