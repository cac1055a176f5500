"""Owner, group and mode: what is declared, held against what is. Pure."""
from __future__ import annotations

import re
from typing import Any, List, Optional, Tuple

from .ahead import DIRECTORY, FILE, FileState
from .checks import MODE_CLAUSE
from .record import with_fields
from .resource import Field

_WHO = {"u": 0o4700, "g": 0o2070, "o": 0o1007}


def mode_after(text: str, now: str, is_directory: bool) -> str:
    """The mode that `text` makes of the mode `now`, as four octal digits.

    text: as `checks.permissions` lets it through. Letters mean what they mean to chmod, but for the umask: without a
    who they mean all.
    """
    if text[:1].isdecimal():
        return text
    bits = int(now, 8)
    for clause in text.split(","):
        match = MODE_CLAUSE.match(clause)
        if match is not None:
            who = match.group(1).replace("a", "ugo") or "ugo"
            for sign, letters in re.findall(r"([-+=])([ugo]|[rwxXst]*)", match.group(2)):
                bits = _moved(bits, who, sign, letters, is_directory)
    return "%04o" % bits


def _moved(bits: int, who: str, sign: str, letters: str, is_directory: bool) -> int:
    mask = sum(_WHO[one] for one in set(who))
    value = _value(bits, letters, is_directory) & mask
    if "t" in letters:
        value |= 0o1000
    if sign == "+":
        return bits | value
    if sign == "-":
        return bits & ~value
    keeps = bits & 0o6000 if is_directory and "s" not in letters else 0  # as chmod: a directory's setgid stays
    return bits & ~mask | value | keeps


def _value(bits: int, letters: str, is_directory: bool) -> int:
    if letters in ("u", "g", "o") and letters:
        return (bits >> {"u": 6, "g": 3, "o": 0}[letters] & 7) * 0o111
    value = 0
    for letter in letters:
        value |= {"r": 0o444, "w": 0o222, "x": 0o111, "s": 0o6000, "t": 0,
                  "X": 0o111 if is_directory or bits & 0o111 else 0}[letter]
    return value


def dressed(now: FileState, owner: Optional[str], group: Optional[str], mode: Optional[str]) -> FileState:
    """The state with what is declared put on it; None: stays. owner and group as `FileState` spells them.

    A file that changes hands loses setuid and setgid unless its mode is declared: a program is not to run with the
    rights of an owner who never gave them.
    """
    owner, group = owner or now.owner, group or now.group
    if mode is not None:
        after = mode_after(mode, now.mode, now.kind == DIRECTORY)
    elif now.kind == FILE and (owner, group) != (now.owner, now.group):
        after = "%04o" % (int(now.mode, 8) & 0o1777)
    else:
        after = now.mode
    if (owner, group, after) == (now.owner, now.group, now.mode):
        return now
    return with_fields(now, owner=owner, group=group, mode=after)


def differences(before: Optional[FileState], after: Optional[FileState], suffix: str = "") -> Tuple[Field, ...]:
    """Owner, group and mode where they differ, as fields; None stands for what is not there."""
    fields: List[Field] = []
    for name in ("owner", "group", "mode"):
        old: Any = getattr(before, name) if before is not None else None
        new: Any = getattr(after, name) if after is not None else None
        if old != new:
            fields.append(Field(name + suffix, old, new))
    return tuple(fields)
