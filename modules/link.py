"""link: a symbolic link that leads there, or none."""
from __future__ import annotations

from typing import ClassVar, Optional, Sequence, Tuple

from holdfast_host import (
    Change,
    Declared,
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


class Observed(Record):
    """What stands at the path. start: the link that is there, or what a new file would be; None: there is no directory
    for it. is_empty: of a directory in its place. owner, group: the declared ones as the host spells them."""

    state: Optional[FileState]
    start: Optional[FileState]
    is_empty: bool = True
    owner: Optional[str] = None
    group: Optional[str] = None


class Link(Resource):
    """A symbolic link. It may lead to what does not exist; what it leads to is never touched.

    A link's own owner matters in few places only (directories that anybody may write to); it has no mode.
    """

    named: ClassVar[str] = "path"
    example: ClassVar[str] = """
        - link: /srv/app/current
          to: /srv/app/releases/42
        - link: /etc/nginx/sites-enabled/default
          state: absent
    """

    path: str = arg(doc="The link.", check=checks.absolute)
    to: Optional[str] = arg(None, check=checks.not_empty, doc="Where it leads, written into the link as it is; a "
                            "relative path starts at the link's directory.")
    owner: Optional[str] = arg(None, check=checks.owner, doc="The user whom the link itself belongs to, by name or "
                               "number. A new link is the user's who applies.")
    group: Optional[str] = arg(None, check=checks.owner, doc="The group that the link itself belongs to.")
    state: str = arg("present", choices=("present", "absent"), doc="Whether the link is there. `absent` removes a "
                     "link, never what it leads to.")
    force: bool = arg(False, doc="Put the link in the place of a file or of an empty directory.")

    def check(self) -> None:
        if self.state == "present" and self.to is None:
            raise Refused("to", "is missing", "add `to:`, where the link leads")
        if self.to is not None and ("\0" in self.to or "\n" in self.to):
            raise Refused("to", "holds a NUL or a line end", "name a plain path")
        if self.path in ("/", self.to):
            raise Refused("to" if self.to else "path", "leads to itself" if self.to else "is not a link",
                          "name what the link is to lead to" if self.to else "name the link")
        for name in ("owner", "group"):
            if self.state == "absent" and getattr(self, name) is not None:
                raise Refused(name, "is given for a link that is to be absent", "remove it, or `state: absent`")

    def provides(self) -> Sequence[Identity]:
        return (("path", self.path),)

    def wants(self) -> Sequence[Identity]:
        target = (("path", self.to),) if self.to and self.to.startswith("/") and self.state == "present" else ()
        return (*regular.wants(self.path, self.owner, self.group), *target)

    def observe(self) -> Observed:
        state = files.look(self.path)
        is_link = state is not None and state.kind == LINK
        is_empty = state is None or state.kind != DIRECTORY or not files.names_in(self.path)
        owner, group = self.owner and files.owner_as_shown(self.owner), self.group and files.group_as_shown(self.group)
        return Observed(state, state if is_link else files.fresh(self.path, FILE), is_empty, owner, group)

    def diff(self, observed: Observed) -> Optional[Change]:
        before, start = observed.state, observed.start
        if self.state == "absent":
            return self._removal(before)
        if before is not None and before.kind != LINK:
            self._in_the_way(observed, before)
        if start is None:
            raise regular.no_folder(self.path)
        dressed = attributes.dressed(start, observed.owner, observed.group, None)
        after = FileState(LINK, "0777", dressed.owner, dressed.group, self.to or "")
        if after == before:
            return None
        return Change("create" if before is None else "update", _fields(before, after, observed), {self.path: after},
                      (before, after))

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        if observed.state is None:
            return (("link", {"path": self.path, "state": "absent"}),)
        return regular.put_back(self.path, observed.state)

    def converge(self, change: Change) -> None:
        before, after = change.payload
        if after is None:
            files.remove(self.path, lambda: files.look(self.path) == before)
            return
        if before is not None and before.kind == LINK and before.target == after.target:
            files.dress(self.path, before, after)
            return
        if before is not None and before.kind == DIRECTORY:
            files.remove(self.path, lambda: files.look(self.path) == before)
            before = None
        files.make_link(self.path, after, lambda: files.look(self.path) == before)

    def _removal(self, before: Optional[FileState]) -> Optional[Change]:
        if before is None:
            return None
        if before.kind != LINK:
            raise Refused("path", "%s is not a link but a %s" % (self.path, before.kind),
                          "remove it with `%s: %s` and `state: absent`" % (
                              "directory" if before.kind == DIRECTORY else "file", self.path))
        return Change("delete", (Field("to", before.target, None),), {self.path: None}, (before, None))

    def _in_the_way(self, observed: Observed, before: FileState) -> None:
        if not self.force:
            raise Refused("path", "%s is not a link but a %s" % (self.path, before.kind),
                          "say `force: true` to put the link in its place")
        if not observed.is_empty:
            raise Refused("path", "%s is a directory with something in it" % self.path,
                          "remove it first: `directory: %s` with `state: absent` and `force: true`" % self.path)


def _fields(before: Optional[FileState], after: FileState, observed: Observed) -> Tuple[Field, ...]:
    if before is not None and before.kind == LINK:
        to = (Field("to", before.target, after.target),) if before.target != after.target else ()
        return (*to, *attributes.differences(before, after))
    kind = (Field("kind", before.kind, LINK),) if before is not None else ()
    asked = [name for name in ("owner", "group") if getattr(observed, name) is not None]
    return (*kind, Field("to", None, after.target), *(Field(name, None, getattr(after, name)) for name in asked))
