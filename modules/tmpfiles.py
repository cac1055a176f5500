"""tmpfiles: directories, files and links that systemd-tmpfiles makes at boot and clears when they are old."""
from __future__ import annotations

import re
import shlex
from typing import ClassVar, List, Optional, Sequence, Tuple

from holdfast_host import Change, Declared, Field, Identity, Record, Refused, Resource, arg, files, process, regular
from holdfast_host.files import DIRECTORY, FILE, LINK

FOLDER = "/etc/tmpfiles.d"
MAKES = {**dict.fromkeys("dDvqQ", DIRECTORY), **dict.fromkeys("fF", FILE), "L": LINK}


# What a field of a line may look like: type, path, mode, user, group, age. `-` leaves one out.
TYPES = "fFwdDevqQpLcbCxXrRzZtThHaA"
OWNER = re.compile(r"(?!0[0-7]{3}\Z):?[A-Za-z0-9_][A-Za-z0-9_.%-]*\$?\Z|:?%\S+\Z")
FIELDS = (
    ("mode", re.compile(r"[~:]{0,2}[0-7]{3,4}\Z"), "four octal digits, as 0755"),
    ("user", OWNER, "a user's name or number"), ("group", OWNER, "a group's name or number"),
    ("age", re.compile(r"(?:[abcmABCM]+:)?~?(?:\d+(?:us|usec|ms|msec|s|sec|seconds?|m|min|minutes?|h|hr|hours?|d|days?"
                       r"|w|weeks?|M|months?|y|years?)?)+\Z"), "a time span, as 30d"),
)


def _fields(line: str) -> None:
    """Raises Refused for a field that systemd-tmpfiles would not read, in a line without quotes."""
    if line[0] not in TYPES:
        raise Refused("lines", "`%s` begins with a type that there is none of" % line,
                      "d makes a directory, f a file, L a link: see tmpfiles.d(5)")
    words = line.split()
    if any(mark in line for mark in "\"'\\"):
        return
    for word, (name, form, mend) in zip(words[2:], FIELDS):  # noqa: B905  # a line may end early
        if word != "-" and not form.match(word):
            raise Refused("lines", "`%s`: %s is no %s" % (line, word, name), "%s; the order is type, path, mode, user, "
                          "group, age" % mend)


class Observed(Record):
    """file: what stands in /etc/tmpfiles.d. off: paths that are not there as it says, with its owner and mode."""

    file: regular.Observed
    off: Tuple[str, ...] = ()


