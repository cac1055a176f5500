"""acl: what users and groups beside the owner may do with a file or directory."""
from __future__ import annotations

import re
from typing import ClassVar, Dict, List, Optional, Sequence, Tuple

from holdfast_host import (
    Change,
    Declared,
    Failed,
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
from holdfast_host.files import DIRECTORY, LINK

KINDS = {"u": "user", "g": "group", "user": "user", "group": "group"}
SHOWN = 5  # paths below that a report names
MOST_BACK = 2000  # paths whose entries are kept to be given back

Entries = Dict[Tuple[str, str], str]  # ("user", "1000") or ("default:user", "1000"), and what they may: "rwx"
Wanted = Dict[Tuple[str, str], Optional[str]]  # None: no entry for this one


def parts(text: str) -> Tuple[str, str, str]:
    """(user or group, name, rights) of an entry. Raises Refused."""
    match = re.match(r"(u|g|user|group):([^:]+):([rwxX-]{1,4})\Z", text)
    if match is None:
        raise Refused("", "`%s` is not an entry" % text, "as u:deploy:rwX or g:adm:r; the owner's rights are a `mode`")
    checks.owner(match.group(2))
    return KINDS[match.group(1)], match.group(2), match.group(3)


def _entries(given: Sequence[str]) -> None:
    seen = [parts(text)[:2] for text in given]
    if len(set(seen)) < len(seen):
        raise Refused("", "names somebody twice", "leave one out")


class Found(Record):
    """What a path has. runs: whether it is a directory, or its owner or all others may run it."""

    path: str
    is_folder: bool
    runs: bool
    entries: Entries


class Observed(Record):
    """kind: of what stands at the path; "": nothing does. found: what has which entries, names as numbers. numbers: of
    the declared names, in their order; None: there is no such user or group."""

    kind: str
    found: Tuple["Found", ...] = ()
    numbers: Tuple[Optional[str], ...] = ()
    has_tool: bool = True


class Acl(Resource):
    """What users and groups beside the owner may do with a file or directory (POSIX ACLs). Entries of others stay.
    Links are not followed. An entry counts only as far as the mask lets it: one that a chmod has cut down is seen."""

    named: ClassVar[str] = "path"
    example: ClassVar[str] = """
        - acl: /srv/app/shared
          entries: [u:deploy:rwX, g:www-data:rX]
          default: [u:deploy:rwX, g:www-data:rX]
          recurse: true
        - acl: /var/log/app
          entries: [g:adm:r]
          state: absent
    """

    path: str = arg(doc="The file or directory.", check=checks.absolute)
    entries: Tuple[str, ...] = arg((), check=_entries, doc="`u:NAME:RIGHTS` or `g:NAME:RIGHTS`, rights of r, w, x, - "
                                   "and X: x for directories and what the owner may run.")
    default: Tuple[str, ...] = arg((), check=_entries, doc="The same, for what is made in the directory from now on.")
    recurse: bool = arg(False, doc="All that is below, too.")
    state: str = arg("present", choices=("present", "absent"), doc="`absent` takes the entries of these users and "
                     "groups out, whatever their rights.")

    def check(self) -> None:
        if not self.entries and not self.default:
            raise Refused("entries", "is missing", "add `entries: [u:deploy:rX]`")

    def provides(self) -> Sequence[Identity]:
        return (("acl", self.path),)

    def wants(self) -> Sequence[Identity]:
        named = tuple((kind, name) for kind, name, _ in map(parts, (*self.entries, *self.default)))
        return (("path", self.path), ("package", "acl"), *regular.wants(self.path), *named)

    def observe(self) -> Observed:
        state = files.look(self.path)
        if state is None:
            return Observed("")
        if process.which("setfacl") is None:
            return Observed(state.kind, has_tool=False)
        numbers = tuple(_number(kind, name) for kind, name, _ in map(parts, (*self.entries, *self.default)))
        planned = files.find(self.path)
        if planned[0] and process.run(["test", "-e", self.path]).code != 0:
            raise Refused("path", "%s is not there yet" % self.path)
        deep = ["-R", "-P"] if self.recurse else []
        done = process.run(["getfacl", "-n", "-p", "-E", *deep, "--", self.path])
        done.must("cannot read who may use %s" % self.path)
        return Observed(state.kind, parsed(done.stdout), numbers)

    def diff(self, observed: Observed) -> Optional[Change]:
        if not observed.kind:
            if self.state == "absent":
                return None
            raise Refused("path", "%s does not exist" % self.path, "declare it as a `file` or a `directory`")
        if observed.kind == LINK:
            raise Refused("path", "%s is a link" % self.path, "name what it leads to")
        if not observed.has_tool:
            raise Refused("", "setfacl is not installed on this host", "declare `package: acl`")
        if self.default and observed.kind != DIRECTORY:
            raise Refused("default", "is given for a %s" % observed.kind, "only directories have such entries")
        given = (*self.entries, *self.default)
        gone = [one for one, number in zip(given, observed.numbers) if number is None]  # noqa: B905
        if gone and self.state == "present":
            raise Refused("entries", "there is no such user or group: %s" % gone[0], "declare it")
        off: List[str] = []
        fields: List[Field] = []
        for one in observed.found:
            wrong = self._wrong(observed, one)
            if one.path == self.path:
                fields += [Field("%s:%s" % key, one.entries.get(key), rights) for key, rights in wrong.items()]
            elif wrong:
                off.append(one.path)
        if off:
            more = " and %d more" % (len(off) - SHOWN) if len(off) > SHOWN else ""
            fields.append(Field("below", ", ".join(off[:SHOWN]) + more, "as declared"))
        return Change("update", tuple(fields), payload=observed) if fields else None

    def _wrong(self, observed: Observed, one: Found) -> Wanted:
        """The entries that something is to have and has not."""
        return {key: rights for key, rights in self._wanted(observed, one).items() if one.entries.get(key) != rights}

    def _wanted(self, observed: Observed, one: Found) -> Wanted:
        """The entries that something is to have."""
        wanted: Wanted = {}
        for i, text in enumerate((*self.entries, *self.default)):
            kind, _, rights = parts(text)
            is_default = i >= len(self.entries)
            number = observed.numbers[i]
            if number is None or (is_default and not one.is_folder):
                continue
            letters = {"r", "w", "x"} & set(rights) | ({"x"} if "X" in rights and one.runs else set())
            plain = "".join(letter if letter in letters else "-" for letter in "rwx")
            wanted["default:" + kind if is_default else kind, number] = plain if self.state == "present" else None
        return wanted

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        changed = [one for one in observed.found if self._wrong(observed, one)]
        if len(changed) > MOST_BACK:
            raise Failed("what %d paths had is not kept, for %d at most" % (len(changed), MOST_BACK))
        return [step for one in changed for step in self._back(observed, one)]

    def _back(self, observed: Observed, one: Found) -> Sequence[Declared]:
        """What gives one path the entries again that it had."""
        back: List[Declared] = []
        for is_default in (False, True):
            keys = [key for key in self._wrong(observed, one) if key[0].startswith("default") == is_default]
            argument = "default" if is_default else "entries"
            for state, has in (("absent", False), ("present", True)):
                texts = ["%s:%s:%s" % (key[0].rpartition(":")[2], key[1], one.entries.get(key, "---")) for key in keys
                         if (key in one.entries) == has]
                if texts:
                    back.append(("acl", {"path": one.path, argument: texts, "state": state}))
        return back

    def converge(self, change: Change) -> None:
        observed: Observed = change.payload
        for one in observed.found:
            wrong = self._wrong(observed, one)
            if not wrong:
                continue
            removes = [",".join("%s:%s" % key for key, rights in wrong.items() if rights is None)]
            sets = [",".join("%s:%s:%s" % (*key, rights) for key, rights in wrong.items() if rights is not None)]
            words = [word for flag, given in (("-x", removes), ("-m", sets)) if given[0] for word in (flag, given[0])]
            process.run(["setfacl", "-P", *words, "--", one.path]).must("cannot change who may use %s" % one.path)
            self._clean(one, wrong)

    def _clean(self, one: Found, wrong: Wanted) -> None:
        """A mask that has nothing left to hold back goes, so that the mode is again what it says; and so do defaults
        that are for nobody else any more."""
        left = {key for key in (*one.entries, *wrong) if wrong.get(key, "") is not None}
        gone = {key[0].startswith("default:") for key, rights in wrong.items() if rights is None}
        for is_default, words in ((False, ["-x", "m"]), (True, ["-k"])):
            if is_default in gone and not any(key[0].startswith("default:") == is_default for key in left):
                process.run(["setfacl", "-P", *words, "--", one.path]).must(
                    "cannot change who may use %s" % one.path)


def parsed(text: str) -> Tuple[Found, ...]:
    """What `getfacl -n` prints: the entries of named users and groups, as far as the mask lets them count. Bytes of a
    path that it writes in octal are put back."""
    found: List[Found] = []
    for block in text.split("\n\n"):
        rows = block.strip("\n").split("\n")
        if not rows[0].startswith("# file: "):
            continue
        path = re.sub(r"(?:\\[0-7]{3})+|\\\\", _bytes, rows[0][len("# file: "):])
        masks = {match.group(1) or "": match.group(2) for row in rows
                 for match in (re.match(r"(default:)?mask::([rwx-]{3})", row),) if match}
        entries: Entries = {}
        for row in rows:
            match = re.match(r"(default:)?(user|group):(\d+):([rwx-]{3})", row)
            if match:
                prefix = match.group(1) or ""
                mask = masks.get(prefix, "rwx")
                entries[prefix + match.group(2), match.group(3)] = "".join(
                    one if one in mask else "-" for one in match.group(4))
        state = files.look(path)
        is_folder = state is not None and state.kind == DIRECTORY
        # The group's own rights are no sign: a file that was made where there are defaults has them without its mask.
        runs = is_folder or any(re.match(r"(?:user|other)::..x", row) for row in rows)
        found.append(Found(path, is_folder, runs, entries))
    return tuple(found)


def _bytes(match: "re.Match[str]") -> str:
    if match.group() == "\\\\":
        return "\\"
    return bytes(int(one, 8) for one in match.group()[1:].split("\\")).decode("utf-8", "surrogateescape")


def _number(kind: str, name: str) -> Optional[str]:
    try:
        return str(files.user_id(name) if kind == "user" else files.group_id(name))
    except Failed:
        return None
