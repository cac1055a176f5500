"""Small types with which the runner's promises are tested; they really look and write, in a folder of the test."""
from __future__ import annotations

import os
import time
from typing import ClassVar, Optional, Sequence, Tuple

from holdfast_host import ALLOWED, ALWAYS, Blob, Change, Failed, Field, Identity, Outputs, Refused, Resource, arg, files


class Note(Resource):
    """A file with one text."""

    path: str = arg(doc="The file.")
    text: str = arg(doc="What it says.", secret=ALLOWED)
    key: Optional[str] = arg(None, doc="Never shown.", secret=ALWAYS)
    lie: bool = arg(False, doc="Claim to write, and do not.")
    crash: bool = arg(False, doc="A defect.")
    slow_s: float = arg(0.0, doc="Take this long.")
    named: ClassVar[str] = "path"

    def provides(self) -> Sequence[Identity]:
        return (("path", self.path),)

    def observe(self) -> Optional[bytes]:
        return files.read(self.path)

    def diff(self, observed: Optional[bytes]) -> Optional[Change]:
        if files.look(os.path.dirname(self.path)) is None:
            raise Refused("path", "has no folder", "declare it")
        if observed == self.text.encode():
            return None
        fields = [Field("content", observed, self.text.encode())]
        if self.key:
            fields.append(Field("key", "old", self.key))
        after = files.FileState("file", data=self.text.encode())
        return Change("create" if observed is None else "update", tuple(fields), {self.path: after}, observed)

    def converge(self, change: Change) -> Optional[Outputs]:
        if self.crash:
            raise ZeroDivisionError("oh")
        time.sleep(self.slow_s)
        if not self.lie:
            files.replace(self.path, self.text.encode(), change.payload)
        return {"written": len(self.text)}

    def outputs(self, observed: Optional[bytes]) -> Outputs:
        return {"size": len(observed or b"")}


class Copied(Resource):
    """A file with the controller's content."""

    path: str = arg(doc="The file.")
    source: Blob = arg(doc="The content.", controller="file")
    named: ClassVar[str] = "path"

    def observe(self) -> Tuple[Optional[str], Optional[bytes]]:
        return files.sha256(self.path), files.read(self.path)

    def diff(self, observed: Tuple[Optional[str], Optional[bytes]]) -> Optional[Change]:
        if observed[0] == self.source.sha256:
            return None
        data = self.source.data()
        return Change("update", (Field("content", observed[1], data),), {self.path: files.FileState("file", data=data)},
                      observed[1])

    def converge(self, change: Change) -> Optional[Outputs]:
        files.replace(self.path, self.source.data(), change.payload)
        return None


class Folder(Resource):
    """A folder."""

    path: str = arg(doc="The folder.")
    named: ClassVar[str] = "path"

    def observe(self) -> bool:
        return files.look(self.path) is not None

    def diff(self, observed: bool) -> Optional[Change]:
        return None if observed else Change("create", (Field("state", "absent", "present"),),
                                            {self.path: files.FileState("directory")})

    def converge(self, change: Change) -> Optional[Outputs]:
        os.mkdir(self.path)
        return None


class Bringer(Resource):
    """Of what it does, only that is known what it is asked for; it may write a further file, as a package may."""

    path: str = arg(doc="The file that it is for.")
    brings: Optional[str] = arg(None, doc="The file that it writes besides.")
    state: str = arg("present", choices=("present", "absent"), doc="Whether it is there.")
    named: ClassVar[str] = "path"
    barrier: ClassVar[bool] = True

    def provides(self) -> Sequence[Identity]:
        return (("bringer", self.path),)

    def observe(self) -> bool:
        return os.path.exists(self.path)

    def diff(self, observed: bool) -> Optional[Change]:
        wanted = self.state == "present"
        return None if observed == wanted else Change("install", (Field("there", observed, wanted),))

    def converge(self, change: Change) -> Optional[Outputs]:
        for path in filter(None, (self.path, self.brings)):
            if self.state == "present":
                files.replace(path, b"brought", None)
            elif os.path.exists(path):
                os.unlink(path)
        return None


class Pupil(Resource):
    """A file that is to be empty, if somebody brings it."""

    path: str = arg(doc="The file.")
    named: ClassVar[str] = "path"

    def wants(self) -> Sequence[Identity]:
        return (("bringer", self.path.replace("pupil", "bringer")),)

    def observe(self) -> Optional[bytes]:
        return files.read(self.path)

    def is_provisional(self, observed: Optional[bytes]) -> bool:
        return observed is None

    def diff(self, observed: Optional[bytes]) -> Optional[Change]:
        return Change("update", (Field("content", observed, b""),), payload=observed) if observed else None

    def converge(self, change: Change) -> Optional[Outputs]:
        files.replace(self.path, b"", change.payload)
        return None


class Daemon(Resource):
    """Counts its restarts in a file."""

    path: str = arg(doc="Where it counts.")
    broken: bool = arg(False, doc="Its restart fails.")
    named: ClassVar[str] = "path"
    refreshes: ClassVar[str] = "restart"

    def observe(self) -> None:
        return None

    def diff(self, observed: None) -> Optional[Change]:
        return None

    def refresh(self) -> None:
        if self.broken:
            raise Failed("it does not start")
        before = files.read(self.path)
        files.replace(self.path, (before or b"") + b"restart\n", before)


class Pack(Resource):
    """Many at once: each is a file in a folder; how often it was asked and acted stands in files there."""

    name: str = arg(doc="Its name.")
    folder: str = arg(doc="Where.")
    named: ClassVar[str] = "name"

    @classmethod
    def observe_many(cls, resources: Sequence["Pack"]) -> "list[object]":
        _count(resources[0].folder, "asked")
        return [os.path.exists(os.path.join(r.folder, r.name)) for r in resources]

    def diff(self, observed: bool) -> Optional[Change]:
        return None if observed else Change("install", (Field("state", "absent", "present"),))

    @classmethod
    def converge_many(cls, changes: "Sequence[Tuple[Pack, Change]]") -> None:
        _count(changes[0][0].folder, "acted")
        for resource, _ in changes:
            if resource.name.startswith("bad"):
                raise Failed("%s cannot be installed" % resource.name)
            open(os.path.join(resource.folder, resource.name), "wb").close()

    def provides(self) -> Sequence[Identity]:
        return (("pack", self.name),)


def _count(folder: str, what: str) -> None:
    path = os.path.join(folder, what)
    before = files.read(path)
    files.replace(path, (before or b"") + b"x", before)


class Asker(Resource):
    """What a file should hold is known only when it is done, as with lists of packages that are old."""

    path: str = arg(doc="The file.")
    newest: str = arg(doc="What it should hold.")
    named: ClassVar[str] = "path"

    def observe(self) -> Optional[bytes]:
        return files.read(self.path)

    def diff(self, observed: Optional[bytes]) -> Optional[Change]:
        return Change("upgrade", (Field("version", observed, b"the newest"),), payload=observed, unsure=True)

    def converge(self, change: Change) -> None:
        if change.payload != self.newest.encode():
            files.replace(self.path, self.newest.encode(), change.payload)

    def remaining(self, change: Change, observed: Optional[bytes]) -> Optional[Change]:
        return None

    def came_to_nothing(self, change: Change, observed: Optional[bytes]) -> bool:
        return bool(change.payload == observed)
