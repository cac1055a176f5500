"""Unpacking archives of others: all that is in one is looked at before anything is written, and nothing of it can come
to stand, or lead, anywhere but below the folder that it is unpacked to.

Files are written one by one, each at one moment. Folders are entered without following links, so that a link which
stands there already, or is put there meanwhile, leads nowhere.
"""
from __future__ import annotations

import errno
import hashlib
import os
import posixpath
import stat
import tarfile
import zipfile
import zlib
from contextlib import contextmanager, suppress
from itertools import islice
from typing import IO, Any, Callable, Dict, Iterator, List, Optional, Tuple

from .errors import Failed
from .record import Record, with_fields

FILE, FOLDER, LINK, SAME = "file", "directory", "link", "same"
BLOCK = 1 << 18
MOST = 1_000_000  # entries
TEMPORARY = ".holdfast-unpacking"


class Entry(Record):
    """What an archive holds. path: below the folder; size: in bytes; mtime: in seconds; to: where a link leads, or
    the path of the file that this is a second name of (SAME). source: what the archive's library calls it."""

    path: str
    kind: str
    mode: int = 0o755
    size: int = 0
    mtime: int = 0
    to: str = ""
    source: Any = None


class Unpacked(Record):
    """What stands there now. mode: bits; sha256: of a file's content."""

    path: str
    kind: str
    mode: int
    size: int = 0
    mtime: int = 0
    to: str = ""
    sha256: str = ""


class Archive:
    """An archive that is open, and all that is in it. Raises Failed for what is none, or may not be unpacked."""

    def __init__(self, path: str, strip: int = 0) -> None:
        self._whole: Any = None
        try:
            with open(path, "rb") as stream:
                is_zip = stream.read(4) in (b"PK\3\4", b"PK\5\6")  # is_zipfile finds one inside a tar, too
            if is_zip:
                self._whole = zipfile.ZipFile(path)
                entries = [_of_zip(self._whole, one) for one in self._whole.infolist()]
            else:
                self._whole = tarfile.open(path, "r:*")
                entries = [_of_tar(one) for one in islice(self._whole, MOST + 1)]
        except Failed:
            self.close()
            raise
        except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError,
                RuntimeError, ValueError) as error:
            self.close()
            raise Failed("this is no archive that can be unpacked (tar, plain or by gzip, bzip2 or xz; or zip): %s"
                         % error) from None
        try:
            self.entries = checked(entries, strip)
        except Failed:
            self.close()
            raise

    def close(self) -> None:
        if self._whole is not None:
            self._whole.close()

    def open(self, entry: Entry) -> IO[bytes]:
        """The content of a file."""
        is_zip = isinstance(self._whole, zipfile.ZipFile)
        content: IO[bytes] = (self._whole.open if is_zip else self._whole.extractfile)(entry.source)
        return content


def _of_tar(one: tarfile.TarInfo) -> Entry:
    kind = FILE if one.isreg() else FOLDER if one.isdir() else LINK if one.issym() else SAME if one.islnk() else ""
    if not kind:
        raise Failed("it holds %s, which is a device or a pipe" % one.name)
    return Entry(one.name, kind, one.mode, one.size if kind == FILE else 0, max(0, int(one.mtime)), one.linkname, one)


def _of_zip(whole: zipfile.ZipFile, one: zipfile.ZipInfo) -> Entry:
    import calendar

    bits = one.external_attr >> 16
    mtime = max(0, calendar.timegm((*one.date_time, 0, 0, 0)))
    if one.is_dir():
        return Entry(one.filename, FOLDER, bits & 0o7777 or 0o755, 0, mtime, "", one)
    if stat.S_ISLNK(bits):
        if one.file_size > 4096:
            raise Failed("%s is a link that is too long" % one.filename)
        return Entry(one.filename, LINK, 0o777, 0, mtime, whole.read(one).decode("utf-8", "surrogateescape"), one)
    if stat.S_IFMT(bits) not in (0, stat.S_IFREG):
        raise Failed("it holds %s, which is a device or a pipe" % one.filename)
    return Entry(one.filename, FILE, bits & 0o7777 or 0o644, one.file_size, mtime, "", one)


