"""timezone: a host's clock shows the time of this place."""
from __future__ import annotations

import os
import re
from typing import ClassVar, Dict, List, Optional, Sequence, Tuple

from holdfast_host import Change, Declared, Field, Identity, Record, Refused, Resource, arg, files, regular, zones

ZONES, LINK, NAME = "/usr/share/zoneinfo", "/etc/localtime", "/etc/timezone"

ABBREVIATIONS = frozenset(("CET", "EET", "MET", "WET", "EST", "MST", "HST", "GMT", "UCT"))  # those that tzdata has


def _zone(name: str) -> None:
    if not re.match(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*\Z", name):
        raise Refused("", "`%s` is not a time zone" % name, "as Europe/Berlin or UTC")
    if re.match(r"[A-Z]{2,4}T\Z", name) and name not in ABBREVIATIONS:
        raise Refused("", "`%s` is an abbreviation, which tzdata does not know" % name,
                      "name a place in that zone: Europe/Berlin, America/New_York")
    zones.zone(name)


class Observed(Record):
    """link: what stands at /etc/localtime. name: what is in /etc/timezone, None: this host does not keep one. is_known:
    whether the host has the zone; near: zones with a like name, when it has not."""

    link: Optional[files.FileState]
    name: Optional[bytes]
    is_known: bool
    near: Tuple[str, ...] = ()


class Timezone(Resource):
    """A host's clock shows the time of this place. Services that run already show it after a restart."""

    named: ClassVar[str] = "name"
    example: ClassVar[str] = """
        - timezone: Europe/Berlin
    """

    name: str = arg(doc="The time zone, as tzdata names it: `Europe/Berlin`, `UTC`.", check=_zone)

    def provides(self) -> Sequence[Identity]:
        return (("timezone", ""), ("path", LINK), ("path", NAME))

    def wants(self) -> Sequence[Identity]:
        return (("package", "tzdata"),)

    def observe(self) -> Observed:
        is_known = is_zone(os.path.join(ZONES, self.name))
        return Observed(files.look(LINK), files.read(NAME), is_known, () if is_known else near(self.name))

    def diff(self, observed: Observed) -> Optional[Change]:
        if not observed.is_known:
            raise Refused("name", "this host does not know the time zone `%s`" % self.name, "did you mean %s?" %
                          " or ".join("`%s`" % one for one in observed.near) if observed.near else
                          "install `package: tzdata`")
        fields: List[Field] = []
        target = os.path.join(ZONES, self.name)
        link = observed.link
        planned: Dict[str, Optional[files.FileState]] = {}
        if link is None or link.kind != files.LINK or os.path.normpath(os.path.join("/etc", link.target)) != target:
            before = zone_of(link)
            fields.append(Field("zone", before, self.name))
            planned[LINK] = files.FileState(files.LINK, "0777", target=target)
        if observed.name is not None and observed.name.strip() != self.name.encode():
            fields.append(Field(NAME, observed.name.decode("utf-8", "replace").strip(), self.name))
            data = self.name.encode() + b"\n"
            planned[NAME] = files.FileState(files.FILE, size=len(data), data=data)
        return Change("update", tuple(fields), planned, observed) if fields else None

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        return tuple(one for path in change.files for one in regular.undo(
            regular.observe(path, None, None, follow=False, content=False)) or ())

    def converge(self, change: Change) -> None:
        observed: Observed = change.payload
        link = change.files.get(LINK)
        if link is not None:
            files.make_link(LINK, link, lambda: files.look(LINK) == observed.link)
        if NAME in change.files:
            files.replace(NAME, self.name.encode() + b"\n", observed.name)


def is_zone(path: str) -> bool:
    """Whether this is a compiled zone: beside those there lie folders of them and tables in the same place."""
    state = files.look(files.real(path))
    return state is not None and state.kind == files.FILE and (files.read(path) or b"").startswith(b"TZif")


def zone_of(link: Optional[files.FileState]) -> Optional[str]:
    """The zone that a state of /etc/localtime stands for, in words."""
    if link is None:
        return None
    if link.kind != files.LINK:
        return "a %s" % link.kind
    return link.target.partition("zoneinfo/")[2] or link.target


def near(name: str) -> Tuple[str, ...]:
    """Zones of this host with a like name."""
    import difflib

    known = [path[len(ZONES) + 1:] for path, state in files.tree(ZONES) if state.kind != files.DIRECTORY]
    return tuple(difflib.get_close_matches(name, known, 3, 0.6))
