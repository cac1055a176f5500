"""command_check: a command that only looks answers as it should, before anything goes on."""
from __future__ import annotations

import re
import time
from typing import ClassVar, List, Optional, Sequence, Tuple

from holdfast_host import ALWAYS, Change, Declared, Failed, Field, Identity, Refused, Resource, arg, checks, process

PAUSE_S, LIMIT_S = 0.5, 60.0
SHOWN = 400  # characters of an answer in a report


def _seconds(number: float) -> None:
    if not 0 <= number <= 86400:
        raise Refused("", "is a number of seconds from 0 to 86400, not %g" % number,
                      "write a number in that range")


def _codes(codes: Tuple[str, ...]) -> None:
    for code in codes:
        if not code.isdecimal() or int(code) > 255:
            raise Refused("", "is a list of exit codes from 0 to 255, not `%s`" % code, "write [0, 2]")


class CommandCheck(Resource):
    """A command that only looks answers as it should. It is run in plans too; nothing is changed. When it does not, it
    is asked again for `timeout_s` seconds, then that is a failure."""

    named: ClassVar[str] = "name"
    looks_only: ClassVar[str] = ALWAYS
    example: ClassVar[str] = """
        - command_check: the clock follows a server
          run: chronyc -n tracking
          matches: "^Leap status +: Normal"
          timeout_s: 60
    """

    name: str = arg(doc="What is to hold, in words.")
    run: str = arg(literal=True, doc="The command line; it must only look. Split into words as a shell does it, but no "
                   "shell runs it.")
    shell: bool = arg(False, doc="Give the command line to `sh -c`.")
    user: Optional[str] = arg(None, check=checks.account, doc="As whom it is run.")
    success: Tuple[str, ...] = arg(("0",), check=_codes, doc="Exit codes that are right.")
    matches: Optional[str] = arg(None, check=checks.regex, doc="A regular expression that is to find something in the "
                                 "output; ^ and $ stand for the ends of lines.")
    silent: bool = arg(False, doc="Nothing is to be printed: what is printed is what is wrong.")
    timeout_s: float = arg(0.0, check=_seconds, doc="How many seconds to ask again before it is a failure. A plan asks "
                           "once.")
    mend: str = arg("", doc="What to do when it does not hold.")

    def check(self) -> None:
        if self.matches is not None and self.silent:
            raise Refused("silent", "and `matches` exclude each other", "leave one of them out")
        if not self.run.strip():
            raise Refused("run", "is empty", "write the program and its arguments")
        self._words()

    def wants(self) -> Sequence[Identity]:
        return (("user", self.user),) if self.user else ()

    def _words(self) -> List[str]:
        import shlex

        if self.shell:
            return ["sh", "-c", self.run]
        try:
            return shlex.split(self.run)
        except ValueError as error:
            raise Refused("run", "cannot be split into words: %s" % error, "close the quotes") from None

    def observe(self) -> process.Finished:
        words = self._words()
        if process.which(words[0]) is None:
            return process.Finished(words, 127, "", "there is no program %s on this host" % words[0])
        return process.run(words, user=self.user, timeout_s=LIMIT_S)

    def diff(self, observed: process.Finished) -> Optional[Change]:
        said = observed.stdout.strip()
        if str(observed.code) not in self.success:
            ending = observed.ending() + (": " + observed.said(SHOWN) if observed.said() else "")
            field = Field("answer", ending, "ends with %s" % " or ".join(self.success))
        elif self.silent and said:
            field = Field("answer", said[:SHOWN], "nothing")
        elif self.matches is not None and not re.search(self.matches, observed.stdout, re.M):
            field = Field("answer", said[:SHOWN] or "nothing", "what `%s` finds" % self.matches)
        else:
            return None
        return Change("wait", (field,))

    def is_provisional(self, observed: process.Finished) -> bool:
        return True  # what is to change before may end it

    def undo(self, observed: process.Finished, change: Change) -> Sequence[Declared]:
        return ()  # it changes nothing

    def converge(self, change: Change) -> None:
        until = time.monotonic() + self.timeout_s
        left = self.diff(self.observe())
        while left is not None:
            if time.monotonic() >= until:
                mend = "; " + self.mend if self.mend else ""
                raise Failed("%s: no, it answers: %s%s" % (self.name, left.fields[0].before, mend))
            time.sleep(PAUSE_S)
            left = self.diff(self.observe())
