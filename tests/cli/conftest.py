"""The command as people and programs meet it: with real hosts, in pipes and on terminals."""
from __future__ import annotations

from tests.trust.conftest import site

__all__ = ["site"]
