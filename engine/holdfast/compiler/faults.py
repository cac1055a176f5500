"""What stops the making of a value."""
from __future__ import annotations

from collections.abc import Iterable

from holdfast.problems import Problem


class Fault(Exception):
    """Something in the documents is wrong. It has its place already and goes up to whoever collects problems."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problem.what for problem in self.problems))


class NeedsFacts(Exception):
    """Facts of the host are read, and not known yet."""


class NotDefined(Exception):
    """A template reads what is not there. holder: what was asked for the name; None: it is a variable's name."""

    def __init__(self, name: str, holder: object = None, why: str = "") -> None:
        self.name, self.holder, self.why = name, holder, why
        super().__init__(name)


class KnownLater(Exception):
    """A template looks into a value that is known only on the host. word: what the template calls it. mend: if there is
    a better one than for all of these."""

    def __init__(self, what: str, word: str = "", mend: str = "") -> None:
        self.what, self.word, self.mend = what, word, mend
        super().__init__(what)


class Misused(Exception):
    """A filter, test or function was given what it cannot take; said in words for the user. word: where in the text."""

    def __init__(self, what: str, mend: str = "", word: str = "") -> None:
        self.what, self.mend, self.word = what, mend, word
        super().__init__(what)
