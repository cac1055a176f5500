"""Waiting for what comes by itself."""
from __future__ import annotations

import time
from collections.abc import Callable

AGAIN_S = 0.05


def until(holds: Callable[[], object], seconds: float = 60) -> None:
    """Asks again and again; fails when it does not hold by then."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(AGAIN_S)
