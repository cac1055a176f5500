"""From an open stream to a runner that has been started on it: the same for every channel that runs a command."""
from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass

from . import boot
from .become import Method, method_for
from .model import Connection, Unreachable
from .stream import Stream

START_S = 60.0  # for the interpreter, becoming the user, and the archive over a slow line


@dataclass(frozen=True, slots=True)
class Start:
    """One start of the runner on one host: the command to run there, and what is to be said to it."""

    argv: list[str]
    nonce: str
    sent: boot.Archive
    python: str
    become: Method | None

    @classmethod
    def of(cls, connection: Connection, sent: boot.Archive, python: str = "") -> Start:
        """python: used when the connection names none. Raises BecomeFailed."""
        nonce, python = secrets.token_hex(8), connection.python or python
        argv, become = boot.command(sent.sha256, nonce, python, connection.folder), method_for(connection.become)
        return cls(become.wrap(argv) if become else argv, nonce, sent, python, become)

    async def see(self, stream: Stream) -> None:
        """Until the runner has started. Raises Unreachable, BecomeFailed among it."""
        try:
            async with asyncio.timeout(START_S):
                await boot.greet(stream, self.nonce, self.sent, self.python, self.become)
        except TimeoutError:
            said = stream.said()
            raise Unreachable(f"the runner did not start within {START_S:g} s" + (f": {said[-300:]}" if said else ""),
                              "log in by hand and see what the host waits for") from None
