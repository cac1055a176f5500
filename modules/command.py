"""command: a program is run where that is needed, or looked at, or run when something else has changed."""
from __future__ import annotations

import re
from typing import ClassVar, List, Optional, Tuple

from holdfast_host import Refused, Resource, arg, checks, process
from holdfast_host.guarded import Guarded, command_line, split


class Command(Guarded, Resource):
    """A program is run. Say when: a guard (`creates`, `removes`, `unless`, `only_if`), `on_notify`, `always`; or that
    it only looks (`read_only`). What a plan shows of a guard is its answer now; earlier changes may alter it."""

    run: str = arg(check=command_line, literal=True, doc="The command line, split into words as a shell does it, but "
                   "no shell runs it: no pipes, no $variables. With `argv` it is only a label.")
    argv: Optional[Tuple[str, ...]] = arg(default=None, doc="The program and its arguments as a list, each passed on "
                                          "as it is: for values that hold blanks or come from elsewhere.")
    shell: bool = arg(default=False, doc="Give the command line to `sh -c`.")

    named: ClassVar[str] = "run"
    runs: ClassVar[str] = "run"
    example: ClassVar[str] = """
        - command: update-ca-certificates --fresh
          unless: test -s /etc/ssl/certs/ca-certificates.crt
    """

    def check(self) -> None:
        super().check()
        if self.argv is not None and (not self.argv or self.shell):
            raise Refused("argv", "is empty" if not self.argv else "is never given to a shell", "leave one of them out")
        words = self.words()
        shells = checks.for_shell(self.run, words) if self.argv is None and not self.shell else ""
        if shells:
            raise Refused("run", "holds `%s`, which only a shell understands" % shells,
                          "put `%s` into `env`" % shells if re.match(r"\w+=", shells) else
                          "add `shell: true`, or put it in single quotes if the program itself reads it")

    def words(self) -> List[str]:
        """The program and its arguments. Raises Refused for a quote that does not end."""
        if self.argv is not None:
            return list(self.argv)
        if self.shell:
            return ["sh", "-c", self.run]
        return split("run", self.run, "close the quote, or use `argv`")

    def named_so(self) -> str:
        return "`%s`" % (self.run if self.argv is None else process.spelled(self.argv))
