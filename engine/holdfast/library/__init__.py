"""The built-in library: resource types and documents that come with Holdfast, found the same way from a checkout and
from an installed wheel."""
from __future__ import annotations

from pathlib import Path


def root() -> Path:
    """The folder that holds `modules/` and `playbooks/`. In a checkout both are links to the checkout's own."""
    return Path(__file__).parent
