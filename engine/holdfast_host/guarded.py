"""Programs that are run where that is needed, or looked at, or run when something else has changed: what `command` and
`script` do alike."""
from __future__ import annotations

import os
from typing import ClassVar, Dict, List, Optional, Sequence, Tuple

from . import checks, files, process
from .errors import Failed, Refused
from .record import Record
from .resource import ALLOWED, Change, Field, Identity, Outputs, Resource, arg

WHEN = ("creates", "removes", "unless", "only_if", "on_notify", "always", "read_only")
EXCLUDED = {"always": ("creates", "removes", "unless", "only_if", "on_notify"),
            "read_only": ("creates", "removes", "on_notify", "always")}


def command_line(text: str) -> None:
    """A check of an argument: not nothing but blanks."""
    if not text.strip():
        raise Refused("", "is empty", "write the program and its arguments")


def split(argument: str, text: str, mend: str) -> List[str]:
    """A command line's words, as a shell splits it. Raises Refused for a quote that does not end."""
    import shlex

    try:
        return shlex.split(text)
    except ValueError as error:
        raise Refused(argument, "is not a command line: %s" % str(error).lower(), mend) from None


def _codes(codes: Sequence[str]) -> None:
    for code in codes:
        if not code.isdecimal() or int(code) > 255:
            raise Refused("", "is a list of exit codes from 0 to 255, not `%s`" % code, "write [0, 2]")


class Observed(Record):
    """Answers to the guards; None: it was not asked. trouble: (argument, what, mend): why this host cannot be asked
    yet. finished: how a `read_only` command ended."""

    creates: Optional[bool] = None  # whether that path is there
    removes: Optional[bool] = None
    unless: Optional[int] = None  # how the guard ended
    only_if: Optional[int] = None
    trouble: Optional[Tuple[str, str, str]] = None
    finished: Optional[process.Finished] = None


