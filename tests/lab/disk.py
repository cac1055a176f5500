"""The disk of a host: an overlay in memory over the base, which can be thrown away, or made full."""

from __future__ import annotations

import os
from pathlib import Path

from .base import Base
from .mounts import unmount_below
from .process import run
from .recipe import ROOT_SHARE


class Disk:
    """What lies under `folder`: `upper` and `work` on a tmpfs of at most `size_mib`, and the whole root in `root`."""

    def __init__(self, folder: Path, size_mib: int) -> None:
        self.folder = folder
        self.size_mib = size_mib

    @property
    def root(self) -> Path:
        """The host's root file system, as this machine sees it."""
        return self.folder / "root"

    @property
    def memory(self) -> Path:
        """Where the tmpfs is mounted that holds all that the host has written."""
        return self.folder / "memory"

    def mount(self, base: Base) -> None:
        """Make an empty overlay: the host is as the base is."""
        for path in (self.root, self.memory):
            path.mkdir(parents=True, exist_ok=True)
        run("mount", "-t", "tmpfs", "-o", f"size={self.size_mib}m,mode=755", "holdfast-lab", str(self.memory))
        upper, work = self.memory / "upper", self.memory / "work"
        upper.mkdir(mode=0o755)
        work.mkdir()
        layers = f"lowerdir={base.root},upperdir={upper},workdir={work}"
        run("mount", "-t", "overlay", "-o", layers, "holdfast-lab", str(self.root))

    def drop(self) -> None:
        """Take the overlay away, and with it all that the host has written. The host must be off."""
        unmount_below(self.folder)

    def is_mounted(self) -> bool:
        """Whether there is a root to boot from."""
        return self.root.is_mount()

    def squeeze(self) -> None:
        """Leave no room: the next byte that the host writes to its root is refused with ENOSPC."""
        room = os.statvfs(self.memory)
        used_kib = (room.f_blocks - room.f_bfree) * room.f_frsize // 1024
        self._resize(f"{max(used_kib, 4)}k")

    def widen(self) -> None:
        """Give the room back, where it was taken."""
        room = os.statvfs(self.memory)
        if room.f_blocks * room.f_frsize < self.size_mib * 2**20:
            self._resize(f"{self.size_mib}m")

    def _resize(self, size: str) -> None:
        run("mount", "-o", f"remount,size={size}", str(self.memory))


def share_option(base: Base) -> str:
    """The option of systemd-nspawn that shows a host the repository, read-only."""
    return f"--bind-ro={base.repository}:{ROOT_SHARE}"
