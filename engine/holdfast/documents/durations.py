"""Durations as people write them: 90s, 5m, 1h30m."""
from __future__ import annotations

import re

_PARTS = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?\Z")


def seconds(text: str) -> float | None:
    """`1h30m` -> 5400.0. None: it is not a duration, or none at all (`0s`)."""
    found = _PARTS.match(text)
    if not text or found is None:
        return None
    days, hours, minutes, rest = (float(part or 0) for part in found.groups())
    total = ((days * 24 + hours) * 60 + minutes) * 60 + rest
    return total or None
