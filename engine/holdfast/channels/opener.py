"""Opens channels of every kind."""
from __future__ import annotations

from collections.abc import Collection
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

        async with Opener({"ssh"}) as opener:
            channel = await opener.open(connection, archive)
    """

    def __init__(self, channels: Collection[str] = ()) -> None:
        self._ssh: Ssh | None = _ssh() if "ssh" in channels else None

    async def open(self, connection: Connection, sent: Archive) -> Channel:
        """A channel to a runner that has started. Raises Unreachable, BecomeFailed among it."""
        if connection.channel == "local":
            return await open_local(connection, sent)
        if connection.channel == "ssh":
            self._ssh = self._ssh or _ssh()
            return await self._ssh.open(connection, sent)
        mend = "Windows hosts are not managed yet" if connection.channel == "winrm" else "use ssh or local"
        raise Unreachable(f"there is no channel `{connection.channel}`", mend)

    async def __aenter__(self) -> Opener:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        if self._ssh is not None:
            await self._ssh.close()


def _ssh() -> Ssh:
    from .ssh import Ssh  # noqa: PLC0415  # 0.1 s and more, which a local run need not spend

    return Ssh()
