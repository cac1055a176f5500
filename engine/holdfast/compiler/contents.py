"""What goes to hosts for the name of a file on the controller: the file as it is, or a rendered template."""
from __future__ import annotations

import hashlib
from typing import Any

import jinja2

from holdfast.compiler.ansible import Modules
from holdfast.compiler.diagnosis import place_in_file, syntax_problem
from holdfast.compiler.faults import Fault, Misused
from holdfast.compiler.later import Pending, unmark
from holdfast.compiler.scopes import Evaluator
from holdfast.compiler.secret import Secrets, holds
from holdfast.compiler.texts import Code, guarded_run
from holdfast.problems import Place, Problem
from holdfast_host.resource import Arg
from holdfast_host.values import Blob, describe


def _no_name(declared: Arg, name: object, place: Place) -> Problem:
    if declared.controller == "ansible":
        return Problem(f"`{declared.name}` is the name of a module, not {describe(name)}", place, "as in `lineinfile`")
    return Problem(f"`{declared.name}` is the path of a file on the controller, not {describe(name)}", place,
                   "name the file; a content itself goes into `content`")


class Contents:
    """Contents of files that hosts may ask for, by SHA-256."""

    def __init__(self, run: Evaluator) -> None:
        self.run = run
        self.modules = Modules(run.outside.root)
        self._data: dict[str, bytes] = {}
        self._files: dict[str, Blob] = {}
        self._templates: dict[str, Code] = {}

    def get(self, sha256: str) -> bytes:
        """Raises KeyError."""
        return self._data[sha256]

    def content(self, declared: Arg, name: Any, place: Place) -> tuple[Any, Secrets]:
        """The blob for the value of an argument, or text if it holds what may not lie about in a blob (secrets) or is
        not known yet; and the secrets in it."""
        if name is None:
            return None, {}
        if isinstance(name, Pending):
            raise Fault([Problem(f"`{declared.name}` has to be known before the host is touched", place,
                                 "name a file; what is in it may hold outputs, if it is a template")])
        if not isinstance(name, str):
            raise Fault([_no_name(declared, name, place)])
        try:
            if declared.controller == "ansible":
                return self._keep(self.modules.archive(name)), {}
            if declared.controller == "template":
                return self._rendered(str(self.run.outside.find(name, "templates", self.run.scope.folder)))
            path = self.run.outside.find(name, "files", self.run.scope.folder)
            if str(path) not in self._files:
                self._files[str(path)] = self._keep(self.run.outside.read(path))
            return self._files[str(path)], {}
        except Misused as error:
            raise Fault([Problem(error.what, place, error.mend)]) from None

    def template(self, path: str) -> Code:
        """A compiled template file. Raises Fault, Misused."""
        if path not in self._templates:
            source = self.run.read_template(self.run.find_template(path, ""))
            try:
                self._templates[path] = self.run.texts.file(path, source)
            except jinja2.TemplateSyntaxError as error:
                raise Fault([syntax_problem(error, source, place_in_file(path, source), self.run.environment)]) \
                    from None
        return self._templates[path]

    def _rendered(self, path: str) -> tuple[Any, Secrets]:
        code, run = self.template(path), self.run
        before, run.secrets = run.secrets, {}
        try:
            text = guarded_run(code, place_in_file(path, code.source), run, unmark)
            hidden = run.secrets
        finally:
            run.secrets = before
        if isinstance(text, Pending) or (hidden and holds(text, hidden)):
            return text, hidden
        return self._keep(text.encode("utf-8", "surrogateescape")), {}

    def _keep(self, data: bytes) -> Blob:
        name = hashlib.sha256(data).hexdigest()
        self._data.setdefault(name, data)
        return Blob(name, len(data))
