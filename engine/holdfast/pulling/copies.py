"""Fetching an archive or a folder into a folder of our own. What comes in is looked at only after it is there, and
bounded."""
from __future__ import annotations

import hashlib
import shutil
import tarfile
import urllib.request
from pathlib import Path

from holdfast.problems import Problem, Problems
from holdfast.pulling import manifest
from holdfast.pulling.model import NotFetched, Source

PATIENCE_S = 60.0
PIECE = 1 << 20


def fetch(source: Source, to: Path) -> None:
    """A copy of the source. Raises NotFetched, Problems."""
    if source.kind == "archive":
        _unpack(_download(source, to.with_suffix(".tar.gz")), to)
    else:
        _copy(Path(source.address), to)


def _download(source: Source, to: Path) -> Path:
    try:
        with urllib.request.urlopen(source.address, timeout=PATIENCE_S) as answer, to.open("wb") as stream:  # noqa: S310  # https only
            size = 0
            while piece := answer.read(PIECE):
                size += len(piece)
                if size > manifest.MOST_BYTES:
                    raise Problems([Problem(f"{source.shown} is larger than {manifest.MOST_BYTES >> 20} MiB", None,
                                            "keep large contents elsewhere")])
                stream.write(piece)
    except (OSError, ValueError) as error:
        raise NotFetched(f"{source.shown}: {getattr(error, 'reason', error)}") from None
    return to


def _unpack(path: Path, to: Path) -> None:
    size = 0
    try:
        with tarfile.open(path, "r:gz") as archive:
            for count, member in enumerate(archive):
                size += member.size
                if count >= 2 * manifest.MOST_FILES or size > manifest.MOST_BYTES:
                    raise Problems([Problem("the archive holds too much", None, "keep large contents elsewhere")])
                if not (member.isreg() or member.isdir()):
                    raise Problems([Problem(f"`{member.name}` in the archive is no regular file", None,
                                            "make it with `holdfast sign --archive`")])
                archive.extract(member, to, filter="data")
    except (tarfile.TarError, EOFError, OSError) as error:
        raise Problems([Problem(f"what was fetched is no archive of a project: {error}", None,
                                "make it with `holdfast sign --archive`")]) from None


def _copy(folder: Path, to: Path) -> None:
    if not folder.is_dir():
        raise NotFetched(f"there is no folder {folder}")
    try:
        shutil.copytree(folder, to, symlinks=True, ignore=lambda top, names: [
            name for name in names if (Path(top) == folder and name in (".git", ".holdfast")) or name == "__pycache__"])
    except (OSError, shutil.Error) as error:
        raise NotFetched(f"{folder} cannot be copied: {error}") from None


def digest(made: manifest.Manifest) -> str:
    """Of a project's content, whatever its revision."""
    return hashlib.sha256(manifest.Manifest(0, made.files).to_bytes()).hexdigest()
