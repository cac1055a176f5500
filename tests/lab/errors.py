"""What can go wrong with a lab, cut by what the reader can do about it."""

from __future__ import annotations


class LabError(Exception):
    """Any failure of the lab itself; never a failure of what is tested on it."""


class LabUnavailable(LabError):
    """This machine cannot run a lab: not Linux, not root, a tool or a kernel feature is missing. Tests skip with it."""


class LabNotRunning(LabError):
    """There is no lab of this name, or it is not whole: bring it up first."""


class NotSupported(LabError):
    """The lab runs, but this kernel cannot do what was asked of it (say, delay packets)."""


class BootFailed(LabError):
    """A host did not come up in time. The message carries the end of its console."""


class CommandFailed(LabError):
    """A command that the lab runs on this machine failed or took too long. The message carries what it printed."""