def checked(entries: List[Entry], strip: int) -> List[Entry]:
    """The entries with the first parts of their paths taken away, what had no more parts left out, and each directory
    ahead of what is in it. Raises Failed for one that would come to stand outside, or leads there. Pure."""
    if len(entries) > MOST:
        raise Failed("it holds more than %d files" % MOST)
    found: Dict[str, Entry] = {}
    for entry in entries:
        path = _inside(entry.path, strip, entry.path)
        if path:
            to = _inside(entry.to, strip, entry.path) if entry.kind == SAME else entry.to
            bits = entry.mode & 0o755 | (0o700 if entry.kind == FOLDER else 0o600)
            found.pop(path, None)  # the last one of a path counts
            found[path] = with_fields(entry, path=path, to=to, mode=bits)
    for entry in list(found.values()):
        _must_stay_inside(entry, found)
        for above in _above(entry.path):
            found.setdefault(above, Entry(above, FOLDER))
    folders = sorted(path for path, entry in found.items() if entry.kind == FOLDER)
    return [found[path] for path in folders] + [entry for entry in found.values() if entry.kind != FOLDER]


def _above(path: str) -> Iterator[str]:
    above = posixpath.dirname(path)
    while above:
        yield above
        above = posixpath.dirname(above)


def _inside(path: str, strip: int, of: str) -> str:
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if path.startswith("/") or ".." in parts or "\0" in path:
        raise Failed("it holds %s, which would not stand below the folder" % of)
    return "/".join(parts[strip:])


def _must_stay_inside(entry: Entry, found: Dict[str, Entry]) -> None:
    for above in _above(entry.path):
        if above in found and found[above].kind != FOLDER:
            raise Failed("it holds %s below %s, which is no directory" % (entry.path, above))
    if entry.kind == LINK:
        leads = posixpath.normpath(posixpath.join(posixpath.dirname(entry.path), entry.to))
        if not entry.to or entry.to.startswith("/") or leads == ".." or leads.startswith("../") or "\0" in entry.to:
            raise Failed("it holds a link %s that leads out of it, to %s" % (entry.path, entry.to))
    if entry.kind == SAME and (entry.to not in found or found[entry.to].kind != FILE):
        raise Failed("it holds %s, a second name of %s, which is no file in it" % (entry.path, entry.to))


# -- writing ---------------------------------------------------------------------------------------------------------


def unpack(archive: Archive, folder: str, owner: int, group: int) -> List[Unpacked]:
    """Writes all of an archive below a folder that is there; what stands in the place of a file or link is replaced.

    owner, group: numbers; -1: whoever writes. Raises Failed with the host's reason.
    """
    made: Dict[str, Unpacked] = {}
    with _folder(folder) as root:
        for entry in archive.entries:
            try:
                made[entry.path] = _written(archive, entry, root, made, owner, group)
            except OSError as error:
                raise Failed("cannot unpack %s below %s: %s" % (entry.path, folder, _reason(error))) from None
            except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError,
                    NotImplementedError) as error:
                raise Failed("cannot unpack %s: %s" % (entry.path, error)) from None
        _sync(root)  # once for all of them; the record that counts on them is written afterwards
    return list(made.values())


def look_for_room(archive: Archive, folder: str) -> None:
    """Raises Failed when what is in the archive does not fit into a folder that is there, or will be made."""
    room = os.statvfs(folder if os.path.isdir(folder) else os.path.dirname(folder) or "/")
    needed = sum(entry.size for entry in archive.entries)
    if needed > room.f_bavail * room.f_frsize:
        raise Failed("there is no space in %s for %d bytes" % (folder, needed))


def _sync(fd: int) -> None:
    """Makes all that was written to a file system durable."""
    import ctypes

    try:
        is_done = ctypes.CDLL(None).syncfs(fd) == 0
    except (OSError, AttributeError):  # a C library without it
        is_done = False
    if not is_done:
        os.sync()


