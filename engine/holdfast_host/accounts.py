"""The accounts that a host keeps in its own files: passwd, group and shadow."""
from __future__ import annotations

from typing import Any, Callable, Dict, Mapping, Optional, Tuple

from . import files
from .record import Record

PASSWD, GROUP, SHADOW, LOGIN_DEFS = "/etc/passwd", "/etc/group", "/etc/shadow", "/etc/login.defs"


class UserEntry(Record):
    """A line of passwd. gid: of the primary group."""

    name: str
    uid: int
    gid: int
    comment: str
    home: str
    shell: str


class GroupEntry(Record):
    """A line of group."""

    name: str
    gid: int
    members: Tuple[str, ...]


class ShadowEntry(Record):
    """A line of shadow. password: a hash, or what stands in its place; expires: days since 1970-01-01, None: never,
    for which -1 stands too."""

    name: str
    password: str
    expires: Optional[int]


class Accounts(Record):
    """All accounts of the files, by name. shadow is empty when it was not asked for."""

    users: Mapping[str, UserEntry]
    groups: Mapping[str, GroupEntry]
    shadow: Mapping[str, ShadowEntry] = {}

    def group_of(self, gid: int) -> str:
        """A group's name, or the number as text."""
        return next((group.name for group in self.groups.values() if group.gid == gid), str(gid))

    def group_named(self, name: str) -> Optional[GroupEntry]:
        """The group of this name, or of this number in digits."""
        if name in self.groups or not name.isdecimal():
            return self.groups.get(name)
        return next((group for group in self.groups.values() if group.gid == int(name)), None)


def load(with_shadow: bool = False) -> Accounts:
    """Reads the files. Raises Failed when one cannot be read, as shadow cannot by anyone but root."""
    return Accounts(parsed(files.read(PASSWD), _user), parsed(files.read(GROUP), _group),
                    parsed(files.read(SHADOW), _shadow) if with_shadow else {})


def parsed(data: Optional[bytes], entry: Callable[[Any], Any]) -> Dict[str, Any]:
    """The entries of a file by name, the first of equal names; lines that are not entries are left out, as by libc."""
    found: Dict[str, Any] = {}
    for line in (data or b"").decode("utf-8", "surrogateescape").split("\n"):
        try:
            made = entry(line.split(":"))
        except (ValueError, IndexError):
            continue
        found.setdefault(made.name, made)
    return found


def _user(row: Any) -> UserEntry:
    name, _, uid, gid, comment, home, shell = row
    return UserEntry(name, _number(uid), _number(gid), comment, home, shell)


def _group(row: Any) -> GroupEntry:
    name, _, gid, members = row
    return GroupEntry(name, _number(gid), tuple(word.strip() for word in members.split(",") if word.strip()))


def _shadow(row: Any) -> ShadowEntry:
    days = row[7].strip()
    return ShadowEntry(row[0], row[1], _number(days) if days and not days.startswith("-") else None)


def _number(text: str) -> int:
    """Raises ValueError for what libc takes for none: Python's own `int` also reads 1_000 and digits of any script."""
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(text)
    return int(text)


def login_defs() -> Dict[str, str]:
    """The settings of /etc/login.defs, which useradd follows."""
    text = (files.read(LOGIN_DEFS) or b"").decode("utf-8", "surrogateescape")
    rows = (line.split(None, 1) for line in text.split("\n") if not line.lstrip().startswith("#"))
    return {row[0]: row[1].strip().strip('"') for row in rows if len(row) == 2}


def login_number(setting: str, default: str, base: int = 10) -> int:
    """A number of /etc/login.defs; the default where it is not there, or is none, as useradd then warns and does."""
    found = login_defs().get(setting, default)
    try:
        return int(found, base)
    except ValueError:
        return int(default, base)
