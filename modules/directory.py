"""directory: a directory with this owner, group and mode, or none."""
from __future__ import annotations

from typing import ClassVar, List, Optional, Sequence, Tuple

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
    attributes,
    checks,
    files,
    regular,
)
from holdfast_host.files import DIRECTORY, FILE, LINK, FileState

SHOWN = 20  # paths below that a report names one by one
SYSTEM = frozenset((  # are never removed
    "/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/opt", "/proc", "/root", "/run", "/sbin", "/srv",
    "/sys", "/tmp", "/usr", "/usr/bin", "/usr/lib", "/usr/local", "/usr/sbin", "/usr/share", "/var", "/var/lib",  # noqa: S108
    "/var/log"))


class Observed(Record):
    """path: the directory that counts, a link followed if asked for. missing: the directories above it that are not
    there, uppermost first. fresh: what a new one would be in the lowest that is there; None: that is no directory.
    below: everything in it, when it is asked for. owner, group: the declared ones as the host spells them."""

    path: str
    state: Optional[FileState]
    missing: Tuple[str, ...]
    fresh: Optional[FileState]
    below: Tuple[Tuple[str, FileState], ...]
    is_empty: bool
    owner: Optional[str]
    group: Optional[str]


class Deed(Record):
    """What `converge` needs: paths to be removed, to be made, and to be given another owner, group or mode."""

    observed: Observed
    makes: Tuple[Tuple[str, FileState], ...] = ()
    dresses: Tuple[Tuple[str, FileState, FileState], ...] = ()


