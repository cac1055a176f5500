"""Writing files: all of a change comes to be at one moment, or none of it.

Everything is prepared under a temporary name in the same directory, made durable, and renamed. `is_as_planned` is
asked last of all; when it says no, Stale is raised and the host is as it was. A temporary that a killed run left is
cleared by the next run that finds the path in state, or writes it. What the host does not let us do is raised as
Failed, with its reason.
"""
from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager, suppress
from typing import Callable, Iterator, Optional, Tuple

from .ahead import LINK, FileState
from .errors import Failed, Stale
from .looking import state_of
from .names import group_id, user_id

IsAsPlanned = Callable[[], bool]
_UNSUPPORTED = (errno.ENOTSUP, errno.EPERM, errno.ENODATA)


def swap(path: str, data: bytes, is_as_planned: IsAsPlanned, *, mode: Optional[str] = None,
         owner: Optional[str] = None, group: Optional[str] = None, validate: Optional[Callable[[str], None]] = None,
         folder_owner: Optional[str] = None) -> None:
    """Writes a file whole or not at all; the last part of the path is not followed if it is a link.

    What is not given (mode as four octal digits, owner, group), and extended attributes with the SELinux context and
    ACLs, stay as they were; a new file is 0644 and the runner's user's. A second hard link to the file keeps the old
    content. validate: called with the temporary file's path, complete but not yet in effect; whatever it raises leaves
    the host as it was. folder_owner: the directory must be this user's or
    root's, and not be a link: for a directory that its owner can exchange while root writes to it.
    """
    with _beside(path, folder_owner) as (folder, name, temporary):
        before = _lstat(name, folder)
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600,
                     dir_fd=folder)
        try:
            write_all(fd, data)
            _dress(fd, path, before, mode, owner, group)
            os.fsync(fd)
        finally:
            os.close(fd)
        if validate is not None:
            validate(os.path.join(os.path.dirname(path), temporary))
        _must(is_as_planned, path)
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)


def place(made: str, path: str, is_as_planned: IsAsPlanned, *, mode: str, owner: str, group: str) -> None:
    """Puts a file that was made in the same directory in its place at a path, at one moment, as `swap` does."""
    with _beside(path) as (folder, name, _temporary):
        fd = os.open(os.path.basename(made), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        try:
            _dress(fd, path, _lstat(name, folder), mode, owner, group)
            os.fsync(fd)
        finally:
            os.close(fd)
        _must(is_as_planned, path)
        os.rename(os.path.basename(made), name, src_dir_fd=folder, dst_dir_fd=folder)


def make_directory(path: str, state: FileState, is_as_planned: IsAsPlanned) -> None:
    """Makes a directory that has its owner, group and mode from its first moment. A file or link that stands in its
    place is removed first."""
    with _beside(path) as (folder, name, temporary):
        os.mkdir(temporary, 0o700, dir_fd=folder)
        fd = os.open(temporary, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        try:
            os.fchown(fd, user_id(state.owner), group_id(state.group))
            os.fchmod(fd, int(state.mode, 8))
            os.fsync(fd)
        finally:
            os.close(fd)
        _must(is_as_planned, path)
        before = _lstat(name, folder)
        if before is not None and not stat.S_ISDIR(before.st_mode):
            os.unlink(name, dir_fd=folder)
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)


def make_link(path: str, state: FileState, is_as_planned: IsAsPlanned) -> None:
    """Makes a symbolic link that has its owner and group from its first moment, in place of what stands there unless
    that is a directory."""
    with _beside(path) as (folder, name, temporary):
        os.symlink(state.target, temporary, dir_fd=folder)
        os.chown(temporary, user_id(state.owner), group_id(state.group), dir_fd=folder, follow_symlinks=False)
        _must(is_as_planned, path)
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)


def keep_copy(path: str, copy: str) -> None:
    """Gives a file a second name, which keeps the content when `swap` replaces the file under its first one. A copy
    that is there already stays."""
    try:
        os.link(path, copy, follow_symlinks=False)
    except FileExistsError:
        pass
    except OSError as error:
        raise Failed("cannot keep %s as %s: %s" % (path, copy, reason(error))) from None


def remove(path: str, is_as_planned: IsAsPlanned) -> None:
    """Removes what stands at the path: a file, a link, or an empty directory."""
    with _reported("remove", path):
        _must(is_as_planned, path)
        before = os.lstat(path)
        (os.rmdir if stat.S_ISDIR(before.st_mode) else os.unlink)(path)
        sync_folder(os.path.dirname(path))


def remove_tree(path: str, is_as_planned: IsAsPlanned) -> None:
    """Removes a directory and all below it. Refuses, before anything is removed, when a file system is mounted at or
    below it. Links are removed, never followed, even if someone exchanges a directory for a link meanwhile."""
    import shutil

    with _reported("remove", path):
        mounted = _mount_at_or_below(path)
        if mounted:
            raise Failed("cannot remove %s: a file system is mounted at %s" % (path, mounted))
        _must(is_as_planned, path)
        shutil.rmtree(path)
        sync_folder(os.path.dirname(path))


