"""link: a symbolic link that leads there, or none."""
from __future__ import annotations

from typing import ClassVar, Optional, Sequence, Tuple

from holdfast_host import Change, Declared, Field, Identity, Record, Refused, Resource, arg, checks, files, regular
from holdfast_host.files import DIRECTORY, LINK, FileState


class Observed(Record):
    """What stands at the path. has_folder: whether a link can be made there; is_empty: of a directory in its place."""

    state: Optional[FileState]
    has_folder: bool = True
    is_empty: bool = True
    user: str = ""
    group: str = ""


class Link(Resource):
    """A symbolic link. It may lead to what does not exist; what it leads to is never touched."""

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
    state: str = arg("present", choices=("present", "absent"), doc="Whether the link is there. `absent` removes a "
                     "link, never what it leads to.")
    force: bool = arg(False, doc="Put the link in the place of a file or of an empty directory.")

    def check(self) -> None:
        if self.state == "present" and self.to is None:
            raise Refused("to", "is missing", "add `to:`, where the link leads")
        if self.to is not None and ("\0" in self.to or "\n" in self.to):
            raise Refused("to", "holds a NUL or a line end", "name a plain path")
        if self.path in ("/", self.to):
            raise Refused("to" if self.to else "path", "leads to itself" if self.to else "is not a link", "")

    def provides(self) -> Sequence[Identity]:
        return (("path", self.path),)

    def wants(self) -> Sequence[Identity]:
        target = (("path", self.to),) if self.to and self.to.startswith("/") and self.state == "present" else ()
        return (*regular.wants(self.path), *target)

    def observe(self) -> Observed:
        state = files.look(self.path)
        if state is not None and state.kind == LINK:
            return Observed(state, user=state.owner, group=state.group)
        new = files.fresh(self.path, files.FILE)
        is_empty = state is None or state.kind != DIRECTORY or not files.names_in(self.path)
        return Observed(state, new is not None, is_empty, new.owner if new else "", new.group if new else "")

    def diff(self, observed: Observed) -> Optional[Change]:
        before = observed.state
        if self.state == "absent":
            return self._removal(before)
        if before is not None and before.kind == LINK and before.target == self.to:
            return None
        if before is not None and before.kind != LINK:
            self._in_the_way(observed, before)
        if not observed.has_folder:
            raise regular.no_folder(self.path)
        fields: Tuple[Field, ...] = (Field("to", before.target if before is not None else None, self.to),)
        if before is not None and before.kind != LINK:
            fields = (Field("kind", before.kind, LINK), Field("to", None, self.to))
        after = FileState(LINK, "0777", observed.user, observed.group, self.to or "")
        return Change("create" if before is None else "update", fields, {self.path: after}, before)

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        if observed.state is None:
            return (("link", {"path": self.path, "state": "absent"}),)
        return regular.put_back(self.path, observed.state)

    def converge(self, change: Change) -> None:
        before: Optional[FileState] = change.payload
        if self.state == "absent":
            files.remove(self.path, lambda: files.look(self.path) == before)
            return
        if before is not None and before.kind == DIRECTORY:
            files.remove(self.path, lambda: files.look(self.path) == before)
            before = None
        files.make_link(self.path, self.to or "", lambda: files.look(self.path) == before)

    def _removal(self, before: Optional[FileState]) -> Optional[Change]:
        if before is None:
            return None
        if before.kind != LINK:
            raise Refused("path", "%s is not a link but a %s" % (self.path, before.kind),
                          "remove it with `%s: %s` and `state: absent`" % (
                              "directory" if before.kind == DIRECTORY else "file", self.path))
        return Change("delete", (Field("to", before.target, None),), {self.path: None}, before)

    def _in_the_way(self, observed: Observed, before: FileState) -> None:
        if not self.force:
            raise Refused("path", "%s is not a link but a %s" % (self.path, before.kind),
                          "say `force: true` to put the link in its place")
        if not observed.is_empty:
            raise Refused("path", "%s is a directory with something in it" % self.path,
                          "remove it first: `directory: %s` with `state: absent` and `force: true`" % self.path)