class Directory(Resource):
    """A directory: its owner, group and mode, and if asked for those of everything in it.

    Directories above it that are missing are made with the same owner, group and mode. Links in it are never followed.
    """

    named: ClassVar[str] = "path"
    example: ClassVar[str] = """
        - directory: /srv/app/releases
          owner: deploy
          group: www-data
          mode: "2750"
        - directory: /srv/app/shared
          owner: deploy
          recurse: true
          mode: "0750"
          file_mode: u=rw,g=r,o=
        - directory: /srv/old
          state: absent
          force: true
    """

    path: str = arg(doc="The directory.", check=checks.absolute)
    owner: Optional[str] = arg(None, check=checks.owner, doc="The user it belongs to, by name or number. A new "
                               "directory is the user's who applies.")
    group: Optional[str] = arg(None, check=checks.owner, doc="The group it belongs to, by name or number.")
    mode: Optional[str] = arg(None, check=checks.permissions, doc='Permissions: four octal digits in quotes ("0750") '
                              'or letters as chmod takes them ("u=rwx,g=rx,o="). A new directory is 0755.')
    state: str = arg("present", choices=("present", "absent"), doc="Whether the directory is there. `absent` removes "
                     "an empty one; with `force`, all that is in it too.")
    parents: bool = arg(True, doc="Make the directories above it that are missing.")
    recurse: bool = arg(False, doc="Give everything below the same owner and group, and directories below the same "
                        "mode. Files below get `file_mode`.")
    file_mode: Optional[str] = arg(None, check=checks.permissions, doc="With `recurse`: permissions of the files "
                                   "below, written as `mode` is.")
    follow: bool = arg(False, doc="If the path is a link to a directory, that directory is meant. Without this a link "
                       "is refused.")
    force: bool = arg(False, doc="Put the directory in the place of a file or link; with `state: absent`, remove it "
                      "with all that is in it.")

    def check(self) -> None:
        if self.file_mode is not None and not self.recurse:
            raise Refused("file_mode", "says nothing without `recurse`", "add `recurse: true`")
        if self.state == "absent":
            for name in ("recurse", "owner", "group", "mode"):
                if getattr(self, name):
                    raise Refused(name, "is given for a directory that is to be absent",
                                  "remove it, or `state: absent`")
            if self.path in SYSTEM:
                raise Refused("path", "%s is a directory of the system itself" % self.path, "name one below it")
        if self.recurse and not (self.owner or self.group or self.mode or self.file_mode):
            raise Refused("recurse", "has nothing to give", "add `owner`, `group`, `mode` or `file_mode`")
        if self.follow and self.force:
            raise Refused("force", "and `follow` are both given", "a link is either followed or replaced; remove one")

    def provides(self) -> Sequence[Identity]:
        return (("path", self.path),)

    def wants(self) -> Sequence[Identity]:
        return regular.wants(self.path, self.owner, self.group)

    def observe(self) -> Observed:
        path = self.path
        state = files.look(path)
        if state is not None and state.kind == LINK and self.follow and self.state == "present":
            path = files.real(path)
            state = files.look(path)
        missing: Tuple[str, ...] = ()
        fresh = None
        if state is None or state.kind != DIRECTORY:
            missing = _missing_above(path)
            fresh = files.fresh(missing[0] if missing else path, DIRECTORY)
        is_there = state is not None and state.kind == DIRECTORY
        below = tuple(files.tree(path)) if is_there and self.recurse else ()
        is_empty = self.state == "present" or not is_there or not files.names_in(path)
        return Observed(path, state, missing, fresh, below, is_empty, self.owner and files.owner_as_shown(self.owner),
                        self.group and files.group_as_shown(self.group))

    def diff(self, observed: Observed) -> Optional[Change]:
        if self.state == "absent":
            return self._removal(observed)
        before = observed.state
        if before is None or before.kind != DIRECTORY:
            return self._creation(observed)
        pairs = [(observed.path, before), *observed.below]
        dresses = [(path, now, after) for path, now in pairs for after in (self._as_declared(path, now, observed),)
                   if after is not now]
        if not dresses:
            return None
        return Change("update", _fields(observed.path, dresses), {path: after for path, _, after in dresses},
                      Deed(observed, dresses=tuple(dresses)))

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        deed: Deed = change.payload
        if self.state == "absent":
            return regular.put_back(observed.path, observed.state) if observed.state and observed.is_empty else None
        if deed.makes:
            gone = [("directory", {"path": path, "state": "absent"}) for path, _ in reversed(deed.makes)]
            return [*gone, *(regular.put_back(observed.path, observed.state) or ())] if observed.state else gone
        return [_undressed(path, before) for path, before, _ in deed.dresses]

    def converge(self, change: Change) -> None:
        deed: Deed = change.payload
        observed = deed.observed
        if self.state == "absent":
            remove = files.remove if observed.is_empty else files.remove_tree
            remove(observed.path, lambda: files.look(observed.path) == observed.state)
        for path, state in deed.makes:
            expected = observed.state if path == observed.path else None
            files.make_directory(path, state, lambda p=path, e=expected: files.look(p) == e)  # type: ignore[misc]
        for path, before, after in deed.dresses:
            files.dress(path, before, after)

    def _as_declared(self, path: str, now: FileState, observed: Observed) -> FileState:
        """The state that something is to have which is there: the directory itself, or what is below it."""
        mode = self.mode if now.kind == DIRECTORY else self.file_mode if now.kind == FILE else None
        return attributes.dressed(now, observed.owner, observed.group, mode)

    def _creation(self, observed: Observed) -> Change:
        before = observed.state
        if before is not None and not self.force:
            mend = "say `force: true` to put a directory in its place"
            if before.kind == LINK:
                raise Refused("path", "%s is a link to %s" % (observed.path, before.target),
                              "say `follow: true` to mean what it leads to, or `force: true` to put a directory in its "
                              "place")
            raise Refused("path", "%s is a file" % observed.path if before.kind == FILE else
                          "%s is not a directory" % observed.path, mend)
        if observed.fresh is None:
            first = observed.missing[0] if observed.missing else observed.path
            raise Refused("path", "%s is not a directory" % (first.rpartition("/")[0] or "/"), "name another path")
        if observed.missing and not self.parents:
            raise regular.no_folder(observed.path)
        after = attributes.dressed(observed.fresh, observed.owner, observed.group, self.mode)
        makes = tuple((path, after) for path in (*observed.missing, observed.path))
        fields = attributes.differences(None, after)
        if observed.missing:
            fields = (Field("parents", None, ", ".join(observed.missing)), *fields)
        if before is not None:
            fields = (Field("kind", before.kind, DIRECTORY), *fields)
        return Change("create" if before is None else "update", fields, dict(makes), Deed(observed, makes))

    def _removal(self, observed: Observed) -> Optional[Change]:
        before = observed.state
        if before is None:
            return None
        if before.kind != DIRECTORY:
            raise Refused("path", "%s is not a directory but a %s" % (observed.path, before.kind),
                          "remove it with `file: %s` and `state: absent`" % observed.path)
        if not observed.is_empty and not self.force:
            raise Refused("path", "%s is not empty" % observed.path, "say `force: true` to remove all that is in it")
        fields = attributes.differences(before, None)
        if not observed.is_empty:
            fields = (Field("content", "all that is in it", None), *fields)
        return Change("delete", fields, {observed.path: None}, Deed(observed))


def _missing_above(path: str) -> Tuple[str, ...]:
    missing: List[str] = []
    for parent in files.parents(path):
        if files.look(parent) is not None:
            break
        missing.append(parent)
    return tuple(reversed(missing))


def _undressed(path: str, before: FileState) -> Declared:
    """What gives a path its owner, group and mode back. Raises Failed for what no type declares."""
    who = {"path": path, "owner": before.owner, "group": before.group}
    if before.kind == LINK:
        return "link", {**who, "to": before.target}
    if before.kind not in (FILE, DIRECTORY):
        raise Failed("the owner of %s, which is no file, directory or link, cannot be declared" % path)
    return before.kind, {**who, "mode": before.mode}


def _fields(top: str, dresses: Sequence[Tuple[str, FileState, FileState]]) -> Tuple[Field, ...]:
    """The differences, those of paths below with their names, the first few of them."""
    fields: List[Field] = []
    for path, before, after in dresses[:SHOWN]:
        fields += attributes.differences(before, after, "" if path == top else " of %s" % path[len(top):].lstrip("/"))
    if len(dresses) > SHOWN:
        fields.append(Field("more", "%d further paths differ" % (len(dresses) - SHOWN), "as declared"))
    return tuple(fields)
