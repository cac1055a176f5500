"""Names and numbers of a host's users and groups, remembered while nothing changes them."""
from __future__ import annotations

from typing import Any, Dict, Tuple

from .errors import Failed

_names: Dict[Tuple[str, int], str] = {}
_numbers: Dict[Tuple[str, str], int] = {}


def forget() -> None:
    """Drops what is remembered, after something may have changed users or groups."""
    _names.clear()
    _numbers.clear()


def owner_name(uid: int) -> str:
    """A user's name, or the number as text."""
    name = _names.get(("u", uid))
    if name is None:
        import pwd
        try:
            name = pwd.getpwuid(uid).pw_name
        except KeyError:
            name = str(uid)
        _names["u", uid] = name
    return name


def group_name(gid: int) -> str:
    """A group's name, or the number as text."""
    name = _names.get(("g", gid))
    if name is None:
        import grp
        try:
            name = grp.getgrgid(gid).gr_name
        except KeyError:
            name = str(gid)
        _names["g", gid] = name
    return name


def user_id(name: str) -> int:
    """A user's number from its name or digits. Raises Failed when there is no such user."""
    number = _numbers.get(("u", name))
    if number is None:
        import pwd
        try:
            number = pwd.getpwnam(name).pw_uid
        except KeyError:
            number = _digits(name, "user")
        _numbers["u", name] = number
    return number


def group_id(name: str) -> int:
    """A group's number from its name or digits. Raises Failed when there is no such group."""
    number = _numbers.get(("g", name))
    if number is None:
        import grp
        try:
            number = grp.getgrnam(name).gr_gid
        except KeyError:
            number = _digits(name, "group")
        _numbers["g", name] = number
    return number


def owner_as_shown(name: str) -> str:
    """How `FileState.owner` spells this user: "0" and a second name of the same number become its first name. A user
    that does not exist (yet) stays as it is written."""
    try:
        return owner_name(user_id(name))
    except Failed:
        return name


def group_as_shown(name: str) -> str:
    """How `FileState.group` spells this group; see `owner_as_shown`."""
    try:
        return group_name(group_id(name))
    except Failed:
        return name


def entry(user: str) -> Any:
    """The user's line of the password database (`pwd.struct_passwd`), or None."""
    import pwd
    try:
        return pwd.getpwnam(user)
    except KeyError:
        return None


def _digits(name: str, what: str) -> int:
    if name.isdecimal():
        return int(name)
    raise Failed("there is no %s %s on this host" % (what, name), mend="declare `%s: %s` too" % (what, name))
