"""/etc/fstab, and what is mounted: entries as fstab(5) has them, mounts as the kernel lists them."""
from __future__ import annotations

import re
from typing import List, Optional, Sequence, Tuple

from . import texts
from .record import Record

PATH = "/etc/fstab"
_ESCAPED = ((" ", "\\040"), ("\t", "\\011"), ("\n", "\\012"))


class Entry(Record):
    """One line, its blanks plain. place: the mount point, `none` for swap."""

    source: str
    place: str
    kind: str
    options: str = "defaults"
    dump: int = 0
    order: int = 0

    def row(self) -> str:
        """The line as it is written."""
        return "\t".join([*(escaped(word) for word in (self.source, self.place, self.kind, self.options)),
                          str(self.dump), str(self.order)])


class Mount(Record):
    """What the kernel has mounted somewhere. root: which part of the file system; options: of the mount and of the
    file system."""

    place: str
    root: str
    kind: str
    source: str
    options: Tuple[str, ...]


def escaped(word: str) -> str:
    word = word.replace("\\", "\\134")
    for char, octal in _ESCAPED:
        word = word.replace(char, octal)
    return word


def plain(word: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), word)


def parsed(row: str) -> Optional[Entry]:
    """The entry of a line; None: it is none."""
    words = [plain(word) for word in row.partition("#")[0].split()]
    if len(words) < 3:
        return None
    numbers = [int(word) if word.isdecimal() else 0 for word in words[4:6]] + [0, 0]
    return Entry(words[0], words[1], words[2], words[3] if len(words) > 3 else "defaults", numbers[0], numbers[1])


def entries(text: str) -> List[Entry]:
    return [entry for entry in map(parsed, text.splitlines()) if entry is not None]


def edited(text: str, is_ours: Sequence[Entry], wanted: Optional[Entry]) -> str:
    """The text with one entry in the place of those that are ours; a line that says the same already stays."""
    rows = texts.rows_of(text)
    found = [i for i, row in enumerate(rows) if parsed(texts.body(row)) in is_ours]
    keep = next((i for i in found if wanted is not None and parsed(texts.body(rows[i])) == wanted), None)
    after: List[str] = []
    for i, row in enumerate(rows):
        if i not in found or i == keep:
            after.append(row)
        elif i == found[0] and wanted is not None and keep is None:
            texts.put(after, len(after), [wanted.row()])
    if wanted is not None and not found:
        texts.put(after, len(after), [wanted.row()])
    return "".join(after)


def mounts() -> List[Mount]:
    """All that this process sees mounted, in the order in which it was."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as stream:
        return [_mount(line) for line in stream]


def _mount(line: str) -> Mount:
    own, _, system = line.partition(" - ")
    words, more = own.split(" "), system.split()
    options = (*words[5].split(","), *more[2].split(",")) if len(more) > 2 else tuple(words[5].split(","))
    return Mount(plain(words[4]), plain(words[3]), more[0], plain(more[1]), options)
