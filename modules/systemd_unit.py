"""systemd_unit: a unit file of the host's own, or a drop-in for one, is there as declared, and systemd knows it."""
from __future__ import annotations

import hashlib
import os
import re
from typing import Any, ClassVar, List, Optional, Sequence, Tuple

from holdfast_host import (
    ALLOWED,
    Blob,
    Change,
    Declared,
    Field,
    Identity,
    Record,
    Refused,
    Resource,
    arg,
    checks,
    files,
    process,
    systemd,
    unit_files,
)
from holdfast_host.unit_text import lint

RELOADED = {systemd.RELOADED: True}
CONTENTS = ("content", "source", "template")


def _unit(name: str) -> None:
    checks.unit_word(name)
    if name.rpartition(".")[2] not in systemd.KINDS:
        raise Refused("", "`%s` does not say what kind of unit it is" % name, "write `%s.service`" % name)


def _drop_in(name: str) -> None:
    if not re.match(r"[A-Za-z0-9_.@-]+\.conf\Z", name):
        raise Refused("", "`%s` is not a drop-in's name" % name, "write something like `override.conf`")


class Observed(Record):
    """state: of the file, links not followed. data: its content. outdated: systemd knows another content. folder: the
    directory of drop-ins is there. unit: how the unit stands; only when its file is to be removed."""

    state: Optional[files.FileState]
    data: Optional[bytes] = None
    outdated: bool = False
    folder: bool = True
    unit: Optional[systemd.Unit] = None