class Guarded(Resource):
    """Base of the types that run a program: when it runs, as whom, with what, and how its end is judged. A type says in
    `words` what is run."""

    cwd: Optional[str] = arg(default=None, check=checks.absolute, doc="Where it is run, its guards too; default: /.")
    user: Optional[str] = arg(default=None, check=checks.account, doc="As whom it is run, its guards too.")
    env: Dict[str, str] = arg(default={}, secret=ALLOWED, doc="Environment variables, besides a plain PATH, HOME, "
                              "LANG=C.UTF-8.")
    stdin: str = arg(default="", secret=ALLOWED, doc="What it reads from standard input.")
    creates: Optional[str] = arg(default=None, check=checks.absolute, doc="Run it unless this path is there; "
                                 "afterwards it must be there.")
    removes: Optional[str] = arg(default=None, check=checks.absolute, doc="Run it only if this path is there; "
                                 "afterwards it must be gone.")
    unless: Optional[str] = arg(default=None, check=command_line, literal=True, doc="Run it unless this shell command, "
                                "which must only look, ends with 0; afterwards it must end with 0. Asked in plans too.")
    only_if: Optional[str] = arg(default=None, check=command_line, literal=True, doc="Run it only if this shell "
                                 "command, which must only look, ends with 0. Asked in plans too.")
    on_notify: bool = arg(default=False, doc="Run it only when it is notified (and the guards agree).")
    always: bool = arg(default=False, doc="Run it each time; each run then reports a change.")
    read_only: bool = arg(default=False, doc="It only looks: it is run each time, in plans too, for its outputs, and "
                          "is never a change.")
    success: Tuple[str, ...] = arg(default=("0",), check=_codes, doc="Exit codes that mean success.")

    gives: ClassVar[Tuple[str, ...]] = ("stdout", "stderr", "code")
    barrier: ClassVar[bool] = True
    looks_only: ClassVar[str] = "read_only"
    refreshes: ClassVar[str] = "run"
    runs: ClassVar[str] = ""  # the argument that names the program

    def check(self) -> None:
        if not any(getattr(self, name) not in (None, False) for name in WHEN):
            raise Refused("", "says nothing of when to run: each run would repeat it",
                          "give one of %s" % ", ".join("`%s`" % name for name in WHEN))
        for one, others in EXCLUDED.items():
            for other in others:
                if getattr(self, one) and getattr(self, other):
                    raise Refused(other, "and `%s` exclude each other" % one, "leave one of them out")

    def wants(self) -> Sequence[Identity]:
        wanted = [("user", self.user)] if self.user else []
        return tuple(wanted + ([("path", self.cwd)] if self.cwd else []))

    def is_once(self) -> bool:
        return self.always

    # -- what a type defines -----------------------------------------------------------------------------------------

    def words(self) -> List[str]:
        """The program and its arguments. Raises Refused when the document says something else than that."""
        raise NotImplementedError(type(self).__name__)

    def named_so(self) -> str:
        """How a message names what was run."""
        raise NotImplementedError(type(self).__name__)

    def start(self) -> process.Finished:
        """Runs it to its end."""
        return self.carried_out(self.words())

    def carried_out(self, words: Sequence[str]) -> process.Finished:
        """Runs these words as the arguments have it."""
        return process.run(words, stdin=self.stdin.encode("utf-8", "surrogateescape"), env=self.env, cwd=self.cwd,
                           user=self.user)

    # -- looking -----------------------------------------------------------------------------------------------------

    def observe(self) -> Observed:
        creates = None if self.creates is None else files.look(self.creates) is not None
        removes = None if self.removes is None else files.look(self.removes) is not None
        if creates is True or removes is False or not (self.unless or self.only_if or self.read_only):
            return Observed(creates, removes)
        trouble = self._trouble()
        if trouble is not None:
            return Observed(creates, removes, trouble=trouble)
        only_if = self._answer(self.only_if)
        unless = None if only_if not in (None, 0) else self._answer(self.unless)
        finished = None
        if self.read_only and only_if in (None, 0) and unless != 0:
            program = self.words()[0]
            if not self._is_there(program):
                trouble = (self.runs, "there is no program `%s` on this host" % program, "install it first")
            else:
                finished = self.start()
        return Observed(creates, removes, unless, only_if, trouble, finished)

    def _is_there(self, program: str) -> bool:
        place = process.which(program, self.env.get("PATH", process.PLAIN["PATH"]))
        return place is not None and os.access(os.path.join(self.cwd or "/", place), os.X_OK)

    def _trouble(self) -> Optional[Tuple[str, str, str]]:
        """Why guards cannot be asked on this host as it is: what they need may come from an earlier resource."""
        if self.user is not None:
            import pwd

            try:
                pwd.getpwnam(self.user)
            except KeyError:
                return "user", "there is no user %s on this host" % self.user, "declare it as a `user`"
        if self.cwd is not None and not os.path.isdir(self.cwd):
            return "cwd", "there is no directory %s on this host" % self.cwd, "declare it as a `directory`"
        return None

    def _answer(self, guard: Optional[str]) -> Optional[int]:
        if guard is None:
            return None
        return process.run(["sh", "-c", guard], env=self.env, cwd=self.cwd, user=self.user).code

    # -- deciding ----------------------------------------------------------------------------------------------------

    def diff(self, observed: Observed) -> Optional[Change]:
        if observed.trouble is not None:
            raise Refused(*observed.trouble)
        if self.read_only:
            if observed.finished is not None:
                self._judged(observed.finished)
            return None
        return None if self.on_notify else self._needed(observed)

    def is_provisional(self, observed: Observed) -> bool:
        return observed.removes is False or observed.unless == 0 or observed.only_if not in (None, 0)

    def _needed(self, observed: Observed) -> Optional[Change]:
        """None: a guard says that there is nothing to do."""
        if observed.creates or observed.removes is False or observed.unless == 0 or observed.only_if not in (None, 0):
            return None
        gone = {self.removes: None} if self.removes is not None else {}
        return Change("run", self._open(observed), gone)

    def _open(self, observed: Observed) -> Tuple[Field, ...]:
        """What the run is to bring about and is not so yet."""
        fields: List[Field] = []
        if observed.creates is False:
            fields.append(Field("creates", None, self.creates))
        if observed.removes is True:
            fields.append(Field("removes", self.removes, None))
        if observed.unless not in (None, 0):
            fields.append(Field("unless", "ends with %s" % observed.unless, "ends with 0"))
        return tuple(fields)

    def remaining(self, change: Change, observed: Observed) -> Optional[Change]:
        if observed.trouble is not None:
            raise Refused(*observed.trouble)
        fields = self._open(observed)
        return Change("run", fields) if fields else None

    # -- doing -------------------------------------------------------------------------------------------------------

    def converge(self, change: Change) -> Outputs:
        done = self.start()
        self._judged(done)
        return _told(done)

    def refresh(self) -> None:
        """Runs it, unless a guard says that there is nothing to do."""
        if self.read_only:
            return
        observed = self.observe()
        if observed.trouble is not None:
            raise Refused(*observed.trouble)
        if self._needed(observed) is not None:
            self._judged(self.start())

    def needs_refresh(self, change: Optional[Change]) -> bool:
        return change is None and not self.read_only  # a run in this very moment is what was asked for

    def outputs(self, observed: Observed) -> Outputs:
        return _told(observed.finished) if observed.finished else {}

    def _judged(self, done: process.Finished) -> None:
        if str(done.code) not in self.success:
            raise Failed("%s %s" % (self.named_so(), done.ending()), done.said(), _told(done))


def _told(done: process.Finished) -> Outputs:
    return {"stdout": done.stdout.rstrip("\n"), "stderr": done.stderr.rstrip("\n"), "code": done.code}
