"""What planned changes would leave at paths, laid over what is really there.

A plan looks at later resources as if the earlier ones had been carried out. Paths are kept with the links in their
directories resolved, planned links included, so that a file is found by whichever way one comes to it.
"""
from __future__ import annotations

import os
from typing import Any, Dict, Iterator, List, Mapping, Optional, Set, Tuple

from .errors import Failed
from .record import Record

FILE, DIRECTORY, LINK, OTHER = "file", "directory", "link", "other"
UNKNOWN = -1
MAX_LINKS = 40  # as Linux: more links than this in one path are a loop


class FileState(Record):
    """What stands at a path. Never follows a link in the last part.

    mode: four octal digits; owner, group: names, or numbers as text where no name is known; target: of a link;
    size: of a file, in bytes, UNKNOWN when it is planned and its content is not known before; data: the content, only
    when it is planned, not read.
    """

    kind: str
    mode: str = "0644"
    owner: str = "root"
    group: str = "root"
    target: str = ""
    size: int = 0
    data: Optional[bytes] = None


_planned: Dict[str, Optional[FileState]] = {}
_emptied: Set[str] = set()  # nothing that really lies below these is to be seen any more
_folders: Dict[str, str] = {}
_later: Dict[Tuple[str, str], Any] = {}


def plan_ahead(files: Mapping[str, Optional[FileState]], others: Mapping[Tuple[str, str], Any] = {}) -> None:
    """From here on look as if these paths were so (None: nothing there), and these other things: see `later`."""
    _later.update(others)
    for name, state in files.items():
        path = resolve(name, False)
        if state is None or state.kind != DIRECTORY:
            below = path + "/"
            for old in [p for p in _planned if p.startswith(below)]:
                del _planned[old]
            _emptied.difference_update([p for p in _emptied if p.startswith(below)])
            _emptied.add(path)
        elif path not in _planned and (os.path.islink(path) or not os.path.isdir(path)):
            _emptied.add(path)
        _planned[path] = state
        _folders.clear()


def is_planning() -> bool:
    """Whether anything is planned."""
    return bool(_planned)


def later(identity: Tuple[str, str]) -> Any:
    """What a plan will have made of something that is no file: of ("unit", name), the fields of `systemd.Unit` that
    will be others. None: nothing is planned for it."""
    return _later.get(identity)


def look_away() -> None:
    """Forgets everything that is planned: look at what is."""
    _later.clear()
    _planned.clear()
    _emptied.clear()
    _folders.clear()


def find(path: str) -> Tuple[bool, Optional[FileState], str]:
    """(whether this is known from a plan, what would stand there, where to look for it otherwise)."""
    if not _planned:
        return False, None, path
    path = resolve(path, False)
    if path in _planned:
        return True, _planned[path], path
    return any(parent in _emptied for parent in parents(path)), None, path


def names_below(folder: str) -> Tuple[bool, Dict[str, bool]]:
    """(whether what is really in this folder counts, planned names in it and whether they will be there)."""
    if not _planned:
        return True, {}
    folder = resolve(folder, True)
    real = folder not in _emptied and not any(parent in _emptied for parent in parents(folder))
    return real, {os.path.basename(path): state is not None for path, state in _planned.items()
                  if os.path.dirname(path) == folder}


def resolve(path: str, follow_last: bool) -> str:
    """The path without links in it, planned links included; those of the last part only if asked.

    What does not exist stays as it is written. Raises Failed when links go round in a circle.
    """
    folder, name = os.path.split(path)
    if not follow_last:
        if folder not in _folders:
            _folders[folder] = resolve(folder, True)
        return os.path.join(_folders[folder], name)
    rest: List[str] = path.split("/")[::-1]
    done, links = "/", 0
    while rest:
        part = rest.pop()
        if part in ("", "."):
            continue
        if part == "..":
            done = os.path.dirname(done)
            continue
        here = os.path.join(done, part)
        target = _link_target(here)
        if target is None:
            done = here
            continue
        links += 1
        if links > MAX_LINKS:
            raise Failed("links in %s go round in a circle" % path)
        rest.extend(target.split("/")[::-1])
        if target.startswith("/"):
            done = "/"
    return done


def _link_target(path: str) -> Optional[str]:
    if _planned:
        if path in _planned:
            state = _planned[path]
            return state.target if state is not None and state.kind == LINK else None
        if any(parent in _emptied for parent in parents(path)):
            return None
    try:
        return os.readlink(path)
    except OSError:
        return None


def parents(path: str) -> Iterator[str]:
    """The directories above a path, nearest first, without the root."""
    parent = os.path.dirname(path)
    while parent not in ("/", ""):
        yield parent
        parent = os.path.dirname(parent)
