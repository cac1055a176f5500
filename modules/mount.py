"""mount: a file system is mounted at a directory, now and after a boot."""
from __future__ import annotations

import os
import re
from typing import ClassVar, Dict, List, Optional, Sequence, Set, Tuple

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
    checks,
    files,
    fstab,
    process,
    regular,
    texts,
)
from holdfast_host.files import DIRECTORY

# Options that can be seen on a mount, and what undoes each.
SEEN = {"ro": "rw", "noexec": "exec", "nosuid": "suid", "nodev": "dev", "noatime": "atime", "nodiratime": "diratime"}
# Kinds that the kernel names otherwise than fstab; a program of its own (FUSE) has its name behind `fuse.`.
LISTED = {"nfs": ("nfs4",), "ntfs": ("ntfs3", "fuseblk"), "ntfs-3g": ("fuseblk",), "exfat": ("fuseblk",)}
LOOP = "/sys/block/%s/loop/backing_file"
UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def _word(text: str) -> None:
    if not text or re.search(r"[\s,]", text):
        raise Refused("", "`%s` is not a kind of file system" % text, "ext4, xfs, tmpfs, nfs, none …")


def _options(given: Sequence[str]) -> None:
    for option in given:
        if not option or re.search(r"[\s,#]", option):
            raise Refused("", "`%s` is not an option" % option, "one word each: [noexec, size=64m]")
    if len(set(given)) < len(given):
        raise Refused("", "holds an option twice", "leave one out")


def _order(number: int) -> None:
    if number not in (0, 1, 2):
        raise Refused("", "is 0 (never), 1 (the root) or 2, not %d" % number, "0, unless fsck is to look at it")


class Observed(Record):
    """file: /etc/fstab. here: what is mounted at the path, the uppermost last. is_source: the uppermost is what is
    declared. point: "", or what stands in the way of a mount: "missing", "file", "full". has_source: the device, file
    or directory that is to be mounted is there."""

    file: regular.Observed
    here: Tuple[fstab.Mount, ...] = ()
    is_source: bool = False
    point: str = ""
    has_source: bool = True


ON_DISKS = ("ext2", "ext3", "ext4", "xfs", "btrfs", "vfat", "ntfs", "exfat", "f2fs", "iso9660")
KINDS = (*ON_DISKS, "tmpfs", "nfs", "nfs4", "cifs", "none", "auto", "proc", "sysfs", "overlay", "squashfs", "zfs")


