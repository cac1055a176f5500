"""The local channel: the runner as a child process, over pipes."""
from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from typing import cast

from .become import BecomeFailed
from .boot import Archive
from .model import Connection, Unreachable
from .start import Start
from .stream import Stream

LEAVE_S = 2.0  # how long a runner that was told goodbye is waited for
PASSED_ON = ("HOME", "USER", "LOGNAME", "PATH", "TMPDIR", "LANG")  # of our environment; nothing else concerns it


class LocalChannel:
    """A runner on this machine."""

    def __init__(self, stream: Stream, child: asyncio.SubprocessTransport, exited: asyncio.Event) -> None:
        self._stream, self._child, self._exited = stream, child, exited

    async def read(self) -> bytes:
        """See Channel."""
        return await self._stream.read()

    async def write(self, data: bytes) -> None:
        """See Channel."""
        await self._stream.write(data)

    async def close(self) -> None:
        """See Channel. A runner that still has something in hand is left to finish it."""
        await _leave(self._stream, self._child, self._exited)

    def said(self) -> str:
        """See Channel."""
        return self._stream.said()


async def open_local(connection: Connection, sent: Archive) -> LocalChannel:
    """Starts the runner here, by connection.python or the interpreter that we run on. Raises Unreachable,
    BecomeFailed among it."""
    start = Start.of(connection, sent, sys.executable)
    if start.become is not None and start.become.wants_terminal:
        raise BecomeFailed("doas takes a password from a terminal only, and there is none for a local run",
                           "write `nopass` in the rule in doas.conf and give no password, or use sudo")
    stream = Stream()
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    try:
        child, ends = await asyncio.get_running_loop().subprocess_exec(
            lambda: _Ends(stream), *start.argv, env=environment, start_new_session=True)  # our Ctrl-C is not theirs
    except OSError as error:
        raise Unreachable(f"cannot start {start.argv[0]}: {error.strerror}") from None
    try:
        await start.see(stream)
    except BaseException:
        await _leave(stream, child, ends.exited)
        raise
    return LocalChannel(stream, child, ends.exited)


async def _leave(stream: Stream, child: asyncio.SubprocessTransport, exited: asyncio.Event) -> None:
    """Says that nobody listens any more, and waits a little, until the child has ended and not only its pipes: closing
    would take its end away from whoever waits for it. What is closed then is the shell that started the runner; the
    runner itself ends at the next resource boundary."""
    writing = child.get_pipe_transport(0)
    if writing is not None:
        writing.close()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LEAVE_S):
            while not stream.is_over:
                stream.data.clear()
                await stream.changed()
            await exited.wait()
    child.close()


class _Ends(asyncio.SubprocessProtocol):
    """Feeds a Stream from a child's pipes."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._lost: set[int] = set()  # pipes; 0 stands for the process itself
        self.exited = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        child = cast(asyncio.SubprocessTransport, transport)
        reading = cast(asyncio.ReadTransport, child.get_pipe_transport(1))
        self._stream.put = cast(asyncio.WriteTransport, child.get_pipe_transport(0)).write
        self._stream.hold = lambda is_held: reading.pause_reading() if is_held else reading.resume_reading()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 1:
            self._stream.out(data)
        else:
            self._stream.err(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd in (1, 2):
            self._gone(fd)

    def process_exited(self) -> None:
        self.exited.set()
        self._gone(0)

    def _gone(self, what: int) -> None:
        """What was printed may come after the process has ended; a daemon may hold the error stream for ever."""
        self._lost.add(what)
        if self._lost >= {1, 2} or self._lost >= {0, 1}:
            self._stream.end()

    def pause_writing(self) -> None:
        self._stream.pause_writing()

    def resume_writing(self) -> None:
        self._stream.resume_writing()
