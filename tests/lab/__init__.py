"""The lab: real Debian hosts on one machine, for tests, the demo and benchmarks. See docs/how-to/lab.md."""

from tests.lab.errors import BootFailed, CommandFailed, LabError, LabNotRunning, LabUnavailable, NotSupported
from tests.lab.host import LabHost
from tests.lab.lab import Lab
from tests.lab.network import Counts

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