class SystemdUnit(Resource):
    """A unit file in /etc/systemd/system, or a drop-in there, is as declared, and systemd has read it.

    A unit that systemd then cannot load is a failure, and the file is put back as it was. `systemd-analyze verify` is
    not asked: it also complains of programs that a later resource installs. To start or restart the unit, declare a
    `service`. With `state: absent` a unit is stopped and disabled first.
    """

    name: str = arg(doc="The unit with its kind: `beacon.service`.", check=_unit)
    content: Optional[str] = arg(default=None, secret=ALLOWED, doc="The text of the file.")
    source: Optional[Blob] = arg(default=None, controller="file", doc="A file on the controller that holds the text.")
    template: Optional[Blob] = arg(default=None, controller="template", doc="A template on the controller.")
    drop_in: Optional[str] = arg(default=None, check=_drop_in, doc="Write this drop-in for the unit, `override.conf`, "
                                 "instead of its file.")
    state: str = arg(default="present", choices=("present", "absent"), doc="Whether the file is there.")

    named: ClassVar[str] = "name"
    example: ClassVar[str] = """
        - systemd_unit: beacon.service
          content: |
            [Service]
            ExecStart=/usr/local/bin/beacon
            [Install]
            WantedBy=multi-user.target
    """

    def check(self) -> None:
        given = [name for name in CONTENTS if getattr(self, name) is not None]
        if self.state == "absent" and given:
            raise Refused(given[0], "says nothing with `state: absent`", "leave it out")
        choice = "give one of %s" % ", ".join("`%s`" % name for name in CONTENTS)
        if self.state == "present" and not given:
            raise Refused("content", "is missing", choice)
        if len(given) > 1:
            raise Refused(given[1], "is given besides `%s`" % given[0], choice)
        if self.content is not None:
            lint(self.content, "" if self.drop_in else self.name)

    @property
    def path(self) -> str:
        place = os.path.join(systemd.PLACE, self.name)
        return place if self.drop_in is None else os.path.join(place + ".d", self.drop_in)

    def provides(self) -> Sequence[Identity]:
        unit: Tuple[Identity, ...] = (("unit", self.name),) if self.drop_in is None else ()
        return (("path", self.path), *unit)

    def wants(self) -> Sequence[Identity]:
        if self.drop_in is None:
            return ()
        return (("unit", self.name), ("package", self.name.rpartition(".")[0].partition("@")[0]))

    # -- looking -----------------------------------------------------------------------------------------------------

    def observe(self) -> Observed:
        observed: Observed = self.observe_many([self])[0]
        return observed

    @classmethod
    def observe_many(cls, resources: Sequence[Any]) -> List[Any]:
        systemd.must_be_here()
        states = [files.look(resource.path) for resource in resources]
        there = [r for r, state in zip(resources, states)  # noqa: B905  # templates are no units: nothing is loaded
                 if state is not None and "@." not in r.name]
        names = list(dict.fromkeys(r.name for r in there))
        outdated = dict(zip(names, systemd.outdated(names))) if names else {}  # noqa: B905
        leaving = [r.name for r in there if r.state == "absent" and r.drop_in is None]
        units = systemd.show(leaving) if leaving else {}
        return [Observed(state, files.read(r.path) if state is not None and state.kind == files.FILE else None,
                         outdated.get(r.name, False), files.look(os.path.dirname(r.path)) is not None,
                         units.get(r.name)) for r, state in zip(resources, states)]  # noqa: B905

    # -- deciding ----------------------------------------------------------------------------------------------------

    def diff(self, observed: Observed) -> Optional[Change]:
        state = observed.state
        if self.state == "absent":
            return self._removal(observed)
        if state is not None and state.kind != files.FILE:
            if state.target == "/dev/null":
                raise Refused("name", "%s is masked on this host" % self.name, "unmask it: `service` has `masked`")
            raise Refused("name", "%s is a %s, not a file" % (self.path, state.kind), "remove it first")
        fields: List[Field] = []
        if not self._is_wanted(observed.data):
            fields.append(Field("content", observed.data, self._wanted()))
        for name, wanted in (("mode", unit_files.MODE), ("owner", "root"), ("group", "root")):
            found = getattr(state, name) if state is not None else None
            if state is not None and found != wanted:
                fields.append(Field(name, found, wanted))
        if fields:
            after = self._wanted()
            ahead = {self.path: files.FileState(files.FILE, unit_files.MODE, size=len(after), data=after)}
            if not observed.folder:
                ahead[os.path.dirname(self.path)] = files.FileState(files.DIRECTORY, "0755")
            return Change("create" if state is None else "update", tuple(fields), ahead, observed.data, RELOADED)
        known = (Field("known to systemd", False, True),)
        return Change("reload", known, later=RELOADED) if observed.outdated else None

    def _is_wanted(self, data: Optional[bytes]) -> bool:
        """Without the content itself where its hash will do: it may not have come to this host."""
        blob = self.source or self.template
        if data is None:
            return False
        if blob is None:
            return data == self._wanted()
        return blob.size == len(data) and blob.sha256 == hashlib.sha256(data).hexdigest()

    def _wanted(self) -> bytes:
        blob = self.source or self.template
        if blob is not None:
            return blob.data()
        text = self.content or ""
        return (text if text.endswith("\n") or not text else text + "\n").encode("utf-8", "surrogateescape")

    def _removal(self, observed: Observed) -> Optional[Change]:
        if observed.state is None or observed.state.target == "/dev/null":  # masked is not ours to undo
            return None
        fields = [Field("content", observed.data, None) if observed.data is not None else
                  Field("state", observed.state.kind, "absent")]
        unit = observed.unit
        if unit is not None and unit.active not in ("inactive", "failed"):
            fields.append(Field("running", True, False))
        if unit is not None and unit.file_state == "enabled":
            fields.append(Field("enabled", True, False))
        return Change("delete", tuple(fields), {self.path: None}, observed.data, RELOADED)

    # -- doing -------------------------------------------------------------------------------------------------------

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        which = {"name": self.name, **({"drop_in": self.drop_in} if self.drop_in else {})}
        if change.action == "reload":
            return ()  # what systemd knew was no longer on the disk
        back = unit_files.put_back(self.path, which, observed.state, observed.data)
        was = {field.name: True for field in change.fields if field.name in ("running", "enabled")}
        return (*back, ("service", {"name": self.name, **was})) if was else back

    def converge(self, change: Change) -> None:
        if change.action == "delete":
            self._remove({field.name for field in change.fields})
        elif change.action in ("create", "update"):
            folder = os.path.dirname(self.path)
            if files.look(folder) is None:
                state = files.FileState(files.DIRECTORY, "0755", "root", "root")
                files.make_directory(folder, state, lambda: files.look(folder) is None)
            files.replace(self.path, self._wanted(), change.payload, mode=unit_files.MODE, owner="root", group="root")
        systemd.systemctl("daemon-reload")
        if change.action in ("create", "update") and "@." not in self.name:  # a template cannot be loaded by itself
            unit_files.must_load(self.name, self.path, change.payload, self._wanted())

    def _remove(self, named: "set[str]") -> None:
        if "running" in named:
            systemd.systemctl("stop", "--", self.name)
        if "enabled" in named:
            systemd.systemctl("disable", "--", self.name)
        if files.look(self.path) is not None:  # to disable a unit that is only linked removes the link
            files.remove(self.path, lambda: True)
        folder = os.path.dirname(self.path)
        if self.drop_in is not None and not files.names_in(folder):
            files.remove(folder, lambda: True)
        if self.drop_in is None:
            process.run(["systemctl", "reset-failed", "--", self.name])  # or a failed one would still be listed
