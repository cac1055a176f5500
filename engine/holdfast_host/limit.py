"""Time limits and interruption of whatever is in hand, by signals to the main thread."""
from __future__ import annotations

import contextlib
import signal
from types import FrameType
from typing import Iterator, Optional

from .errors import Interrupted, TimedOut


@contextlib.contextmanager
def time_limit(seconds: Optional[float], what: str) -> Iterator[None]:
    """Raises TimedOut inside the block when it takes longer; None: no limit. Main thread only, not nested."""
    if seconds is None:
        yield
        return

    def over(_: int, __: Optional[FrameType]) -> None:
        raise TimedOut("%s took longer than its limit of %g s" % (what, seconds or 0))

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def interrupt_on(number: int) -> None:
    """From here on this signal raises Interrupted in whatever is in hand."""

    def now(_: int, __: Optional[FrameType]) -> None:
        raise Interrupted("stopped by the controller")

    signal.signal(number, now)
