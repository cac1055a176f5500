"""Looking at files: what stands at a path, and what is in it, with what is planned laid over it."""
from __future__ import annotations

import hashlib
import os
import stat
from typing import List, Optional, Tuple

from . import ahead
from .ahead import DIRECTORY, FILE, LINK, OTHER, FileState
from .errors import Failed, Refused
from .names import group_name, owner_name

LIMIT = 64 * 1024 * 1024  # bytes that `read` takes into memory unless told otherwise
_BLOCK = 1 << 20
_KINDS = {stat.S_IFREG: FILE, stat.S_IFDIR: DIRECTORY, stat.S_IFLNK: LINK}
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK  # a FIFO at the path must not make us wait


def look(path: str) -> Optional[FileState]:
    """What is at the path; None: nothing. Raises Failed when the host does not let us look."""
    known, planned, path = ahead.find(path)
    if known:
        return planned
    try:
        return state_of(os.lstat(path), path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Failed("cannot look at %s: %s" % (path, error.strerror)) from None


def state_of(st: os.stat_result, path: str) -> FileState:
    """The state that a result of lstat describes; the path is asked only for the target of a link."""
    kind = _KINDS.get(stat.S_IFMT(st.st_mode), OTHER)
    return FileState(kind, "%04o" % (st.st_mode & 0o7777), owner_name(st.st_uid), group_name(st.st_gid),
                     os.readlink(path) if kind == LINK else "", st.st_size if kind == FILE else 0, None)


def real(path: str) -> str:
    """The path with all links followed, planned ones included; what does not exist stays as it is written."""
    return ahead.resolve(path, True)


def fresh(path: str, kind: str) -> Optional[FileState]:
    """What a new file or directory at this path would be before anyone gives it an owner or a mode: the runner's
    user's, 0644 or 0755, of its directory's group where that is setgid. None: its directory does not exist."""
    folder = look(real(os.path.dirname(path) or "/"))
    if folder is None or folder.kind != DIRECTORY:
        return None
    inherits = int(folder.mode, 8) & stat.S_ISGID
    mode = 0o644 if kind == FILE else 0o755 | inherits
    return FileState(kind, "%04o" % mode, owner_name(os.geteuid()),
                     folder.group if inherits else group_name(os.getegid()))


def read(path: str, limit: int = LIMIT) -> Optional[bytes]:
    """The content of a file, links followed; None: there is none. Raises Failed above `limit` bytes or when denied."""
    state, path = _through_plan(path)
    if state is not None and (state.kind == "" or state.data is not None):
        return state.data
    try:
        fd = os.open(path, _READ)
        try:
            data = os.read(fd, min(limit, _BLOCK) + 1)
            if data:
                data = _rest(fd, data, limit)
        finally:
            os.close(fd)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Failed("cannot read %s: %s" % (path, error.strerror)) from None
    if len(data) > limit:
        raise Failed("%s is larger than %d bytes" % (path, limit))
    return data


def _rest(fd: int, data: bytes, limit: int) -> bytes:
    more = os.read(fd, _BLOCK)
    if not more:
        return data
    parts, size = [data], len(data)
    while more and size <= limit:
        parts.append(more)
        size += len(more)
        more = os.read(fd, _BLOCK)
    return b"".join(parts)


def sha256(path: str) -> Optional[str]:
    """SHA-256 of a file's content in lower-case hex; None: there is no file. Raises Failed when it cannot be read."""
    return digest(path, "sha256")


def digest(path: str, algorithm: str) -> Optional[str]:
    """The same by another algorithm of hashlib."""
    state, path = _through_plan(path)
    if state is not None and (state.kind == "" or state.data is not None):
        return None if state.data is None else hashlib.new(algorithm, state.data).hexdigest()
    made = hashlib.new(algorithm)
    try:
        fd = os.open(path, _READ)
        try:
            while True:
                data = os.read(fd, _BLOCK)
                if not data:
                    break
                made.update(data)
        finally:
            os.close(fd)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise Failed("cannot read %s: %s" % (path, error.strerror)) from None
    return made.hexdigest()


_NOTHING = FileState("")  # planned to be absent


def _through_plan(path: str) -> Tuple[Optional[FileState], str]:
    """(the planned state of what the path leads to, if any, and where that is). Kind "": nothing will be there."""
    if not ahead.is_planning():
        return None, path
    path = real(path)
    known, state, path = ahead.find(path)
    if known and state is not None and state.size == ahead.UNKNOWN:
        raise Refused("", "what will be in %s is not known yet" % path, "")
    return (state or _NOTHING) if known else None, path


def names_in(folder: str) -> List[str]:
    """The sorted names in a directory; [] when there is none. Raises Failed when it cannot be read."""
    counts, planned = ahead.names_below(folder)
    there = set()
    if counts:
        try:
            there = set(os.listdir(real(folder) if planned else folder))
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            raise Failed("cannot look into %s: %s" % (folder, error.strerror)) from None
    for name, stays in planned.items():
        (there.add if stays else there.discard)(name)
    return sorted(there)


def tree(folder: str) -> List[Tuple[str, FileState]]:
    """Everything below a directory, each directory before what is in it; links are not followed."""
    found: List[Tuple[str, FileState]] = []
    for name in names_in(folder):
        path = os.path.join(folder, name)
        state = look(path)
        if state is not None:  # else it went away while we looked
            found.append((path, state))
            if state.kind == DIRECTORY:
                found += tree(path)
    return found
