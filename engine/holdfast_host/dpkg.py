"""What dpkg knows of the packages of a host."""
from __future__ import annotations

import os
from typing import Dict, Iterable, List

from . import files
from .errors import Refused
from .record import Record

STATUS, JOURNAL, ARCHITECTURES = "/var/lib/dpkg/status", "/var/lib/dpkg/updates", "/var/lib/dpkg/arch"
SCRIPTS = "/var/lib/dpkg/info"
INSTALLED = ("installed", "triggers-awaited", "triggers-pending")


class Installed(Record):
    """What dpkg knows of a package. want: `install`, `hold` …; status: `installed`, `config-files` …; leaves:
    configuration files, or a script for purging it, are there as long as it is not purged."""

    version: str
    want: str
    status: str
    architecture: str = ""
    essential: bool = False
    leaves: bool = False


def installed(names: Iterable[str]) -> Dict[str, Installed]:
    """What dpkg knows of these packages. Raises Refused on a host without dpkg.

    Read from dpkg's own database, with the journal that dpkg lays over it: dpkg-query reads the same and takes 3 to
    8 ms, this less than 2.
    """
    data = files.read(STATUS)
    if data is None:
        raise Refused("", "this host has no dpkg", "`package` is for Debian, Ubuntu and their kin")
    data = b"\n" + data
    for part in sorted(entry for entry in files.names_in(JOURNAL) if entry.isdecimal()):
        data += b"\n\n" + (files.read(os.path.join(JOURNAL, part)) or b"")
    native = (files.read(ARCHITECTURES) or b"").decode().split("\n")[0]
    found: Dict[str, Installed] = {}
    for name in names:
        bare, _, wanted = name.partition(":")
        for entry in _entries(data, bare):
            if entry.architecture in ("all", wanted or native) or not (wanted or native):
                found[name] = entry
    return found


def _entries(data: bytes, name: str) -> List[Installed]:
    """All that the database says of a name, later words last. A field's further lines begin with a blank, so that the
    beginning of an entry cannot be mistaken."""
    head = b"\nPackage: %s\n" % name.encode()
    found, start = [], data.find(head)
    while start >= 0:
        end = data.find(b"\n\n", start)
        rows = data[start:end if end >= 0 else len(data)].decode("utf-8", "surrogateescape").split("\n")
        fields = dict(row.split(": ", 1) for row in rows if ": " in row and not row.startswith(" "))
        want, _, status = (fields.get("Status", "") + "   ").split(" ")[:3]
        architecture = fields.get("Architecture", "")
        found.append(Installed(fields.get("Version", ""), want, status, architecture,
                               "yes" in (fields.get("Essential"), fields.get("Protected")),
                               "Conffiles:" in rows or _purges_itself(name, architecture)))
        start = data.find(head, start + 1)
    return found


def _purges_itself(name: str, architecture: str) -> bool:
    return any(os.path.exists("%s/%s.postrm" % (SCRIPTS, one)) for one in (name, "%s:%s" % (name, architecture)))
