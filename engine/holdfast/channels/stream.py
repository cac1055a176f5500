"""The two ends that a host's process has here: bytes that come are gathered, whoever waits for them is woken.

A child process over pipes and a session of an SSH connection tell of their bytes by the same callbacks; this is what
both feed.
"""
from __future__ import annotations

import asyncio
from collections.abc import Callable

from .model import Unreachable

SAID_LIMIT = 4096  # bytes of the error stream that are kept, from its end
READ_AHEAD = 4 * 1024 * 1024  # bytes that may wait here before the host is held back


class Stream:
    """One reader and one writer. data: what came and was not read yet. is_over: nothing more will come. why: what broke
    it, None when it ended by itself."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.errors = bytearray()
        self.is_over = False
        self.why: Unreachable | None = None
        self.received = 0
        self.put: Callable[[bytes], None] = _nowhere  # hands bytes to the transport
        self.hold: Callable[[bool], None] = _nothing  # asks the transport to stop reading, or to go on
        self._is_held = False
        self._waiter: asyncio.Future[None] | None = None
        self._room = asyncio.Event()
        self._room.set()

    # -- what the transport calls --------------------------------------------------------------------------------

    def out(self, data: bytes) -> None:
        """Bytes of the output stream came."""
        self.data += data
        self.received += len(data)
        if len(self.data) > READ_AHEAD and not self._is_held:
            self._is_held = True
            self.hold(True)
        self._wake()

    def err(self, data: bytes) -> None:
        """Bytes of the error stream came."""
        self.errors += data
        del self.errors[:-SAID_LIMIT]
        self._wake()

    def end(self, why: Unreachable | None = None) -> None:
        """Nothing more will come. The first reason counts."""
        if not self.is_over:
            self.is_over, self.why = True, why
        self._room.set()
        self._wake()

    def pause_writing(self) -> None:
        """The transport has enough to write."""
        self._room.clear()

    def resume_writing(self) -> None:
        """The transport has room again."""
        self._room.set()

    # -- what the reader and the writer call ---------------------------------------------------------------------

    async def read(self) -> bytes:
        """All that is there, at least one byte; b"" at the end. Raises Unreachable when it broke."""
        while not self.data:
            if self.is_over:
                if self.why is not None:
                    raise self.why
                return b""
            await self.changed()
        data = bytes(self.data)
        self.data.clear()
        if self._is_held:
            self._is_held = False
            self.hold(False)
        return data

    async def write(self, data: bytes) -> None:
        """Hands it over, and waits while the transport has too much in hand. Raises Unreachable when it broke."""
        if self.is_over:
            raise self.why or self._too_late()
        try:
            self.put(data)
        except BrokenPipeError:  # its end has come, and we are about to be told
            raise self._too_late() from None
        if not self._room.is_set():
            await self._room.wait()

    async def changed(self) -> None:
        """Until anything comes or ends."""
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def said(self) -> str:
        """The last lines of the error stream."""
        return self.errors.decode("utf-8", "replace").strip()

    def _too_late(self) -> Unreachable:
        said = self.said()
        return Unreachable("the runner has ended" + (f": {said[-500:]}" if said else ""),
                           "its results are collected at the next contact")

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _nowhere(_: bytes) -> None:
    raise Unreachable("it is not connected yet")


def _nothing(_: bool) -> None:
    pass
