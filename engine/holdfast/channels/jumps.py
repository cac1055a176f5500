"""Connections to jump hosts: made once, used for all hosts behind them."""
from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

import asyncssh

from .model import Connection, Unreachable
from .ssh_errors import Way

REMEMBERED_S = 30.0  # how long a jump host that could not be reached is not tried again

LogIn = Callable[[Connection], Awaitable[tuple[asyncssh.SSHClientConnection, Way]]]
Chain = tuple[tuple[str, ...], str | None, str | None, str | None]  # the jumps, and what their log-ins depend on


class Jumps:
    """The jump hosts of a run. log_in: opens a connection, through its own jumps."""

    def __init__(self, log_in: LogIn) -> None:
        self._log_in = log_in
        self._open: dict[Chain, asyncio.Task[asyncssh.SSHClientConnection]] = {}
        self._failed: dict[Chain, tuple[float, Unreachable]] = {}

    async def to(self, jumps: tuple[str, ...], connection: Connection) -> asyncssh.SSHClientConnection:
        """The connection to the last of these, through those before it. Raises Unreachable, naming the jump host."""
        chain = (jumps, connection.key, connection.known_hosts, connection.ssh_config)
        since, failed = self._failed.get(chain, (0.0, None))
        if failed is not None and time.monotonic() - since < REMEMBERED_S:
            raise failed
        task = self._open.get(chain)
        if task is None or (task.done() and (task.cancelled() or task.exception() or task.result().is_closed())):
            task = self._open[chain] = asyncio.create_task(self._connect(jumps, connection))
        try:
            return await asyncio.shield(task)  # others wait for it too
        except Unreachable as error:
            failed = Unreachable(f"jump host {jumps[-1]}: {error.what}", error.mend)
            self._failed[chain] = (time.monotonic(), failed)
            raise failed from None

    async def close(self) -> None:
        """The last ones first."""
        for task in reversed(self._open.values()):
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled() and task.exception() is None:
                task.result().close()
                await task.result().wait_closed()

    async def _connect(self, jumps: tuple[str, ...], connection: Connection) -> asyncssh.SSHClientConnection:
        """A jump host is told nothing of the target's password; user and port are its own."""
        user, host, port = parse(jumps[-1])
        link, _ = await self._log_in(replace(
            connection, host=host, address=host, port=port, user=user, password=None, become=None, jump=jumps[:-1]))
        return link


def parse(jump: str) -> tuple[str | None, str, int | None]:
    """user@host:port, [v6]:port; Raises Unreachable when it is none of these."""
    found = re.fullmatch(r"(?:ssh://)?(?:([^@\s]+)@)?(?:\[([^\]\s]+)\]|([^:\s@]+))(?::(\d+))?", jump.strip())
    if found is None:
        raise Unreachable(f"`{jump}` is not a jump host", "write user@host:port")
    user, bracketed, plain, port = found.groups()
    return user, bracketed or plain, int(port) if port else None
