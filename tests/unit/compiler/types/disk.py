"""Small resource types for tests of documents and the compiler."""
# ruff: noqa: UP006, UP035, UP045
from __future__ import annotations

import os
from typing import Any, Dict, Optional, Sequence, Tuple

from holdfast_host import ALLOWED, ALWAYS, Blob, Identity, Refused, Resource, arg, checks


class File(Resource):
    """A file."""

    path: str = arg(doc="Where.", check=checks.absolute)
    content: Optional[str] = arg(default=None, doc="What is in it.", secret=ALLOWED)
    source: Optional[Blob] = arg(default=None, doc="A file of the controller.", controller="file")
    mode: Optional[str] = arg(default=None, doc="Permissions.", check=checks.mode)
    owner: Optional[str] = arg(default=None, doc="Owner.")

    named = "path"

    def check(self) -> None:
        if self.content is not None and self.source is not None:
            raise Refused("content", "and `source` exclude each other", "keep one")

    def provides(self) -> Sequence[Identity]:
        return [("path", self.path)]

    def wants(self) -> Sequence[Identity]:
        return [("path", os.path.dirname(self.path))] + ([("user", self.owner)] if self.owner else [])


class Template(Resource):
    """A rendered file."""

    path: str = arg(doc="Where.", check=checks.absolute)
    source: Blob = arg(doc="A template of the controller.", controller="template", secret=ALLOWED)

    named = "path"

    def provides(self) -> Sequence[Identity]:
        return [("path", self.path)]

    def wants(self) -> Sequence[Identity]:
        return [("path", os.path.dirname(self.path))]


class Directory(Resource):
    """A directory."""

    path: str = arg(doc="Where.", check=checks.absolute)

    named = "path"

    def provides(self) -> Sequence[Identity]:
        return [("path", self.path)]

    def wants(self) -> Sequence[Identity]:
        return [("path", os.path.dirname(self.path))]


class User(Resource):
    """A user."""

    name: str = arg(doc="The account.", check=checks.account)
    password: Optional[str] = arg(default=None, doc="Hashed.", secret=ALWAYS)
    groups: Tuple[str, ...] = arg(default=(), doc="More groups.")
    uid: Optional[int] = arg(default=None, doc="The number.")

    named = "name"

    def provides(self) -> Sequence[Identity]:
        return [("user", self.name)]


class Package(Resource):
    """A package."""

    name: str = arg(doc="Its name.", check=checks.package)
    state: str = arg(default="present", doc="Is it there.", choices=("present", "absent"))

    named = "name"

    def provides(self) -> Sequence[Identity]:
        return [("package", self.name)]


class Service(Resource):
    """A service."""

    name: str = arg(doc="Its name.")
    running: Optional[bool] = arg(default=None, doc="Does it run.")

    named = "name"
    refreshes = "restart"

    def wants(self) -> Sequence[Identity]:
        return [("package", self.name)]


class Command(Resource):
    """A command."""

    run: str = arg(doc="What is run.", secret=ALLOWED)
    env: Dict[str, str] = arg(default={}, doc="Its environment.", secret=ALLOWED)
    stdin: Any = arg(default=None, doc="What it reads.", secret=ALLOWED)

    named = "run"
    refreshes = "run again"
