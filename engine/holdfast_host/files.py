"""Files of a host: looking at them, and the one way to write them.

A plan looks at later resources as if the earlier ones had been carried out: `plan_ahead` lays what a planned change
would leave over what is really there, and everything here that looks, looks through that.
"""
from __future__ import annotations

import errno
import hashlib
import os
import stat
from typing import Any, Dict, Mapping, Optional, Tuple

from .errors import Failed, Stale
from .record import Record

FILE, DIRECTORY, LINK, OTHER = "file", "directory", "link", "other"


class FileState(Record):
    """What stands at a path. Never follows a link in the last part.

    mode: four octal digits; owner, group: names, or numbers as text where no name is known; target: of a link;
    size: bytes; data: the content, only when it is planned, not read.
    """

    kind: str
    mode: str = "0644"
    owner: str = "root"
    group: str = "root"
    target: str = ""
    size: int = 0
    data: Optional[bytes] = None


_planned: Dict[str, Optional[FileState]] = {}
_names: Dict[Tuple[str, int], str] = {}


def plan_ahead(files: Mapping[str, Optional[FileState]]) -> None:
    """From here on look as if these paths were so."""
    _planned.update(files)


def forget() -> None:
    """Drops remembered names of users and groups, after something may have changed them."""
    _names.clear()


def look(path: str) -> Optional[FileState]:
    """What is at the path; None: nothing. Raises Failed when the host does not let us look."""
    if _planned:
        known, found = _look_ahead(path)
        if known:
            return found
    try:
        st = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Failed("cannot look at %s: %s" % (path, error.strerror)) from None
    kind = FILE if stat.S_ISREG(st.st_mode) else DIRECTORY if stat.S_ISDIR(st.st_mode) else \
        LINK if stat.S_ISLNK(st.st_mode) else OTHER
    return FileState(kind, "%04o" % stat.S_IMODE(st.st_mode), owner_name(st.st_uid), group_name(st.st_gid),
                     os.readlink(path) if kind == LINK else "", st.st_size)


def _look_ahead(path: str) -> Tuple[bool, Optional[FileState]]:
    if path in _planned:
        return True, _planned[path]
    parent = os.path.dirname(path)
    while parent != "/" and parent:
        if parent in _planned and _planned[parent] is None:
            return True, None  # its directory will be gone
        parent = os.path.dirname(parent)
    return False, None


def read(path: str, limit: int = 64 * 1024 * 1024) -> Optional[bytes]:
    """The content of a file, links followed; None: there is none. Raises Failed above `limit` bytes or when denied."""
    if path in _planned or _planned:
        known, found = _look_ahead(path)
        if known:
            if found is None:
                return None
            if found.data is not None:
                return found.data
            if found.kind == LINK:
                return read(os.path.join(os.path.dirname(path), found.target), limit)
    try:
        with open(path, "rb") as stream:
            data = stream.read(limit + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Failed("cannot read %s: %s" % (path, error.strerror)) from None
    if len(data) > limit:
        raise Failed("%s is larger than %d bytes" % (path, limit))
    return data


def sha256(path: str) -> Optional[str]:
    """SHA-256 of a file's content in lower-case hex; None: there is no file. Raises Failed when it cannot be read."""
    if _planned:
        known, found = _look_ahead(path)
        if known:
            return None if found is None or found.data is None else hashlib.sha256(found.data).hexdigest()
    digest = hashlib.sha256()
    try:
        with open(path, "rb", buffering=0) as stream:
            for block in iter(lambda: stream.read(1 << 20), b""):
                digest.update(block)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise Failed("cannot read %s: %s" % (path, error.strerror)) from None
    return digest.hexdigest()


def replace(path: str, data: bytes, expected: Optional[bytes], *, mode: Optional[str] = None,
            owner: Optional[str] = None, group: Optional[str] = None) -> None:
    """Writes a file whole or not at all.

    A link is followed. What is not given (mode, owner, group, extended attributes with the SELinux context) stays as
    it was; a new file is 0644 and the runner's user's. `expected` is the content that the change was planned on (None:
    no file): if it is another by now, Stale is raised and nothing is written. Raises Failed with the host's reason.
    """
    path = os.path.realpath(path)
    swap(path, data, lambda: read(path) == expected, mode=mode, owner=owner, group=group)


def swap(path: str, data: bytes, is_as_planned: Any, *, mode: Optional[str] = None, owner: Optional[str] = None,
         group: Optional[str] = None) -> None:
    """`replace` for callers that know the planned state otherwise than by its whole content."""
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, ".%s.holdfast-%d" % (name[:200], os.getpid()))
    try:
        before = _lstat(path)
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            _write_all(fd, data)
            _dress(fd, path, before, mode, owner, group)
            os.fsync(fd)
        finally:
            os.close(fd)
        if not is_as_planned():
            raise Stale("%s was changed by someone else meanwhile" % path)
        os.rename(temporary, path)
        sync_folder(folder)
    except OSError as error:
        raise Failed("cannot write %s: %s" % (path, _reason(error))) from None
    finally:
        try:
            os.unlink(temporary)
        except OSError:
            pass  # renamed, or never made


def sync_folder(folder: str) -> None:
    """Makes names in a folder durable."""
    fd = os.open(folder or "/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _lstat(path: str) -> Optional[os.stat_result]:
    try:
        return os.lstat(path)
    except FileNotFoundError:
        return None


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view):]


def _dress(fd: int, path: str, before: Optional[os.stat_result], mode: Optional[str], owner: Optional[str],
           group: Optional[str]) -> None:
    """Owner first, as changing it clears setuid; then extended attributes; then the mode."""
    uid = user_id(owner) if owner is not None else before.st_uid if before else -1
    gid = group_id(group) if group is not None else before.st_gid if before else -1
    if (uid, gid) != (-1, -1):
        os.fchown(fd, uid, gid)
    if before is not None:
        for attribute in _attributes(path):
            try:
                os.setxattr(fd, attribute, os.getxattr(path, attribute))
            except OSError as error:
                if error.errno not in (errno.ENOTSUP, errno.EPERM, errno.ENODATA):
                    raise
    os.fchmod(fd, int(mode, 8) if mode is not None else stat.S_IMODE(before.st_mode) if before else 0o644)


def _attributes(path: str) -> Tuple[str, ...]:
    try:
        return tuple(os.listxattr(path))
    except OSError:
        return ()


def _reason(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return "no space left on the device"
    if error.errno == errno.EROFS:
        return "the file system is read-only"
    return error.strerror or str(error)


# -- names of users and groups -------------------------------------------------------------------------------------


def owner_name(uid: int) -> str:
    """A user's name, or the number as text."""
    if ("u", uid) not in _names:
        import pwd
        try:
            _names["u", uid] = pwd.getpwuid(uid).pw_name
        except KeyError:
            _names["u", uid] = str(uid)
    return _names["u", uid]


def group_name(gid: int) -> str:
    """A group's name, or the number as text."""
    if ("g", gid) not in _names:
        import grp
        try:
            _names["g", gid] = grp.getgrgid(gid).gr_name
        except KeyError:
            _names["g", gid] = str(gid)
    return _names["g", gid]


def user_id(name: str) -> int:
    """A user's number from its name or digits. Raises Failed when there is no such user."""
    import pwd
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        if name.isdigit():
            return int(name)
        raise Failed("there is no user %s on this host" % name) from None


def group_id(name: str) -> int:
    """A group's number from its name or digits. Raises Failed when there is no such group."""
    import grp
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        if name.isdigit():
            return int(name)
        raise Failed("there is no group %s on this host" % name) from None
