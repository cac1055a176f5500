"""Opens channels of every kind."""
from __future__ import annotations

from collections.abc import Callable, Collection
from types import TracebackType
from typing import TYPE_CHECKING

from .boot import Archive
from .local import open_local
from .model import Channel, Connection, Unreachable

if TYPE_CHECKING:
    from .ssh import Ssh


class Opener:
    """The ways to hosts of one run, with what they share. An async context manager: channels are closed before it.
    channels: those that will be wanted; what they need is imported at once, not when the first host waits for it.
    tell: called with a host and what was done there, or on its behalf, that somebody ought to know.

        async with Opener({"ssh"}, print) as opener:
            channel = await opener.open(connection, archive)
    """

    def __init__(self, channels: Collection[str], tell: Callable[[str, str], None]) -> None:
        self._tell = tell
        self._ssh: Ssh | None = _ssh(tell) if "ssh" in channels else None

    async def open(self, connection: Connection, sent: Archive) -> Channel:
        """A channel to a runner that has started. Raises Unreachable, BecomeFailed among it."""
        if connection.channel == "local":
            return await open_local(connection, sent)
        if connection.channel == "ssh":
            self._ssh = self._ssh or _ssh(self._tell)
            return await self._ssh.open(connection, sent)
        mend = "Windows hosts are not managed yet" if connection.channel == "winrm" else "use ssh or local"
        raise Unreachable(f"there is no channel `{connection.channel}`", mend)

    async def __aenter__(self) -> Opener:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        if self._ssh is not None:
            await self._ssh.close()


def _ssh(tell: Callable[[str, str], None]) -> Ssh:
    from .ssh import Ssh  # noqa: PLC0415  # 0.1 s and more, which a local run need not spend

    return Ssh(tell)
