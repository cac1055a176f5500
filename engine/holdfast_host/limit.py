"""Time limits and interruption of whatever is in hand, by signals to the main thread.

They may come between any two instructions. What must be whole or not at all, such as a frame or a line of the journal,
is done `shielded`; an interruption waits until that is over.
"""
from __future__ import annotations

import contextlib
import signal
import threading
from types import FrameType
from typing import Iterator, Optional

from .errors import HoldfastError, Interrupted, TimedOut


class _Shield:
    """How deep the main thread is in shielded blocks, and what waits for their end."""

    def __init__(self) -> None:
        self.depth = 0
        self.waiting: Optional[HoldfastError] = None

    def hit(self, error: HoldfastError) -> None:
        """Raises it, now or at the end of the outermost block."""
        if not self.depth:
            raise error
        self.waiting = self.waiting or error


_shield = _Shield()


@contextlib.contextmanager
def shielded() -> Iterator[None]:
    """Neither a time limit nor an interruption is raised inside the block; it is at its end. An error of the block's
    own goes before it."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's alone
        return
    _shield.depth += 1
    try:
        yield
    finally:
        _shield.depth -= 1
        waiting = _shield.waiting
        if not _shield.depth:
            _shield.waiting = None
    if not _shield.depth and waiting is not None:
        raise waiting


@contextlib.contextmanager
def time_limit(seconds: Optional[float], what: str) -> Iterator[None]:
    """Raises TimedOut inside the block when it takes longer; None: no limit. Main thread only, not nested."""
    if seconds is None:
        yield
        return

    def over(_: int, __: Optional[FrameType]) -> None:
        _shield.hit(TimedOut("%s took longer than its limit of %g s" % (what, seconds or 0)))

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
        _shield.hit(Interrupted("stopped by the controller"))

    signal.signal(number, now)
