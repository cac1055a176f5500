"""What runs on managed hosts, and what resource types are written against. Standard library only, Python 3.8+."""
from . import checks, files, process
from .errors import Failed, HoldfastError, Interrupted, NeedBlob, Refused, Stale, TimedOut
from .record import Record
from .resource import ALLOWED, ALWAYS, NEVER, Change, Declared, Field, Identity, Outputs, Resource, arg
from .values import Blob

__all__ = [
    "ALLOWED", "ALWAYS", "NEVER", "Blob", "Change", "Declared", "Failed", "Field", "HoldfastError", "Identity",
    "Interrupted",
    "NeedBlob", "Outputs", "Record", "Refused", "Resource", "Stale", "TimedOut", "arg", "checks", "files", "process",
]
