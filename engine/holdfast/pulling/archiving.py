"""A signed project as one archive."""
from __future__ import annotations

import tarfile
from pathlib import Path

from holdfast.problems import Place, Problem, Problems
from holdfast.pulling.manifest import NAME, SIGNATURE, Manifest


def write(folder: Path, signed: Manifest, path: Path) -> None:
    """Only what was signed is in it; equal projects give equal archives but for times. Raises Problems."""
    new = path.with_name(path.name + ".new")
    try:
        with tarfile.open(new, "w:gz") as archive:
            for name in [NAME, SIGNATURE, *sorted(signed.files)]:
                archive.add(folder / name, name, recursive=False, filter=_anonymous)
        new.replace(path)
    except OSError as error:
        raise Problems([Problem(f"cannot be written: {error.strerror}", Place(str(path)),
                                "name a file in a folder that exists")]) from None


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return member