class Tmpfiles(Resource):
    """Directories, files and links that systemd-tmpfiles makes at boot, and clears when they are old: a file in
    /etc/tmpfiles.d. It takes effect at once, and only when systemd-tmpfiles can read it. A directory, file or link of
    a plain path that is not there later, or has another owner or mode, is seen and made anew; what else the lines do
    is done at boot. `state: absent` leaves what they have made.
    """

    named: ClassVar[str] = "name"
    example: ClassVar[str] = """
        - tmpfiles: app
          lines:
            - d /run/app 0750 app app -
            - d /var/cache/app 0755 app app 30d
            - L /run/app/current - - - - /srv/app/current
    """

    name: str = arg(doc="The name of the file in /etc/tmpfiles.d, without `.conf`. It takes the place of one of the "
                    "same name in /usr/lib/tmpfiles.d.")
    lines: Tuple[str, ...] = arg((), doc="Its lines, as tmpfiles.d(5) has them: type, path, mode, user, group, age, "
                                 "argument.")
    now: bool = arg(True, doc="Make what they say now; false: at the next boot.")
    state: str = arg("present", choices=("present", "absent"), doc="Whether the file is there.")

    def check(self) -> None:
        if not re.match(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}\Z", self.name) or self.name.endswith(".conf"):
            raise Refused("name", "`%s` is not a file's name without `.conf`" % self.name, "letters, digits, _ and -")
        if self.state == "absent" and self.lines:
            raise Refused("lines", "is given for what is to be absent", "remove it")
        if self.state == "present" and not self.lines:
            raise Refused("lines", "is missing", "add `lines: [d /run/app 0750 app app -]`")
        for line in self.lines:
            if not re.match(r"[a-zA-Z][-+!=~^$?]*\s+[/%\"'][^\r\n]*\Z", line):
                raise Refused("lines", "`%s` is not a line of tmpfiles.d" % line, "as d /run/app 0750 app app -")
            _fields(line)

    def provides(self) -> Sequence[Identity]:
        return (("path", self.path()), *(("path", words[1]) for words in self._made()))

    def wants(self) -> Sequence[Identity]:
        users = tuple(("user", words[3]) for words in self._made() if words[3] != "-")
        groups = tuple(("group", words[4]) for words in self._made() if words[4] != "-")
        return (*users, *groups, *regular.wants(self.path()))

    def path(self) -> str:
        """The file."""
        return "%s/%s.conf" % (FOLDER, self.name)

    def observe(self) -> Observed:
        file = regular.observe(self.path(), "root", "root", follow=False, content=True)
        off = [words[1] for words in self._made() if not _is_so(words)] if self.now else []
        return Observed(file, tuple(off))

    def diff(self, observed: Observed) -> Optional[Change]:
        if self.state == "absent":
            return regular.absent(observed.file)
        text = "".join(line + "\n" for line in self.lines)
        kept = regular.present(observed.file, text.encode("utf-8", "surrogateescape"), "0644")
        fields = kept.fields if kept else ()
        if observed.off:
            fields = (*fields, Field("missing", ", ".join(observed.off), "as the lines say"))
        if not fields:
            return None
        return Change(kept.action if kept else "update", fields, kept.files if kept else {}, kept)

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        gone: List[Declared] = []
        for path in observed.off:
            if files.look(path) is None:
                kind = {words[1]: MAKES[words[0][0]] for words in self._made()}[path]
                gone.append((kind, {"path": path, "state": "absent"}))
        back = regular.undo(observed.file)
        return None if back is None else (*back, *reversed(gone))

    def converge(self, change: Change) -> None:
        if self.state == "absent":
            regular.converge(change)
            return
        with regular.tentatively([change.payload] if change.payload is not None else [], validate=must_be_read):
            if self.now:
                done = process.run(["systemd-tmpfiles", "--create", self.path()])
                done.must("cannot make what %s says" % self.path())

    def _made(self) -> List[List[str]]:
        """The words of the lines that make one thing at a plain path: type, path, mode, user, group."""
        found = []
        for line in self.lines:
            words = [*shlex.split(line), "-", "-", "-"][:5] if line.count('"') % 2 == 0 else []
            plain = words and words[0][0] in MAKES and not re.search(r"[%*?\[]", words[1])
            if plain and not re.search(r"[!^$]", words[0]):
                found.append(words)
        return found


def _is_so(words: Sequence[str]) -> bool:
    """Whether what a line makes is there, with its mode and owner."""
    state = files.look(words[1])
    if state is None or state.kind != MAKES[words[0][0]]:
        return False
    if state.kind == LINK:
        return True
    mode = re.match(r"0?([0-7]{3,4})\Z", words[2])
    user, group = (files.owner_as_shown(words[3]) if words[3] != "-" else None,
                   files.group_as_shown(words[4]) if words[4] != "-" else None)
    return (mode is None or int(state.mode, 8) == int(mode.group(1), 8)) and user in (None, state.owner) and \
        group in (None, state.group)


def must_be_read(path: str) -> None:
    """Raises Failed unless systemd-tmpfiles understands all lines. Nothing is made: no path begins so."""
    process.run(["systemd-tmpfiles", "--create", "--prefix=/.nowhere", path]).must(
        "systemd-tmpfiles does not accept it, nothing was written")
