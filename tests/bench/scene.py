"""The hosts before and after a run, seen and set from outside, past network and sshd: no tool's word is taken for it.

A host is given by the folder that is its root file system.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from tests.bench import work

Marks = dict[str, tuple[int, int, int]]


def lay(root: Path, host: str) -> None:
    """Put all items in place."""
    for path in work.DIRECTORIES:
        _below(root, path).mkdir(exist_ok=True)
        _below(root, path).chmod(work.DIRECTORY_MODE)
    for number, path in enumerate(work.FILES, 1):
        _below(root, path).write_text(work.content(number, host))
        _below(root, path).chmod(work.FILE_MODE)
    _below(root, work.LINE_FILE).write_text("".join(f"{line}\n" for line in work.LINES))


def differing(root: Path, host: str) -> list[str]:
    """The items that are not as declared."""
    found = [path for path in work.DIRECTORIES if not _is_directory(_below(root, path))]
    found += [path for path, sha256 in work.sums(host).items() if not _is_file(_below(root, path), sha256)]
    try:
        lines = _below(root, work.LINE_FILE).read_text().splitlines()
    except OSError:
        lines = []
    return found + [line for line in work.LINES if lines.count(line) != 1]


def marks(root: Path) -> Marks:
    """Inode, time of last modification and of last change (ns) of everything that a run might touch.

    The package database is among it, and what is enabled. Two equal answers: nothing was written in between.
    """
    found: Marks = {}
    for path in _touchable(root):
        state = path.lstat()
        found[str(path.relative_to(root))] = (state.st_ino, state.st_mtime_ns, state.st_ctime_ns)
    return found


def _touchable(root: Path) -> Iterator[Path]:
    for path in (*work.DIRECTORIES, *work.FILES, work.LINE_FILE, "/var/lib/dpkg/status"):
        if os.path.lexists(_below(root, path)):
            yield _below(root, path)
    yield from sorted((root / "etc/systemd/system").rglob("*"))


def _below(root: Path, path: str) -> Path:
    return root / path.lstrip("/")


def _is_directory(path: Path) -> bool:
    if not path.is_dir() or path.is_symlink():
        return False
    state = path.stat()
    return (state.st_mode & 0o7777, state.st_uid, state.st_gid) == (work.DIRECTORY_MODE, 0, 0)


def _is_file(path: Path, sha256: str) -> bool:
    if not path.is_file() or path.is_symlink():
        return False
    state = path.stat()
    right = (state.st_mode & 0o7777, state.st_uid, state.st_gid) == (work.FILE_MODE, 0, 0)
    return right and hashlib.sha256(path.read_bytes()).hexdigest() == sha256
