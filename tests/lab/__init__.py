"""The lab: real Debian hosts on one machine, for tests, the demo and benchmarks. See docs/how-to/lab.md."""

from .errors import BootFailed, CommandFailed, LabError, LabNotRunning, LabUnavailable, NotSupported
from .host import LabHost
from .lab import Lab
from .network import Counts

__all__ = [
    "BootFailed",
    "CommandFailed",
    "Counts",
    "Lab",
    "LabError",
    "LabHost",
    "LabNotRunning",
    "LabUnavailable",
    "NotSupported",
]