def _written(archive: Archive, entry: Entry, root: int, made: Dict[str, Unpacked], owner: int,
             group: int) -> Unpacked:
    with _parent(root, entry.path) as (above, name):
        if entry.kind == FOLDER:
            with suppress(FileExistsError):
                os.mkdir(name, 0o700, dir_fd=above)
            with _folder(name, above) as fd:
                os.fchown(fd, owner, group)
                os.fchmod(fd, entry.mode)
            return Unpacked(entry.path, FOLDER, entry.mode)
        with suppress(FileNotFoundError):
            os.unlink(TEMPORARY, dir_fd=above)
        if entry.kind == LINK:
            os.symlink(entry.to, TEMPORARY, dir_fd=above)
            os.chown(TEMPORARY, owner, group, dir_fd=above, follow_symlinks=False)
            os.rename(TEMPORARY, name, src_dir_fd=above, dst_dir_fd=above)
            return Unpacked(entry.path, LINK, 0o777, to=entry.to)
        if entry.kind == SAME:
            with _parent(root, entry.to) as (its_folder, its_name):
                os.link(its_name, TEMPORARY, src_dir_fd=its_folder, dst_dir_fd=above, follow_symlinks=False)
            os.rename(TEMPORARY, name, src_dir_fd=above, dst_dir_fd=above)
            return with_fields(made[entry.to], path=entry.path)
        sha256 = _file(archive, entry, above, owner, group)
        os.rename(TEMPORARY, name, src_dir_fd=above, dst_dir_fd=above)
        return Unpacked(entry.path, FILE, entry.mode, entry.size, entry.mtime, sha256=sha256)


def _file(archive: Archive, entry: Entry, above: int, owner: int, group: int) -> str:
    """Writes a file under its temporary name; returns the hash of its content."""
    digest = hashlib.sha256()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(TEMPORARY, flags, 0o600, dir_fd=above), "wb") as stream, archive.open(entry) as content:
        left = entry.size
        while True:
            data = content.read(BLOCK)
            left -= len(data)
            if not data or left < 0:
                break
            digest.update(data)
            stream.write(data)
        if left:
            raise Failed("cannot unpack %s: it is not as long as the archive says" % entry.path)
        stream.flush()
        os.fchown(stream.fileno(), owner, group)
        os.fchmod(stream.fileno(), entry.mode)
        os.utime(stream.fileno(), (entry.mtime, entry.mtime))
    return digest.hexdigest()


def remove(folder: str, paths: List[str]) -> None:
    """Removes what stands at these paths below a folder: files and links, and directories that are empty then."""
    try:
        with _folder(folder) as root:
            for path in sorted(paths, reverse=True):
                _removed(root, path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise Failed("cannot remove what was unpacked to %s: %s" % (folder, _reason(error))) from None


def _removed(root: int, path: str) -> None:
    with suppress(FileNotFoundError, NotADirectoryError), _parent(root, path) as (above, name):
        try:
            if stat.S_ISDIR(os.stat(name, dir_fd=above, follow_symlinks=False).st_mode):
                os.rmdir(name, dir_fd=above)
            else:
                os.unlink(name, dir_fd=above)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise


@contextmanager
def _folder(name: str, above: Optional[int] = None) -> Iterator[int]:
    fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | (os.O_NOFOLLOW if above is not None else 0),
                 dir_fd=above)
    try:
        yield fd
    finally:
        os.close(fd)


@contextmanager
def _parent(root: int, path: str) -> Iterator[Tuple[int, str]]:
    """(a handle of the directory that a path is in, its name there)."""
    *folders, name = path.split("/")
    fd = os.dup(root)
    try:
        for one in folders:
            below = os.open(one, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=fd)
            os.close(fd)
            fd = below
        yield fd, name
    finally:
        os.close(fd)


def _reason(error: OSError) -> str:
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        return "a link or a file stands there on this host where a directory is to be"
    from .writing import reason

    return reason(error)


# -- looking ---------------------------------------------------------------------------------------------------------


def differing(folder: str, unpacked: List[Unpacked], owner: Optional[int], group: Optional[int],
              digest: Callable[[str], Optional[str]]) -> List[str]:
    """The paths below a folder that are not as they were unpacked. A file's content is read only when its time is
    another. owner, group: numbers; None: whoever."""
    return [one.path for one in unpacked if not _is_still(os.path.join(folder, one.path), one, owner, group, digest)]


def _is_still(path: str, one: Unpacked, owner: Optional[int], group: Optional[int],
              digest: Callable[[str], Optional[str]]) -> bool:
    try:
        now = os.lstat(path)
    except OSError:
        return False
    if owner not in (None, now.st_uid) or group not in (None, now.st_gid):
        return False
    if one.kind == LINK:
        return stat.S_ISLNK(now.st_mode) and os.readlink(path) == one.to
    if one.kind == FOLDER:
        return stat.S_ISDIR(now.st_mode) and stat.S_IMODE(now.st_mode) == one.mode
    if not stat.S_ISREG(now.st_mode) or (stat.S_IMODE(now.st_mode), now.st_size) != (one.mode, one.size):
        return False
    return int(now.st_mtime) == one.mtime or digest(path) == one.sha256
