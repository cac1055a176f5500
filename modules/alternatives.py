"""alternatives: which of several programs a general name stands for."""
from __future__ import annotations

import re
from typing import ClassVar, Dict, List, Optional, Sequence, Tuple

from holdfast_host import Change, Declared, Field, Identity, Record, Refused, Resource, arg, checks, files, process
from holdfast_host.record import with_fields

AUTO = "auto"
TARGET = "/etc/alternatives/%s"  # where the general path leads, and on from there


def _name(name: str) -> None:
    if not re.match(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*\Z", name):
        raise Refused("", "`%s` is not a name of alternatives" % name, "see `update-alternatives --get-selections`")


def _path(path: str) -> None:
    if path != AUTO:
        checks.absolute(path)


class Observed(Record):
    """link: the general path; "": there is no such group. status: "auto" or "manual"; value: the path it stands for.
    known: its alternatives and their priorities. has_tool: whether this host has alternatives at all. is_there: whether
    the declared path is there. stands: what is at the general path: "right" for the link that belongs there, else the
    link's target, "nothing", or what else is there."""

    link: str = ""
    status: str = ""
    value: str = ""
    known: Tuple[Tuple[str, int], ...] = ()
    has_tool: bool = True
    is_there: bool = True
    stands: str = "right"


class Alternatives(Resource):
    """Which of several programs a general name stands for, by Debian's update-alternatives: a chosen one, or with
    `path: auto` the one of the highest priority. One that the group does not know yet is added to it when `link` and
    `priority` are given.
    """

    named: ClassVar[str] = "name"
    example: ClassVar[str] = """
        - alternatives: editor
          path: /usr/bin/vim.basic
        - alternatives: java
          path: /opt/jdk-21/bin/java
          link: /usr/bin/java
          priority: 2100
        - alternatives: pager
          path: auto
    """

    name: str = arg(check=_name, doc="The name of the group.")
    path: str = arg(check=_path, doc="The path that it is to stand for, or `auto`.")
    link: Optional[str] = arg(None, check=checks.absolute, doc="The general path, to add one that is not known yet.")
    priority: Optional[int] = arg(None, doc="Its priority among the others.")
    state: str = arg("present", choices=("present", "absent"), doc="`absent` takes the path out of the group.")

    def check(self) -> None:
        if self.path == AUTO and (self.state == "absent" or self.link is not None):
            raise Refused("path", "`auto` is none of the alternatives", "name one")
        if (self.link is None) != (self.priority is None):
            raise Refused("priority" if self.priority is None else "link", "is missing", "add it")
        if self.state == "absent" and self.link is not None:
            raise Refused("link", "is given for one that is to be absent", "remove it")

    def provides(self) -> Sequence[Identity]:
        return (("alternatives", self.name if self.state == "present" else "%s: %s" % (self.name, self.path)),)

    def wants(self) -> Sequence[Identity]:
        return () if self.path == AUTO else (("path", self.path), *(("path", one) for one in files.parents(self.path)))

    def observe(self) -> Observed:
        is_there = self.path == AUTO or files.look(files.real(self.path)) is not None
        if process.which("update-alternatives") is None:
            return Observed(has_tool=False, is_there=is_there)
        done = process.run(["update-alternatives", "--query", self.name])
        found = parsed(done.stdout if done.code == 0 else "", is_there)
        link = self.link or found.link
        return with_fields(found, stands=_stands(link, self.name, bool(found.link))) if link else found

    def diff(self, observed: Observed) -> Optional[Change]:
        known = dict(observed.known)
        if self.state == "absent":
            return Change("delete", (Field(self.path, known[self.path], None),), payload=observed) \
                if self.path in known else None
        if not observed.has_tool:
            raise Refused("", "this host has no update-alternatives")
        if self.path == AUTO:
            if not observed.link:
                raise Refused("name", "there are no alternatives of this name on this host", "declare their package")
            fields = self._link(observed)
            if observed.status != AUTO:
                fields.append(Field("status", observed.status, AUTO))
            return self._change(observed, *fields) if fields else None
        if not observed.is_there:
            raise Refused("path", "%s does not exist" % self.path, "declare its package")
        fields = self._link(observed)
        if self.path not in known and self.link is None:
            others = ", ".join(known) or "there are none"
            raise Refused("path", "%s is not among the alternatives: %s" % (self.path, others),
                          "name one of these, or add `link` and `priority`")
        if self.link is not None and known.get(self.path) != self.priority:
            fields.append(Field("priority", known.get(self.path), self.priority))
        if self.link is not None and observed.link not in ("", self.link):
            fields.append(Field("link", observed.link, self.link))
        if observed.value != self.path:
            fields.append(Field("path", observed.value or None, self.path))
        if observed.status != "manual":
            fields.append(Field("status", observed.status or None, "manual"))
        return self._change(observed, *fields) if fields else None

    def _link(self, observed: Observed) -> List[Field]:
        """What is wrong at the general path. Raises Refused for what update-alternatives would leave there."""
        link = self.link or observed.link
        if observed.stands in ("file", "directory", "other"):
            raise Refused("link" if self.link else "name", "%s is no link but a %s of somebody's, which "
                          "update-alternatives leaves there" % (link, observed.stands), "move it away first")
        is_wrong = bool(observed.link) and observed.stands != "right"
        return [Field(link, observed.stands, TARGET % self.name)] if is_wrong else []

    def _change(self, observed: Observed, *fields: Field) -> Change:
        return Change("update" if observed.link else "create", fields, payload=observed)

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        known, back = dict(observed.known), []
        args: Dict[str, object] = {"name": self.name, "path": self.path}
        if self.state == "absent":
            back.append(("alternatives", {**args, "link": observed.link, "priority": known[self.path]}))
        elif self.path != AUTO and self.path not in known:
            back.append(("alternatives", {**args, "state": "absent"}))
        elif self.link is not None and self.link != observed.link:
            return None
        elif known.get(self.path, self.priority) != self.priority and self.link is not None:
            back.append(("alternatives", {**args, "link": observed.link, "priority": known[self.path]}))
        if observed.status == AUTO:
            back.append(("alternatives", {"name": self.name, "path": AUTO}))
        elif observed.value and observed.value != self.path:
            back.append(("alternatives", {"name": self.name, "path": observed.value}))
        return back

    def converge(self, change: Change) -> None:
        observed: Observed = change.payload
        words: List[List[str]] = []
        if self.state == "absent":
            words = [["--remove", self.name, self.path]]
        elif self.path == AUTO:
            words = [["--auto", self.name]]
        else:
            known = dict(observed.known).get(self.path)
            if self.link is not None and (known, observed.link) != (self.priority, self.link):
                words = [["--install", self.link, self.name, self.path, str(self.priority)]]
            words.append(["--set", self.name, self.path])
        for one in words:
            process.run(["update-alternatives", "--quiet", *one]).must("cannot change what %s stands for" % self.name)


def _stands(link: str, name: str, is_known: bool) -> str:
    state = files.look(link)
    if state is None:
        return "nothing"
    if state.kind != files.LINK:
        return state.kind
    return "right" if state.target == TARGET % name or not is_known else state.target


def parsed(text: str, is_there: bool) -> Observed:
    """What `update-alternatives --query` prints: paragraphs of `Name: value`, the group's first."""
    first, *others = re.split(r"\n\n+", text.strip()) or [""]
    head = dict(re.findall(r"(?m)^(\w+): (.*)$", first))
    known = [dict(re.findall(r"(?m)^(\w+): (.*)$", one)) for one in others]
    return Observed(head.get("Link", ""), head.get("Status", ""), head.get("Value", "").replace("none", ""),
                    tuple((one["Alternative"], int(one.get("Priority", "0"))) for one in known if "Alternative" in one),
                    True, is_there)
