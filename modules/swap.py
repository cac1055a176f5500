"""swap: a file or a device that the kernel swaps to, now and after a boot."""
from __future__ import annotations

import os
import re
import sys
from typing import ClassVar, List, Optional, Sequence, Tuple

from holdfast_host import (
    Change,
    Declared,
    Failed,
    Field,
    Identity,
    Record,
    Refused,
    Resource,
    arg,
    files,
    fstab,
    process,
    regular,
    texts,
)

MIB = 1 << 20
SIGNATURE, PAGE = b"SWAPSPACE2", 4096


def _path(path: str) -> None:
    if not re.match(r"/[^\s]*[^\s/]\Z", path) or "/../" in path or "//" in path:
        raise Refused("", "`%s` is not the path of a file or a device" % path, "write /swapfile or /dev/sda3")


def _size(number: int) -> None:
    if number < 1:
        raise Refused("", "is a number of MiB from 1, not %d" % number, "write 2048 for 2 GiB")


def _priority(number: int) -> None:
    if not 0 <= number <= 32767:
        raise Refused("", "is a number from 0 to 32767, not %d" % number, "write a number in that range")


class Observed(Record):
    """file: /etc/fstab. at: what stands at the path. is_swap: it is made for swapping. active: the kernel swaps to it,
    with this priority. room: bytes that are free where it stands; None: there is no such directory."""

    file: regular.Observed
    at: Optional[files.FileState] = None
    is_swap: bool = False
    active: bool = False
    priority: Optional[int] = None
    room: Optional[int] = None


