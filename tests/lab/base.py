"""The base image: one debootstrapped Debian and its repository, built once and kept under the hash of its recipe."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from . import mirror, mounts, paths, recipe, repository
from .errors import CommandFailed, LabUnavailable
from .process import run

_SPACES = ("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child=SIGKILL")
ALONE = ("setpriv", "--pdeathsig", "KILL", *_SPACES)
"""How a step of the build is run: all it mounts and starts ends with it, and it ends with this process."""

KEPT = 3
"""How many images stay in the cache, so that going to and fro between branches does not build each time."""

log = logging.getLogger("holdfast.lab")


@dataclass(frozen=True)
class Base:
    """A finished image. Nothing below it is ever written again: hosts lie as overlays on it."""

    digest: str
    folder: Path

    @property
    def root(self) -> Path:
        """The root file system."""
        return self.folder / "root"

    @property
    def repository(self) -> Path:
        """The flat apt repository."""
        return self.folder / "apt"


def current() -> Base:
    """The image of the current recipe, built or not."""
    digest = recipe.digest(run("dpkg", "--print-architecture").stdout.strip())
    return Base(digest, paths.cache() / digest)


def ready() -> Base:
    """The image of the current recipe; built first where it is not in the cache (one to two minutes).

    Raises LabUnavailable when it cannot be built, for one because no mirror can be reached. Waits when another process
    is building it.
    """
    cache, base = paths.cache(), current()
    with paths.locked(cache / "lock"):
        if not base.folder.exists():
            _build(base, cache)
            _prune(cache, keep=base)
        os.utime(base.folder)
    return base


def _build(base: Base, cache: Path) -> None:
    began = time.monotonic()
    source = mirror.find()
    log.info("building the base image %s from %s: this takes a minute or two, once", base.digest, source)
    for leftover in cache.glob("building-*"):
        _remove(leftover)
    scratch = Path(tempfile.mkdtemp(prefix="building-", dir=cache))
    scratch.chmod(0o755)
    root, apt = scratch / "root", scratch / "apt"
    try:
        _debootstrap(root, source)
        repository.build(apt, root, source, recipe.SUITE, recipe.REPOSITORY_PACKAGES)
        for name, content in recipe.FILES.items():
            file = root / name.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.unlink(missing_ok=True)
            file.write_text(content)
            file.chmod(0o644)
        (root / recipe.ROOT_SHARE.lstrip("/")).mkdir(parents=True)
        _inside(root, apt, recipe.SCRIPT)
        scratch.rename(base.folder)
    except CommandFailed as error:
        _remove(scratch)
        raise LabUnavailable(f"the base image could not be built: {error}") from error
    except BaseException:
        _remove(scratch)
        raise
    log.info("the base image is built; it took %.0f s", time.monotonic() - began)


def _debootstrap(root: Path, source: str) -> None:
    packages = ",".join(recipe.BASE_PACKAGES)
    command = (*ALONE, "debootstrap", "--variant=minbase", f"--include={packages}", recipe.SUITE, str(root), source)
    try:
        run(*command, timeout_s=1200, env=mirror.proxy_environment())
    except CommandFailed as error:
        journal = root / "debootstrap" / "debootstrap.log"
        tail = journal.read_text(errors="replace")[-2000:] if journal.exists() else ""
        raise CommandFailed(f"{error}\n{tail}") from error


def _inside(root: Path, apt: Path, script: str) -> None:
    """Run a script inside the image, with /proc and the repository; the mounts end with it."""
    share = recipe.ROOT_SHARE
    around = (
        'set -eu; mount --bind "$2" "$1$3"; mount -t proc proc "$1/proc"; '
        'exec chroot "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 sh -c "$4"'
    )
    run(*ALONE, "--net", "sh", "-c", around, "sh", str(root), str(apt), share, script, timeout_s=300)


def _prune(cache: Path, keep: Base) -> None:
    """Remove the images that were not used lately, except those that a running lab stands on."""
    images = [path for path in cache.iterdir() if (path / "root").is_dir() and path != keep.folder]
    images.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in images[KEPT - 1 :]:
        if not mounts.is_used(path):
            log.info("removing the old base image %s", path.name)
            _remove(path)


def _remove(folder: Path) -> None:
    """Delete a folder of the cache, but nothing through what a killed build may have left mounted in it."""
    mounts.unmount_below(folder)
    shutil.rmtree(folder)
