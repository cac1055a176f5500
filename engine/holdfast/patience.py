"""How long one text of a document may take: a timer of the process's CPU time ends what takes longer.

What a text makes is bounded by what it says (see compiler/bounds.py); how long it takes is not always to be seen
beforehand: a regular expression with nested repetitions may need longer than the world is old. Python looks for signals
within such ones and between the steps of all other work, so a signal can end it. Signals come to the main thread alone:
a program that compiles in another thread has the other bounds and not this one.
"""
from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

LIMIT_S = 10.0  # CPU time of a text, with all that is evaluated for it
AFTERWARDS_S = 1.0  # of each further one, when one has been ended
TICK_S = 0.25


class TookTooLong(Exception):
    """A text, or a type's check of it, was ended."""

    what = f"this takes longer than {LIMIT_S:g} s of computing"
    mend = "nested repetitions in regular expressions, as in (a+)+, try everything: write them flat; or loop over less"


class Patience:
    """A context manager around each piece of work that is bounded; they may lie in one another, the outermost counts.
    It has an effect while somebody is `watching`. is_spent: something has been ended."""

    def __init__(self) -> None:
        self.is_spent = False
        self._depth = 0
        self._ticks = 0

    def __enter__(self) -> None:
        if not self._depth:
            self._ticks = 0
        self._depth += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._depth -= 1

    @contextmanager
    def watching(self) -> Iterator[None]:
        """While this lasts the timer runs."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGVTALRM, self._tick)
        timer = signal.setitimer(signal.ITIMER_VIRTUAL, TICK_S, TICK_S)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, *timer)
            signal.signal(signal.SIGVTALRM, before)

    def _tick(self, _: int, __: FrameType | None) -> None:
        if not self._depth:
            return
        self._ticks += 1
        if self._ticks * TICK_S > (AFTERWARDS_S if self.is_spent else LIMIT_S):
            self._ticks = 0  # what is said of it now is not to be ended too
            self.is_spent = True
            raise TookTooLong