class Mount(Resource):
    """A file system is mounted at a directory, and /etc/fstab has it for the next boot. Other lines of that stay.

    Nothing is mounted over what is mounted there already, nor over a directory that holds something, unless that is
    asked for. Options that can be seen (ro, noexec, size …) are held against what is mounted; where they differ, or
    where the line in fstab changes, it is mounted anew with them. What systemd mounts on demand
    (`x-systemd.automount`) counts as mounted. For swap there is `swap`.
    """

    named: ClassVar[str] = "path"
    example: ClassVar[str] = """
        - directory: /srv/data
        - mount: /srv/data
          source: UUID=0a3407de-014b-458b-b5c1-848e92a327a3
          kind: ext4
          options: [noatime, nofail]
          check_order: 2
        - mount: /var/cache/build
          source: tmpfs
          kind: tmpfs
          options: [size=512m, nosuid, nodev]
          over: true
        - mount: /srv/www
          source: /home/web/site
          kind: none
          options: [bind, ro]
    """

    path: str = arg(doc="The directory.", check=checks.absolute)
    source: Optional[str] = arg(None, check=checks.one_line, doc="What is mounted: a device, UUID=…, LABEL=…, a "
                                "server's directory, with `bind` a directory.")
    kind: Optional[str] = arg(None, check=_word, doc="The kind of file system: ext4, tmpfs, nfs; `none` with `bind`.")
    options: Tuple[str, ...] = arg((), check=_options, doc="Options, one each: [noatime, size=64m]. None: defaults.")
    check_order: int = arg(0, check=_order, doc="When fsck looks at it at boot: 0 never, 1 the root, 2 after it.")
    dump: bool = arg(False, doc="Whether dump(8) saves it.")
    over: bool = arg(False, doc="Mount it although the directory holds something, which is hidden then.")
    state: str = arg("mounted", choices=("mounted", "present", "unmounted", "absent"), doc="mounted: in fstab, and "
                     "mounted now; present: in fstab only, as it is now; unmounted: in fstab, and not mounted now; "
                     "absent: neither.")

    def check(self) -> None:
        given = [name for name in ("source", "kind", "options", "check_order", "dump", "over") if getattr(self, name)]
        if self.state == "absent":
            if given:
                raise Refused(given[0], "says nothing with `state: absent`", "leave it out")
        else:
            for name in ("source", "kind"):
                if getattr(self, name) is None:
                    raise Refused(name, "is missing", "add `%s:`" % name)
        if self.path == "/" and self.state in ("absent", "unmounted"):
            raise Refused("path", "is the root: the host does not live without it", "name another directory")
        if self.kind == "swap":
            raise Refused("kind", "swap is not mounted at a directory", "declare a `swap`")
        self._source()
        for one, other in (("ro", "rw"), ("exec", "noexec"), ("suid", "nosuid"), ("dev", "nodev"), ("auto", "noauto")):
            if one in self.options and other in self.options:
                raise Refused("options", "holds both `%s` and `%s`" % (one, other), "leave one out")
        binds = {"bind", "rbind"} & set(self.options)
        if binds and not (self.source or "").startswith("/"):
            raise Refused("source", "is a directory with `%s`" % binds.pop(), "write an absolute path")

    def _source(self) -> None:
        """Raises Refused for what cannot be mounted as this kind, or for a kind that is misspelt."""
        import difflib

        if self.source is None or self.kind is None:
            return
        if re.match(r"(?:UUID|LABEL|PARTUUID|PARTLABEL|ID)=\"?\"?\Z", self.source):
            raise Refused("source", "`%s` names nothing" % self.source, "write what `blkid` prints behind it")
        if self.kind in ("nfs", "nfs4") and ":" not in self.source:
            raise Refused("source", "`%s` names no server" % self.source, "as nfs.example.org:/srv/export")
        if self.kind in ("cifs", "smb3") and not self.source.startswith(("//", "\\\\")):
            raise Refused("source", "`%s` names no share" % self.source, "as //server.example.org/share")
        if self.kind in ON_DISKS and not re.match(r"/|[A-Z]+=", self.source):
            raise Refused("source", "`%s` is not a device" % self.source,
                          "write its path, as /dev/sdb1, or UUID=… as `blkid` prints it")
        near = difflib.get_close_matches(self.kind, KINDS, 1, 0.74)
        if self.kind not in KINDS and near and sorted(near[0]) == sorted(self.kind):
            raise Refused("kind", "`%s` is no kind of file system" % self.kind, "did you mean `%s`?" % near[0])

    def provides(self) -> Sequence[Identity]:
        return (("mount", self.path),)

    def wants(self) -> Sequence[Identity]:
        found: List[Identity] = [("path", self.path), *regular.wants(self.path), ("path", fstab.PATH)]
        if self.source and self.source.startswith("/"):
            found += [("path", self.source), ("mount", self.source)]
        return [*found, *(("mount", parent) for parent in files.parents(self.path))]

    @property
    def entry(self) -> Optional[fstab.Entry]:
        if self.state == "absent":
            return None
        return fstab.Entry(self.source or "", self.path, self.kind or "", ",".join(self.options) or "defaults",
                           int(self.dump), self.check_order)

    # -- looking -----------------------------------------------------------------------------------------------------

    def observe(self) -> Observed:
        here = tuple(mount for mount in fstab.mounts() if mount.place == files.real(self.path))
        point = files.look(files.real(self.path))
        trouble = "missing" if point is None else "file" if point.kind != DIRECTORY else \
            "full" if not here and files.names_in(self.path) else ""
        source = self.source or ""
        return Observed(texts.observe(fstab.PATH), here, bool(here) and self._is_source(here[-1]), trouble,
                        not re.match("/[^/]", source) or files.look(files.real(source)) is not None)

    def _is_source(self, mount: fstab.Mount) -> bool:
        source = self.source or ""
        if self.state == "absent":
            return True
        if {"bind", "rbind"} & set(self.options):
            try:
                return os.path.samestat(os.stat(source), os.stat(self.path))
            except OSError:
                return False
        if mount.kind == "autofs" and "x-systemd.automount" in self.options:
            return True
        if self.kind not in (mount.kind, "auto") and not is_listed_as(self.kind or "", mount.kind):
            return False
        name, _, value = source.partition("=")
        by = {"UUID": "by-uuid", "LABEL": "by-label", "PARTUUID": "by-partuuid", "PARTLABEL": "by-partlabel"}
        if name in by:
            source = "/dev/disk/%s/%s" % (by[name], by_name(value.strip('"')))
        if not source.startswith("/"):  # a server's directory, or a name and no more
            return mount.source.rstrip("/") == source.rstrip("/") or self.kind in ("tmpfs", "proc", "sysfs", "devpts")
        return os.path.realpath(source) in (os.path.realpath(mount.source), image_of(mount.source))

    # -- deciding ----------------------------------------------------------------------------------------------------

    def diff(self, observed: Observed) -> Optional[Change]:
        text = (observed.file.data or b"").decode("utf-8", "surrogateescape")
        ours = [entry for entry in fstab.entries(text) if entry.place == self.path]
        kept = texts.edit(observed.file, lambda now: fstab.edited(now, ours, self.entry), create=True,
                          removes=self.state == "absent")
        steps, fields = self._steps(observed, bool(kept and ours))
        if kept is not None:
            fields = (*fields, *kept.fields)
        if not fields:
            return None
        action = {"mounted": "mount", "absent": "remove"}.get(self.state, "update") if steps else "update"
        return Change(action, fields, kept.files if kept else {}, (observed, kept, steps, tuple(ours)))

    def _steps(self, observed: Observed, has_new_line: bool) -> Tuple[Tuple[str, ...], Tuple[Field, ...]]:
        here = observed.here
        if self.state == "present":
            return (), ()
        if self.state in ("absent", "unmounted"):
            return (("umount",) * len(here), (Field("mounted", here[-1].source, None),)) if here else ((), ())
        if here and not observed.is_source:
            raise Refused("path", "%s (%s) is mounted at %s already" % (here[-1].source, here[-1].kind, self.path),
                          "unmount it first: `mount: %s` with `state: absent`" % self.path)
        if not here:
            self._refuse(observed.point)
            if not observed.has_source:
                raise Refused("source", "%s does not exist" % self.source, "look for its right name in `lsblk`, or say "
                              "`state: present` for one that comes later" if (self.source or "").startswith("/dev/")
                              else "declare what makes it")
            return ("mount",), (Field("mounted", None, self.source),)
        if here[-1].kind == "autofs":
            return (), ()  # nothing is mounted there as yet: systemd does it, by the line that is then in fstab
        wrong = self.differing(here[-1])
        if not wrong and not has_new_line:
            return (), ()
        return ("remount",), tuple(Field(name, before, after) for name, (before, after) in wrong.items()) or (
            Field("options", "as in the old line", ",".join(self.options) or "defaults"),)

    def _refuse(self, point: str) -> None:
        if point == "missing":
            raise Refused("path", "%s does not exist" % self.path, "declare `directory: %s`" % self.path)
        if point == "file":
            raise Refused("path", "%s is not a directory" % self.path, "remove it first")
        if point == "full" and not self.over:
            raise Refused("path", "%s holds something, which would be hidden" % self.path,
                          "move it away, or say `over: true`")

    def differing(self, mount: fstab.Mount) -> Dict[str, Tuple[str, str]]:
        """Of the options that can be seen, those that are not as declared: what is, and what should be."""
        found: Dict[str, Tuple[str, str]] = {}
        has: Set[str] = set(mount.options)
        for option in self.options:
            for word, other in SEEN.items():
                if option == word and word not in has:
                    found[word] = (other, word)
                elif option == other and word in has:
                    found[word] = (word, other)
        for option in self.options:
            name, _, value = option.partition("=")
            now = next((one.partition("=")[2] for one in mount.options if one.startswith(name + "=")), None)
            if mount.kind == "tmpfs" and name == "size" and bytes_of(value) not in (None, bytes_of(now or "")):
                found[name] = (now or "", value)
        return found

    # -- doing -------------------------------------------------------------------------------------------------------

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        _, kept, steps, ours = change.payload
        back: List[Declared] = []
        if steps and not ours and observed.here:
            raise Failed("it was mounted, and no line in %s told how" % fstab.PATH)
        if steps and not ours:
            back.append(("mount", {"path": self.path, "state": "absent"}))
        elif steps:
            entry = ours[0]
            options = [] if entry.options == "defaults" else entry.options.split(",")
            back.append(("mount", {"path": self.path, "source": entry.source, "kind": entry.kind, "options": options,
                                   "dump": bool(entry.dump), "check_order": entry.order, "over": True,
                                   "state": "mounted" if observed.here else "unmounted"}))
        file = regular.undo(observed.file) if kept is not None else ()
        return None if file is None else (*back, *file)

    def converge(self, change: Change) -> None:
        _, kept, steps, _ = change.payload
        for _ in [step for step in steps if step == "umount"]:
            process.run(["umount", "--", self.path]).must("cannot unmount %s" % self.path)
        with regular.tentatively([kept] if kept is not None else [], _told):  # else the next boot may wait for it
            if "mount" in steps:
                process.run(["mount", "--", self.path]).must("cannot mount %s" % self.path)
                if not any(mount.place == files.real(self.path) for mount in fstab.mounts()):
                    raise Failed("%s is not there to be mounted, which `nofail` keeps quiet about" % self.source)
            if "remount" in steps:
                options = ",".join(["remount", *(option for option in self.options if option != "rbind")])
                done = process.run(["mount", "-o", options, "--", self.path])
                done.must("cannot mount %s with other options" % self.path)