class Swap(Resource):
    """A file or a device that the kernel swaps to, now and at each boot: made, in /etc/fstab, and in use.

    A file is made whole, readable by root alone, and then named; its size is changed by making it anew. A device has to
    be made for swapping already (mkswap): what else is on it is never overwritten.
    """

    named: ClassVar[str] = "path"
    example: ClassVar[str] = """
        - swap: /swapfile
          size_mib: 2048
        - swap: /dev/sda3
          priority: 10
    """

    path: str = arg(doc="The file or the device.", check=_path)
    size_mib: Optional[int] = arg(None, check=_size, doc="How large the file is, in MiB; not for a device.")
    priority: Optional[int] = arg(None, check=_priority, doc="The higher is used first; default: the kernel's.")
    active: bool = arg(True, doc="Swap to it now, too; false: at the next boot only.")
    state: str = arg("present", choices=("present", "absent"), doc="absent: not in use, not in fstab, and a file is "
                     "removed.")

    def check(self) -> None:
        is_device = self.path.startswith("/dev/")
        if self.state == "absent" and (self.size_mib or self.priority is not None):
            raise Refused("state", "is absent, so nothing else is to be said", "leave the rest out")
        if self.state == "present" and not is_device and self.size_mib is None:
            raise Refused("size_mib", "is missing", "add `size_mib: 1024`")
        if is_device and self.size_mib is not None:
            raise Refused("size_mib", "is for a file: a device has its size", "leave it out")

    def provides(self) -> Sequence[Identity]:
        return (("swap", self.path), ("path", self.path))

    def wants(self) -> Sequence[Identity]:
        return (("path", fstab.PATH), *regular.wants(self.path))

    @property
    def entry(self) -> Optional[fstab.Entry]:
        options = "sw" if self.priority is None else "sw,pri=%d" % self.priority
        return fstab.Entry(self.path, "none", "swap", options) if self.state == "present" else None

    # -- looking -----------------------------------------------------------------------------------------------------

    def observe(self) -> Observed:
        in_use = active().get(os.path.realpath(self.path))
        return Observed(texts.observe(fstab.PATH), files.look(self.path), _is_swap(self.path), in_use is not None,
                        in_use, _room(os.path.dirname(self.path)))

    # -- deciding ----------------------------------------------------------------------------------------------------

    def diff(self, observed: Observed) -> Optional[Change]:
        text = (observed.file.data or b"").decode("utf-8", "surrogateescape")
        ours = [entry for entry in fstab.entries(text) if (entry.source, entry.kind) == (self.path, "swap")]
        kept = texts.edit(observed.file, lambda now: fstab.edited(now, ours, self.entry), create=True,
                          removes=self.state == "absent")
        steps, fields = self._removal(observed) if self.state == "absent" else self._steps(observed)
        if kept is not None:
            fields = (*fields, *kept.fields)
        if not fields:
            return None
        action = "remove" if self.state == "absent" else "create" if observed.at is None else "update"
        ahead = dict(kept.files) if kept else {}
        if "make" in steps:
            ahead[self.path] = files.FileState(files.FILE, "0600", "root", "root", "", (self.size_mib or 0) * MIB)
        elif "remove" in steps:
            ahead[self.path] = None
        return Change(action, fields, ahead, (observed, kept, steps))

    def _removal(self, observed: Observed) -> Tuple[Tuple[str, ...], Tuple[Field, ...]]:
        steps: Tuple[str, ...] = ("off",) if observed.active else ()
        fields: Tuple[Field, ...] = (Field("active", True, False),) if observed.active else ()
        if observed.at is not None and not self.path.startswith("/dev/"):
            if not observed.is_swap:
                raise Refused("path", "%s is no swap file" % self.path, "remove it as a `file`")
            steps, fields = (*steps, "remove"), (*fields, Field("size", "%d MiB" % (observed.at.size // MIB), None))
        return steps, fields

    def _steps(self, observed: Observed) -> Tuple[Tuple[str, ...], Tuple[Field, ...]]:
        steps: Tuple[str, ...] = ()
        fields: Tuple[Field, ...] = ()
        at = observed.at
        if self.path.startswith("/dev/"):
            if not observed.is_swap:
                raise Refused("path", "%s is not made for swapping" % self.path,
                              "make it so by hand: `mkswap` would destroy what is on it")
        elif at is not None and (at.kind != files.FILE or not observed.is_swap):
            raise Refused("path", "%s is there already and no swap file" % self.path, "remove it, or name another path")
        elif at is None and observed.room is None:
            raise regular.no_folder(self.path)
        elif at is None or at.size != (self.size_mib or 0) * MIB:
            needed = (self.size_mib or 0) * MIB  # beside an old one: that is replaced by a whole new one
            if observed.room is not None and needed > observed.room:
                raise Refused("size_mib", "there is no space for it: %d MiB are free" % (observed.room // MIB),
                              "choose less, or another path")
            steps = ("off", "make") if observed.active else ("make",)
            fields = (Field("size", "%d MiB" % (at.size // MIB) if at else None, "%d MiB" % (self.size_mib or 0)),)
        elif (at.mode, at.owner) != ("0600", "root"):
            steps, fields = ("dress",), (Field("mode", "%s of %s" % (at.mode, at.owner), "0600 of root"),)
        other = self.priority is not None and observed.active and observed.priority != self.priority
        if self.active and (not observed.active or "make" in steps or other):
            steps += ("off", "on") if other and "make" not in steps else ("on",)
            fields += (Field("priority", observed.priority, self.priority),) if other else (
                Field("active", observed.active, True),) if not observed.active else ()
        return steps, fields

    # -- doing -------------------------------------------------------------------------------------------------------

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        _, kept, steps = change.payload
        file = regular.undo(observed.file) if kept is not None else ()
        if file is None or "dress" in steps:
            return None
        back: List[Declared] = []
        if steps and observed.at is None:
            back.append(("swap", {"path": self.path, "state": "absent"}))
        elif steps:
            size = None if self.path.startswith("/dev/") else max(1, observed.at.size // MIB if observed.at else 1)
            if self.path.startswith("/dev/") and not observed.active and self.state == "present":
                raise Failed("to stop swapping to a device is not to be declared beside its line in fstab")
            back.append(("swap", {"path": self.path, "size_mib": size, "active": observed.active}))
        return (*back, *file)

    def converge(self, change: Change) -> None:
        observed, kept, steps = change.payload
        for step in steps:
            if step == "off":
                process.run(["swapoff", "--", self.path]).must("cannot stop swapping to %s" % self.path)
            elif step == "remove":
                files.remove(self.path, lambda: _is_swap(self.path))
            elif step == "make":
                self._make()
            elif step == "dress":
                now = observed.at
                files.dress(self.path, now, files.FileState(files.FILE, "0600", "root", now.group))
        try:
            with regular.tentatively([kept] if kept is not None else []):
                if "on" in steps:
                    words = [] if self.priority is None else ["--priority", str(self.priority)]
                    process.run(["swapon", *words, "--", self.path]).must("the kernel does not swap to %s" % self.path)
        except Failed:
            if "make" in steps and observed.at is None:
                files.remove(self.path, lambda: _is_swap(self.path))
            raise

    def _make(self) -> None:
        """Without holes, which swap files must not have; nobody else can ever read it."""
        folder, name = os.path.split(self.path)
        part = os.path.join(folder, ".%s.holdfast" % name)
        script = ('set -e; umask 077; rm -f -- "$1"; dd if=/dev/zero of="$1" bs=1M count="$2" conv=fsync status=none; '
                  'chmod 600 -- "$1"; mkswap -- "$1" >/dev/null; mv -fT -- "$1" "$3"')
        done = process.run(["sh", "-c", script, "sh", part, str(self.size_mib), self.path])
        if done.code != 0:
            files.sweep(self.path)
        done.must("cannot make %s" % self.path)
        files.sync_folder(folder)


# -- looking ---------------------------------------------------------------------------------------------------------


def active() -> "dict[str, int]":
    """What the kernel swaps to, with its priority."""
    with open("/proc/swaps", encoding="utf-8", errors="surrogateescape") as stream:
        rows = [line.split() for line in stream][1:]
    return {fstab.plain(row[0]): int(row[4]) for row in rows if len(row) > 4}


def _room(folder: str) -> Optional[int]:
    """How many bytes are free there; None: there is no such directory."""
    if files.look(files.real(folder)) is None:
        return None
    try:
        found = os.statvfs(folder)
    except OSError:  # a plan in which it is made first
        return sys.maxsize
    return found.f_bavail * found.f_frsize


def _is_swap(path: str) -> bool:
    """Whether it bears the mark that mkswap leaves at the end of the first page."""
    try:
        with open(path, "rb") as stream:
            return stream.read(PAGE)[-len(SIGNATURE):] == SIGNATURE
    except OSError:
        return False
