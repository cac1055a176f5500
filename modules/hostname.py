"""hostname: a host has this name, now and after a boot."""
from __future__ import annotations

from typing import ClassVar, List, Optional, Sequence

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
)

PATH, KERNEL = "/etc/hostname", "/proc/sys/kernel/hostname"


def _name(name: str) -> None:
    checks.host_name(name)
    if "_" in name:  # systemd would cut it out at the next boot
        raise Refused("", "`%s` is not a host's name: no host has an underscore in it" % name,
                      "write %s" % name.replace("_", "-"))


class Observed(Record):
    """file: what is in /etc/hostname, None: it is not there. now: what the kernel says."""

    file: Optional[bytes]
    now: str


class Hostname(Resource):
    """A host has this name, now and after a boot. /etc/hosts is left to `hosts_entry`."""

    named: ClassVar[str] = "name"
    example: ClassVar[str] = """
        - hostname: web1
    """

    name: str = arg(doc="The name, with or without a domain.", check=_name)

    def provides(self) -> Sequence[Identity]:
        return (("hostname", ""), ("path", PATH))

    def observe(self) -> Observed:
        return Observed(files.read(PATH), (files.read(KERNEL) or b"").decode().strip())

    def diff(self, observed: Observed) -> Optional[Change]:
        fields: List[Field] = []
        kept = (observed.file or b"").decode("utf-8", "replace").strip()
        planned = {}
        if kept != self.name:
            fields.append(Field("after a boot", kept or None, self.name))
            data = self.name.encode() + b"\n"
            planned[PATH] = files.FileState(files.FILE, size=len(data), data=data)
        if observed.now != self.name:
            fields.append(Field("now", observed.now, self.name))
        return Change("update", tuple(fields), planned, observed) if fields else None

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        kept = regular.undo(regular.observe(PATH, None, None, follow=False, content=False)) or ()
        return (("hostname", {"name": observed.now}), *kept)

    def converge(self, change: Change) -> None:
        observed: Observed = change.payload
        if PATH in change.files:
            files.replace(PATH, self.name.encode() + b"\n", observed.file)
        if observed.now != self.name:
            process.run(["hostname", self.name]).must("cannot give the host its name")
