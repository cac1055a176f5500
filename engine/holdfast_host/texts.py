"""A part of a text file is to be so, and the rest to stay: what `line`, `block` and others do alike."""
from __future__ import annotations

import re
from typing import Callable, List, Optional, Sequence, Tuple

from . import checks, files, regular
from .errors import Refused
from .resource import Change, Declared, Identity, Resource, arg

TOP, END = "TOP", "END"
BYTE_ORDER = b"\xef\xbb\xbf"  # a mark that some editors put on top
WIDE = (b"\xff\xfe", b"\xfe\xff")  # what UTF-16 and UTF-32 begin with


class Edited(Resource):
    """Base of types whose resources are a part of a text file; the rest of it stays, line ends and bytes that are not
    UTF-8 included. A link is followed."""

    def where(self) -> str:
        """The file."""
        raise NotImplementedError(type(self).__name__)

    def edited(self, now: str) -> str:
        """The whole text as it should be. Pure. Raises Refused for what cannot be edited safely."""
        raise NotImplementedError(type(self).__name__)

    def wants(self) -> Sequence[Identity]:
        return (("path", self.where()), *regular.wants(self.where()))

    def observe(self) -> regular.Observed:
        return observe(self.where())

    def diff(self, observed: regular.Observed) -> Optional[Change]:
        return edit(observed, self.edited, create=True, removes=self.is_removal())

    def undo(self, observed: regular.Observed, change: Change) -> Optional[Sequence[Declared]]:
        return regular.undo(observed)

    def converge(self, change: Change) -> None:
        regular.converge(change)


class EditedAt(Edited):
    """The same for types that take the file as an argument."""

    path: str = arg(doc="The file.", check=checks.absolute)
    create: bool = arg(False, doc="Make the file if there is none.")
    validate: Optional[str] = arg(None, check=checks.command_on_file, doc="A command that must accept the new content "
                                  "before it takes effect; %s is its path. It is not run by a shell.")
    backup: bool = arg(False, doc="Keep the content that is replaced, under the file's name with a piece of the "
                       "content's hash and a tilde.")

    def where(self) -> str:
        return self.path

    def diff(self, observed: regular.Observed) -> Optional[Change]:
        return edit(observed, self.edited, create=self.create, removes=self.is_removal(), backup=self.backup)

    def converge(self, change: Change) -> None:
        regular.converge(change, self.validate)


def observe(path: str) -> regular.Observed:
    """The file with its content; a link is followed."""
    return regular.observe(path, None, None, follow=True, content=True, shown=files.LIMIT)


def edit(observed: regular.Observed, edited: Callable[[str], str], *, create: bool, removes: bool,
         backup: bool = False) -> Optional[Change]:
    """The change that makes the file's text what `edited` makes of it. Bytes that are no text come back unharmed.

    removes: something is taken out, so that without a file nothing is to be done. Raises Refused where there is no
    file and none is to be made, and for what is no text file.
    """
    if observed.state is None and removes:
        return None
    if observed.state is None and not create:
        raise Refused("path", "%s does not exist" % observed.path, "declare it as a `file`, or say `create: true`")
    if observed.state is not None and observed.data is None:
        what = "not a file but a %s" % observed.state.kind
        if observed.sha256:
            what = "larger than %d bytes" % files.LIMIT
        raise Refused("path", "%s is %s" % (observed.path, what), "name a text file")
    data = observed.data or b""
    if data.startswith(WIDE):
        raise Refused("path", "%s is UTF-16 or UTF-32, not UTF-8" % observed.path, "convert it first, as with `iconv`")
    mark = BYTE_ORDER if data.startswith(BYTE_ORDER) else b""  # it belongs to the file, not to its first line
    after = edited(data[len(mark):].decode("utf-8", "surrogateescape"))
    return regular.present(observed, mark + after.encode("utf-8", "surrogateescape"), None, backup=backup)


def rows_of(text: str) -> List[str]:
    """Its lines with their ends; the last may have none."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def body(row: str) -> str:
    """A line without its end."""
    return row.rstrip("\r\n")


def line_end(rows: Sequence[str]) -> str:
    """How the lines of this file end."""
    return "\r\n" if rows and rows[0].rstrip("\n").endswith("\r") else "\n"


def put(rows: List[str], at: int, new: Sequence[str]) -> None:
    """Puts lines, given without their ends, at an index; a last line that has no end gets one first."""
    end = line_end(rows)
    if rows and at == len(rows) and not rows[-1].endswith("\n"):
        rows[-1] += "\n" if rows[-1].endswith("\r") else end
    rows[at:at] = [row + end for row in new]


def place(rows: Sequence[str], after: Optional[str], before: Optional[str]) -> int:
    """The index for what is new: behind the last line that `after` finds, ahead of the first that `before` finds, at
    the TOP or the END; and at the end when nothing is found."""
    if before == TOP:
        return 0
    anchor = (after if after != END else None) or before
    found = [i for i, row in enumerate(rows) if anchor is not None and re.search(anchor, body(row))]
    if not found:
        return len(rows)
    return found[0] if before is not None else found[-1] + 1


def both_places(after: Optional[str], before: Optional[str], is_absent: bool) -> None:
    """Raises Refused when two places are given, or one for what is to be absent."""
    if after is not None and before is not None:
        raise Refused("before", "and `after` are both given", "remove one of them")
    given: Tuple[str, ...] = tuple(name for name, value in (("after", after), ("before", before)) if value is not None)
    if given and is_absent:
        raise Refused(given[0], "is given for what is to be absent", "remove it")
