"""What rpm knows of the packages of a host, and the order of its versions; for the managers that build on it."""
from __future__ import annotations

import os
import re
from typing import Dict, List, Sequence, Tuple

from . import files, process, versions
from .errors import Failed
from .packages import Installed
from .record import with_fields

_MARK = "holdfast"  # begins the lines that are an answer; others say that something is not installed
_FORMAT = _MARK + r" %{NAME} %{EPOCHNUM}:%{VERSION}-%{RELEASE} %{ARCH}\n"
_PARTS = re.compile(r"[0-9]+|[A-Za-z]+|~|\^")


def installed(names: Sequence[str]) -> Dict[str, Installed]:
    """Those of these names that are installed; of several versions the newest. A name without an architecture is the
    package for this machine, where there is one. Raises Failed."""
    asked = process.run(["rpm", "-q", "--qf", _FORMAT, "--", *sorted({name.partition(":")[0] for name in names})])
    troubles = [line for line in asked.stderr.splitlines() if line.startswith("error:")]
    if troubles:
        raise Failed("cannot ask rpm what is installed", "\n".join(troubles)[-4000:])
    rows = [line.split(" ")[1:] for line in asked.stdout.splitlines() if line.startswith(_MARK + " ")]
    found: Dict[str, Installed] = {}
    for name in names:
        bare, _, architecture = name.partition(":")
        mine = [(evr, arch) for named, evr, arch in rows if named == bare]
        mine = of_architecture(mine, architecture)
        if mine:
            newest, *rest = newest_first([plain(evr) for evr, _ in mine])
            found[name] = with_fields(Installed(newest), besides=tuple(rest))
    return found


def of_architecture(rows: Sequence[Tuple[str, str]], wanted: str) -> List[Tuple[str, str]]:
    """Those (version, architecture) that are for this one; without one, for this machine, or else all."""
    native = [row for row in rows if row[1] in ("noarch", wanted or os.uname().machine)]
    return native if native or wanted else list(rows)


def newest_first(found: Sequence[str]) -> List[str]:
    """Versions, each once."""
    import functools

    return sorted(set(found), key=functools.cmp_to_key(compare), reverse=True)


def plain(evr: str) -> str:
    """`1.2-3` for `0:1.2-3` and `(none):1.2-3`: an epoch is written where there is one."""
    epoch, colon, rest = evr.partition(":")
    return rest if colon and epoch in ("0", "(none)", "") else evr


def fits(version: str, wanted: str) -> bool:
    """Whether a version is this one, or fits this pattern or range, in which the release may be left out."""
    return versions.matches(version, plain(wanted), compare, releases=True)


def compare(one: str, other: str) -> int:
    """-1, 0 or 1, by rpm's rules: epoch, version, and the release if both have one."""
    (left_epoch, left, left_release), (right_epoch, right, right_release) = _evr(one), _evr(other)
    if left_epoch != right_epoch:
        return 1 if left_epoch > right_epoch else -1
    by_version = vercmp(left, right)
    return by_version if by_version or not (left_release and right_release) else vercmp(left_release, right_release)


def _evr(text: str) -> Tuple[int, str, str]:
    epoch, colon, rest = text.partition(":")
    if not (colon and epoch.isdecimal()):
        epoch, rest = "0", text
    version, _, release = rest.partition("-")
    return int(epoch), version, release


def vercmp(one: str, other: str) -> int:
    """-1, 0 or 1 for two versions or releases: number by number and word by word. `~` comes before the end, `^` after
    it and before all else."""
    left, right = ([*map(_rank, _PARTS.findall(text)), _END] for text in (one, other))
    return (left > right) - (left < right)


def _rank(part: str) -> Tuple[int, int, str]:
    """Before the end of a version, the end, after it; words, numbers."""
    if part in "~^":
        return (0 if part == "~" else 2), 0, ""
    return (4, int(part), "") if part.isdecimal() else (3, 0, part)


_END = (1, 0, "")


# -- configuration files ----------------------------------------------------------------------------------------------


def kept_configuration(names: Sequence[str]) -> List[str]:
    """Where rpm would keep the configuration files of these packages that were edited, and nothing stands now."""
    listed = process.run(["rpm", "-qc", "--", *(name.partition(":")[0] for name in names)]).stdout.splitlines()
    return [path + ".rpmsave" for path in listed if path.startswith("/") and files.look(path + ".rpmsave") is None]


def drop(paths: Sequence[str]) -> None:
    """Removes what rpm has kept there."""
    for path in paths:
        if os.path.lexists(path) and not os.path.isdir(path):
            os.unlink(path)
