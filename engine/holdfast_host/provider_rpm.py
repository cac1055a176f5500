"""What is the same for all managers that build on rpm."""
from __future__ import annotations

from . import checks, rpm
from .packages import Provider


class RpmProvider(Provider):
    """Base of their providers: names, versions and the order of these are rpm's."""

    def check_name(self, name: str) -> None:
        checks.package(name)

    def fits(self, version: str, wanted: str) -> bool:
        return rpm.fits(version, wanted)

    def compare(self, one: str, other: str) -> int:
        return rpm.compare(one, other)
