"""script: a script of the project is run where that is needed, or looks, or is run when something else has changed."""
from __future__ import annotations

import re
from typing import ClassVar, List, Optional, Tuple

from holdfast_host import ALLOWED, Blob, Change, Refused, Resource, arg, nameless, process
from holdfast_host.guarded import Guarded, Observed, command_line, split

CONTENTS = ("content", "source", "template")
KERNEL_LINE = 255  # bytes of a first line that Linux reads


def _interpreter(text: str) -> None:
    command_line(text)
    split("", text, "close the quote")


class Script(Guarded, Resource):
    """A script is run, one of the project's files or a text in the document. Say when, as for `command`: a guard
    (`creates`, `removes`, `unless`, `only_if`), `on_notify`, `always`; or that it only looks (`read_only`).

    It never lies on the host's disk: its interpreter reads it from memory, as /proc/self/fd/5 or another number. That
    is what it sees as its own name (`$0`), so what it needs beside it goes there as `file`s. An interpreter that looks
    for the file's true name has to be told not to: `node --preserve-symlinks-main`.
    """

    content: Optional[str] = arg(None, secret=ALLOWED, literal=True, doc="The script's text.")
    source: Optional[Blob] = arg(None, controller="file", doc="A file on the controller that is the script; a relative "
                                 "path starts at the document's folder.")
    template: Optional[Blob] = arg(None, controller="template", secret=ALLOWED, literal=True, doc="A template on the "
                                   "controller that makes the script. What comes from elsewhere is safer in `args` or "
                                   "`env`, where it cannot become a part of the script.")
    interpreter: Optional[str] = arg(None, check=_interpreter, doc="What runs it, with its options: `bash -eu`. "
                                     "Default: what its first line says, `#!/usr/bin/env python3`.")
    args: Tuple[str, ...] = arg((), doc="Its arguments, each passed on as it is. They stand in the host's list of "
                                "processes: secrets go into `env` or `stdin`.")

    runs: ClassVar[str] = "interpreter"
    example: ClassVar[str] = """
        - script: import the first customers
          source: scripts/import.py
          args: [--from, /srv/app/customers.csv]
          user: app
          env: {DATABASE_PASSWORD: "{{ database_password }}"}
          creates: /srv/app/.imported
        - script: how full the disks are
          content: |
            #!/bin/sh
            df --output=pcent / | tail -n 1
          read_only: true
          register: disks
    """

    def check(self) -> None:
        super().check()
        given = [name for name in CONTENTS if getattr(self, name) is not None]
        choice = "give one of %s" % ", ".join("`%s`" % name for name in CONTENTS)
        if not given:
            raise Refused("content", "is missing", choice)
        if len(given) > 1:
            raise Refused(given[1], "is given besides `%s`" % given[0], choice)
        if self.content is not None:
            one_row(self.content)
            self.words()

    def diff(self, observed: Observed) -> Optional[Change]:
        change = super().diff(observed)
        if change is not None:
            self.words()
            self._text()
        return change

    def words(self) -> List[str]:
        """What the interpreter is started with, ahead of the script. Raises NeedBlob."""
        if self.interpreter is not None:
            return split("interpreter", self.interpreter, "close the quote")
        return first_line(self._text(), next(name for name in CONTENTS if getattr(self, name) is not None))

    def named_so(self) -> str:
        return "the script"

    def start(self) -> process.Finished:
        words = self.words()
        with nameless.file(self._text()) as path:
            return self.carried_out([*words, path, *self.args])

    def _text(self) -> bytes:
        if self.content is not None:
            return self.content.encode("utf-8", "surrogateescape")
        blob = self.source or self.template
        return blob.data() if blob is not None else b""


def one_row(text: str) -> None:
    """Raises Refused for a first line that has taken in the others: `content: >` folds them into one."""
    if re.match(r"#!\s*\S+(?:[ \t]+\S+){2,}\s*\Z", text) and not re.match(r"#!\s*\S*/env -S", text):
        raise Refused("content", "is one line, which only says what is to run it", "write `content: |`: `>` makes one "
                      "line of several")


def first_line(script: bytes, argument: str) -> List[str]:
    """The interpreter that a script's first line names, and what stands behind it as one word, as Linux reads it.
    Raises Refused, naming the argument."""
    line = script.partition(b"\n")[0]
    found = re.match(rb"#![ \t]*([^ \t]+)(?:[ \t]+(.*))?\Z", line.rstrip(b" \t"))
    if found is None:
        raise Refused(argument, "does not say what runs it", "begin it with `#!/bin/sh`, or give `interpreter`")
    if line.endswith(b"\r"):
        raise Refused(argument, "has line ends of Windows, and no program has a carriage return in its name",
                      "save it with line ends of Unix")
    if not found.group(1).startswith(b"/") or len(line) > KERNEL_LINE:
        raise Refused(argument, "names no program by its whole path in the first line", "as in `#!/usr/bin/env bash`")
    return [word.decode("utf-8", "surrogateescape") for word in found.groups() if word]
