"""What can go wrong, cut by what the reader can do about it."""
from __future__ import annotations

from typing import Any, Mapping, Optional


class HoldfastError(Exception):
    """The root of all errors that a resource type or the runner raises on purpose."""


class Refused(HoldfastError):
    """The document is wrong: mend it. Raised by pure code that does not know where the value was written.

    `argument` is the argument's name ("" for the resource as a whole), `what` is wrong with it, `mend` what to write.
    The controller adds file, line and column.
    """

    def __init__(self, argument: str, what: str, mend: str = "") -> None:
        self.argument, self.what, self.mend = argument, what, mend
        super().__init__("%s%s%s" % (argument and "`%s` " % argument, what, mend and ": " + mend))


class Stale(HoldfastError):
    """The host moved between looking and writing: plan anew."""


class Failed(HoldfastError):
    """The host could not do it: look at the host. `output` is what a tool said, for the report; `outputs` what the
    resource gives for the report all the same; `mend` what to do, where that is known."""

    def __init__(self, what: str, output: str = "", outputs: Optional[Mapping[str, Any]] = None,
                 mend: str = "") -> None:
        self.what, self.output, self.outputs, self.mend = what, output, outputs or {}, mend
        super().__init__(what + (":\n" + output if output else ""))


class TimedOut(HoldfastError):
    """It took longer than allowed: give more time, or look at the host."""


class Interrupted(HoldfastError):
    """Somebody asked to stop now."""


class NeedBlob(HoldfastError):
    """The content of a file is needed and not on the host yet; the runner asks the controller and tries again."""

    def __init__(self, sha256: str) -> None:
        self.sha256 = sha256
        super().__init__("blob %s is not here yet" % sha256)