def dress(path: str, before: FileState, after: FileState) -> None:
    """Gives a path, which must still be as `before`, the owner, group and mode of `after`. Links are not followed, not
    even one that is put there while we work. Raises Stale when it is another by now."""
    with _reported("change", path):
        fd = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)  # type: ignore[attr-defined,unused-ignore]
        try:
            now = state_of(os.fstat(fd), path)
            if (now.kind, now.mode, now.owner, now.group) != (before.kind, before.mode, before.owner, before.group):
                raise Stale("%s was changed by someone else meanwhile" % path)
            if now.kind == LINK:
                os.lchown(path, user_id(after.owner), group_id(after.group))
                return
            handle = "/proc/self/fd/%d" % fd  # fchmod and fchown do not take a handle that was opened as a path only
            if (after.owner, after.group) != (before.owner, before.group):
                os.chown(handle, user_id(after.owner), group_id(after.group))
            os.chmod(handle, int(after.mode, 8))  # always: a change of owner clears setuid
        finally:
            os.close(fd)


def sweep(path: str) -> None:
    """Clears what a killed run may have left beside a path that it was about to write."""
    where, name = os.path.split(path)
    with suppress(OSError):  # it is nobody's fault that it is there; whoever writes there next is told
        _clear(os.path.join(where, _temporary(name)))


def sync_folder(folder: str) -> None:
    """Makes names in a folder durable."""
    fd = os.open(folder or "/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def reason(error: OSError) -> str:
    """What the host said, in words that help."""
    if error.errno == errno.EPERM and os.geteuid() == 0:
        return "the host forbids it even to root (is it immutable? see lsattr)"
    if error.errno == errno.EACCES and os.geteuid() != 0:
        return "not permitted to this user (is `become` missing?)"
    return {
        errno.ENOSPC: "no space left on the device", errno.EDQUOT: "the disk quota is used up",
        errno.EROFS: "the file system is read-only", errno.ENOENT: "its directory does not exist",
        errno.EBUSY: "it is a mount point, so nothing can be put in its place",
    }.get(error.errno or 0, error.strerror or str(error))


@contextmanager
def _reported(deed: str, path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Failed("cannot %s %s: %s" % (deed, path, reason(error))) from None


@contextmanager
def _beside(path: str, folder_owner: Optional[str] = None) -> Iterator[Tuple[int, str, str]]:
    """(a handle of the directory, the name in it, a free temporary name in it). Afterwards the temporary is gone and
    the directory is durable."""
    where, name = os.path.split(path)
    temporary = _temporary(name)
    with _reported("write", path):
        follow = os.O_NOFOLLOW if folder_owner is not None else 0
        folder = os.open(where or "/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | follow)
        try:
            if folder_owner is not None and os.fstat(folder).st_uid not in (0, user_id(folder_owner)):
                raise Failed("cannot write %s: its directory does not belong to %s" % (path, folder_owner))
            _clear(temporary, folder)
            try:
                yield folder, name, temporary
                os.fsync(folder)
            finally:
                _clear(temporary, folder)
        finally:
            os.close(folder)


def _temporary(name: str) -> str:
    return os.fsdecode(b"." + os.fsencode(name)[:240] + b".holdfast")  # a name has at most 255 bytes


def _clear(temporary: str, folder: Optional[int] = None) -> None:
    try:
        os.unlink(temporary, dir_fd=folder)
    except FileNotFoundError:
        pass
    except IsADirectoryError:
        os.rmdir(temporary, dir_fd=folder)


def _must(is_as_planned: IsAsPlanned, path: str) -> None:
    if not is_as_planned():
        raise Stale("%s was changed by someone else meanwhile" % path)


def _lstat(name: str, folder: int) -> Optional[os.stat_result]:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def write_all(fd: int, data: bytes) -> None:
    """Writes all of it, however many calls that takes."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view):]


def _dress(fd: int, path: str, before: Optional[os.stat_result], mode: Optional[str], owner: Optional[str],
           group: Optional[str]) -> None:
    """Owner first, as changing it clears setuid; then extended attributes; then the mode."""
    if before is not None and not stat.S_ISREG(before.st_mode):
        before = None  # a link or an empty directory gives nothing to the file that takes its place
    uid = user_id(owner) if owner is not None else before.st_uid if before else -1
    gid = group_id(group) if group is not None else before.st_gid if before else -1
    if (uid, gid) != (-1, -1):
        os.fchown(fd, uid, gid)
    if before is not None:
        for attribute in _attributes(path):
            try:
                os.setxattr(fd, attribute, os.getxattr(path, attribute, follow_symlinks=False))
            except OSError as error:
                if error.errno not in _UNSUPPORTED:
                    raise
    os.fchmod(fd, int(mode, 8) if mode is not None else stat.S_IMODE(before.st_mode) if before else 0o644)


def _attributes(path: str) -> Tuple[str, ...]:
    try:
        return tuple(os.listxattr(path, follow_symlinks=False))
    except OSError:
        return ()


def _mount_at_or_below(path: str) -> str:
    """Where a file system is mounted there, bind mounts included; "": nowhere."""
    with open("/proc/self/mountinfo", "rb") as stream:
        points = [line.split()[4] for line in stream]
    for point in points:
        plain = os.fsdecode(_unescaped(point))
        if plain == path or plain.startswith(path + "/"):
            return plain
    return ""


def _unescaped(point: bytes) -> bytes:
    for octal, byte in ((b"\\040", b" "), (b"\\011", b"\t"), (b"\\012", b"\n"), (b"\\134", b"\\")):
        point = point.replace(octal, byte)
    return point
