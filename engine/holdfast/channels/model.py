"""What there is to know in order to reach a host, and what a channel is."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from holdfast_host.errors import HoldfastError


class Unreachable(HoldfastError):
    """The host could not be asked: try again, or look at the way to it. `mend` says what to try."""

    def __init__(self, what: str, mend: str = "") -> None:
        self.what, self.mend = what, mend
        super().__init__(what + (f" ({mend})" if mend else ""))


BECOME_METHODS = ("sudo", "su", "doas")


@dataclass(frozen=True, slots=True)
class Become:
    """How to become another user on the host. method: sudo, su or doas. password: hidden from repr; None:
    none is needed."""

    user: str = "root"
    method: str = "sudo"
    password: str | None = None

    def __repr__(self) -> str:
        return f"Become(user={self.user!r}, method={self.method!r})"


@dataclass(frozen=True, slots=True)
class Connection:
    """The way to one host. channel: local, ssh or winrm. None means: as ssh's own configuration has it.

    key, known_hosts, ssh_config: paths. host_keys: "strict", or "accept-new": an unknown host's key is trusted and kept
    in known_hosts; a changed one never. jump: hosts to go through, nearest first, as user@host:port. python: the
    interpreter on the host; "": the first of python3, /usr/bin/python3 … that is 3.8 or newer. folder: where the
    runner keeps its state; "": /var/lib/holdfast as root, else ~/.local/state/holdfast. installs_python: python3 is
    installed, over ssh, where there is no usable Python. connect_s, alive_s: seconds to
    connect, and between keepalives.
    """

    host: str
    channel: str = "ssh"
    address: str = ""
    port: int | None = None
    user: str | None = None
    key: str | None = None
    password: str | None = None
    known_hosts: str | None = None
    host_keys: str | None = None
    jump: tuple[str, ...] = ()
    ssh_config: str | None = None
    become: Become | None = None
    python: str = ""
    folder: str = ""
    installs_python: bool = False
    connect_s: float = 10.0
    alive_s: float = 15.0

    def __repr__(self) -> str:
        return f"Connection(host={self.host!r}, channel={self.channel!r}, address={self.address!r}, user={self.user!r})"


class Channel(Protocol):
    """An open byte stream to a runner that has started: the first byte that is read belongs to the protocol."""

    async def read(self) -> bytes:
        """Some bytes; b"" at the end. Raises Unreachable when the connection broke."""
        ...

    async def write(self, data: bytes) -> None:
        """Writes all of it. Raises Unreachable when the connection broke."""
        ...

    async def close(self) -> None:
        """Ends it; what the host still has in hand it finishes by itself."""
        ...

    def said(self) -> str:
        """The last lines that came on the error stream, for messages."""
        ...