def _told() -> None:
    if os.path.isdir("/run/systemd/system"):  # it makes units of the lines
        process.run(["systemctl", "daemon-reload"]).must("systemd does not read %s" % fstab.PATH)


def bytes_of(text: str) -> Optional[int]:
    """`64m` -> 67108864; None: it is no size in bytes (say, a share of the memory)."""
    match = re.match(r"(\d+)([kKmMgG]?)\Z", text)
    return int(match.group(1)) * UNITS[match.group(2).lower()] if match else None


def is_listed_as(kind: str, listed: str) -> bool:
    """Whether the kernel may list a file system of this kind under that one: nfs as nfs4, sshfs as fuse.sshfs."""
    return listed in LISTED.get(kind, ()) or listed == "fuse." + kind


def by_name(label: str) -> str:
    """A label as udev spells it in /dev/disk/by-label: `my data` -> `my\\x20data`."""
    return "".join(char if re.match(r"[A-Za-z0-9#+.:=@_-]|[^\x00-\x7f]", char) else "\\x%02x" % ord(char)
                   for char in label)


def image_of(device: str) -> str:
    """The file that a loop device stands for; "": it is no loop device."""
    name = os.path.basename(device)
    data = files.read(LOOP % name) if re.match(r"/dev/loop\d+\Z", device) else None
    return (data or b"").decode("utf-8", "surrogateescape").rstrip("\n")
