"""sysctl: a setting of the kernel has this value, now and after a boot."""
from __future__ import annotations

import re
from typing import ClassVar, Dict, List, Optional, Sequence, Tuple

from holdfast_host import (
    Change,
    Declared,
    Field,
    Identity,
    Record,
    Refused,
    Resource,
    arg,
    checks,
    files,
    process,
    regular,
    texts,
)

FOLDER, OWN = "/etc/sysctl.d", "/etc/sysctl.d/90-holdfast.conf"
FOLDERS = (FOLDER, "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d")  # the first wins


def _key(name: str) -> None:
    if not re.match(r"[a-z0-9_]+([./][A-Za-z0-9_.:@*-]+)+\Z", name) or ".." in name or "*" in name:
        key, equals, value = name.partition("=")
        raise Refused("", "`%s` is not a setting" % name, 'write `%s` here, and `value: "%s"`' % (
            key.strip(), value.strip()) if equals else "as `sysctl -a` prints it: net.ipv4.ip_forward")
    first = re.split("[./]", name)[0]
    if first in ("ipv4", "ipv6", "core", "netfilter", "bridge", "unix", "mptcp"):
        raise Refused("", "`%s` is not a setting" % name, "write net.%s" % name)


def _file(path: str) -> None:
    checks.absolute(path)
    folder, _, name = path.rpartition("/")
    if folder in FOLDERS and not name.endswith(".conf"):
        raise Refused("", "`%s` is not read at boot" % path, "write %s.conf" % path)


class Observed(Record):
    """file: the file that keeps the value for the next boot. now: the value that counts; None: the kernel of this host
    has no such setting. later: (file, value): a file that is read after it at boot, and says something else."""

    file: regular.Observed
    now: Optional[str]
    later: Optional[Tuple[str, str]] = None


class Sysctl(Resource):
    """A setting of the kernel has this value, now and after a boot. Blanks between numbers are no difference. Where a
    file that is read later at boot says another value, which would count then, it is refused and the file named.

    With `state: absent` it is no longer set at boot; the value that counts stays until then.
    """

    named: ClassVar[str] = "name"
    example: ClassVar[str] = """
        - sysctl: net.ipv4.ip_forward
          value: "1"
    """

    name: str = arg(doc="The setting; an interface's name with a dot in it needs slashes: "
                    "`net/ipv4/conf/eth0.1/forwarding`.", check=_key)
    value: Optional[str] = arg(None, doc="Its value.", check=checks.one_line)
    state: str = arg("present", choices=("present", "absent"), doc="Whether it is set at boot.")
    path: str = arg(OWN, check=_file, doc="The file that keeps it, in /etc/sysctl.d.")
    runtime: bool = arg(True, doc="Set it now, too; false: at the next boot only.")
    boot: bool = arg(True, doc="Set it at the next boot, too; false: now only, and the file is left as it is.")

    def check(self) -> None:
        if self.state == "present" and not (self.value or "").strip():
            raise Refused("value", "is missing", "add `value:`")
        if self.state == "absent" and self.value is not None:
            raise Refused("value", "is given for a setting that is to be absent", "remove it")
        if not self.boot and (self.state == "absent" or not self.runtime):
            raise Refused("boot", "is false, so nothing is to be done", "leave it out")

    def provides(self) -> Sequence[Identity]:
        return (("sysctl", plain(self.name)),)

    def wants(self) -> Sequence[Identity]:
        return (("path", self.path), ("package", "procps"), *regular.wants(self.path))

    def observe(self) -> Observed:
        place = "/proc/sys/" + plain(self.name)
        now = None
        if self.state == "present" and self.runtime:
            try:
                with open(place, encoding="utf-8", errors="replace") as stream:
                    now = stream.read().strip()
            except OSError:
                now = None  # no such setting, or one that can only be written
        return Observed(texts.observe(self.path), now, self._later())

    def _later(self) -> Optional[Tuple[str, str]]:
        """What outdoes this file at boot. Files are read by their names, whatever folder they are in; of one name only
        that in the first folder is."""
        folder, _, own = self.path.rpartition("/")
        if folder not in FOLDERS or self.state == "absent" or not self.boot:
            return None
        places: Dict[str, str] = {}
        for place in FOLDERS:
            for name in files.names_in(place):
                places.setdefault(name, "%s/%s" % (place, name))
        found = None
        for name in sorted(name for name in places if name.endswith(".conf") and name > own):
            text = (files.read(files.real(places[name])) or b"").decode("utf-8", "surrogateescape")
            said = [value for key, value in map(setting, texts.rows_of(text)) if key == plain(self.name)]
            found = (places[name], said[-1]) if said else found
        return found if found is not None and _words(found[1]) != _words(self.value) else None

    def diff(self, observed: Observed) -> Optional[Change]:
        kept = texts.edit(observed.file, self.edited, create=True, removes=self.state == "absent") \
            if self.boot else None
        fields = kept.fields if kept is not None else ()
        is_other = self.state == "present" and self.runtime and _words(observed.now) != _words(self.value)
        if is_other and observed.now is None:
            raise Refused("name", "this host's kernel has no setting %s" % self.name,
                          "load its module first, or say `runtime: false`")
        if observed.later is not None:
            raise Refused("path", "%s is read after it at boot, and says %s" % observed.later,
                          "take it out there, or name a `path` that comes later: %s/zz-holdfast.conf" % FOLDER)
        if is_other:
            fields = (Field("now", observed.now, self.value), *fields)
        if not fields:
            return None
        return Change(kept.action if kept else "update", fields, kept.files if kept else {}, (kept, is_other))

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        kept, is_other = change.payload
        back = regular.undo(observed.file) if kept is not None else ()
        if back is None or not is_other:
            return back
        return (("sysctl", {"name": self.name, "value": observed.now, "boot": False}), *back)

    def converge(self, change: Change) -> None:
        kept, is_other = change.payload
        with regular.tentatively([kept] if kept is not None else []):
            if is_other:
                words = ["sysctl", "-q", "-w", "%s=%s" % (self.name, self.value)]
                process.run(words).must("cannot set %s" % self.name)

    def edited(self, now: str) -> str:
        """The whole file as it should be: the last line for a setting is the one that counts, so there is one only."""
        rows = texts.rows_of(now)
        hits = [i for i, row in enumerate(rows) if setting(row)[0] == plain(self.name)]
        is_right = bool(hits) and self.state == "present" and _words(setting(rows[hits[-1]])[1]) == _words(self.value)
        keep = hits[-1] if is_right else -1
        at = len(rows) - len(hits) if not hits else hits[0]
        after: List[str] = [row for i, row in enumerate(rows) if i not in hits or i == keep]
        if self.state == "present" and not is_right:
            texts.put(after, at, ["%s = %s" % (self.name, self.value)])
        return "".join(after)


def plain(name: str) -> str:
    """A setting's name with slashes between its parts, in which it has one spelling only. Where dots divide it, a slash
    stands for a dot that is part of a name, as sysctl.d(5) has it."""
    return name if "/" in name.partition(".")[0] else name.translate(str.maketrans("./", "/."))


def setting(row: str) -> Tuple[str, str]:
    """(name, value) of a line of sysctl.conf(5); two times "" for any other."""
    match = re.match(r"\s*-?([^\s=#;]+)\s*=\s*(.*)", texts.body(row))
    return (plain(match.group(1)), match.group(2).strip()) if match else ("", "")


def _words(value: Optional[str]) -> List[str]:
    return (value or "").split()
