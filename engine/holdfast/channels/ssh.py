"""The ssh channel: one connection and one session to a host, by asyncssh.

What many hosts have in common is read once (known_hosts, keys, the agent) and connected once (jump hosts). A host's
key is always verified. This module is imported only when a host is reached so, as importing asyncssh costs more time
than a run on one host.
"""
from __future__ import annotations

import asyncio
import contextlib
import getpass
import random
import shlex
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import asyncssh
from asyncssh.config import SSHClientConfig

from .become import Method
from .boot import Archive, NoPython
from .jumps import Jumps, parse
from .known_hosts import HostKeys, KnownHosts
from .model import Connection, Unreachable
from .python import Installation, in_vain, may_help
from .ssh_errors import Way, changed, is_worth_another_try, lost, no_connection, no_login
from .ssh_keys import Keys, labels
from .start import Start
from .stream import Stream

USUAL_KNOWN_HOSTS = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2", "/etc/ssh/ssh_known_hosts")
LOGINS = 64  # at a time in all: they are bound by the processor, and a log-in that waits for it runs out of time
LOGINS_PER_ADDRESS = 8  # at a time; sshd begins to turn away at 10 (MaxStartups)
TRIES = 6
MISSED = 3  # keepalives without an answer before a connection counts as lost
CLOSE_S = 1.0

Link = asyncssh.SSHClientConnection


class SshChannel:
    """A runner at the other end of an SSH session."""

    def __init__(self, stream: Stream, link: Link) -> None:
        self._stream, self._link = stream, link

    async def read(self) -> bytes:
        """See Channel."""
        return await self._stream.read()

    async def write(self, data: bytes) -> None:
        """See Channel."""
        await self._stream.write(data)

    async def close(self) -> None:
        """See Channel."""
        await _close(self._link)

    def said(self) -> str:
        """See Channel."""
        return self._stream.said()


class Ssh:
    """Opens SSH channels. One object for a run: it holds what its connections share. To be closed after them.
    tell: called with a host, and what was done that somebody ought to know."""

    def __init__(self, tell: Callable[[str, str], None]) -> None:
        self._tell = tell
        self._keys = Keys()
        self._known: dict[tuple[str, ...], KnownHosts] = {}
        self._jumps = Jumps(self._log_in)
        self._gate = asyncio.Semaphore(LOGINS)
        self._gates: dict[tuple[object, ...], asyncio.Semaphore] = {}
        usual = Path("~/.ssh/config").expanduser()
        self._usual_config = [str(usual)] if usual.is_file() else None

    async def open(self, connection: Connection, sent: Archive) -> SshChannel:
        """A started runner. Raises Unreachable, BecomeFailed among it."""
        Start.of(connection, sent)  # what is wrong in it is told before anybody is asked
        link, way = await self._log_in(connection)
        try:
            try:
                stream = await _started(link, way, connection, sent)
            except NoPython as error:
                if not may_help(connection):
                    raise
                stream = await self._started_with_python(link, way, connection, sent, error)
        except BaseException:
            await _close(link)
            raise
        return SshChannel(stream, link)

    async def _started_with_python(self, link: Link, way: Way, connection: Connection, sent: Archive,
                                   why: NoPython) -> Stream:
        """The runner on a host that had no Python, over the same connection. Raises Unreachable."""
        installation = Installation.of(connection)
        manager = await installation.see(
            await _session(link, way, connection, installation.argv, installation.become))
        self._tell(connection.host, f"{why.what}: python3 was installed with {manager}, as was asked for")
        try:
            return await _started(link, way, connection, sent)
        except NoPython as error:
            raise in_vain(manager, error) from None

    async def close(self) -> None:
        """Ends the connections to jump hosts, and lets go of the agent."""
        await self._jumps.close()
        await self._keys.close()

    # -- logging in ----------------------------------------------------------------------------------------------

    async def _log_in(self, connection: Connection) -> tuple[Link, Way]:
        """Through as many jump hosts as it takes, and again when the server has too many others in hand."""
        options = self._options(connection)
        way = Way(options.host, options.port, options.username, known_name=options.host_key_alias or "")
        jumps = connection.jump or _jumps_of(options.tunnel, connection)
        given = await self._given(connection, options, way)
        gate = self._gates.setdefault((jumps, way.host, way.port), asyncio.Semaphore(LOGINS_PER_ADDRESS))
        for number in range(TRIES):
            async with gate:
                try:
                    return await self._try(connection, way, given, jumps), way
                except asyncssh.PermissionDenied as error:  # it has proved who it is, and may have heard a password
                    await self._keep(connection, way)
                    raise no_login(way, error, connection.connect_s) from None
                except (OSError, asyncssh.Error, ValueError) as error:
                    if number == TRIES - 1 or not is_worth_another_try(error):
                        raise no_login(way, error, connection.connect_s) from None
            await asyncio.sleep(0.1 * 2 ** number * random.uniform(0.5, 1.5))  # noqa: S311  # no secret hangs on it
        raise AssertionError("the last try returns or raises")

    async def _try(self, connection: Connection, way: Way, given: Mapping[str, Any], jumps: tuple[str, ...]) -> Link:
        async with contextlib.AsyncExitStack() as stack:
            through: dict[str, Any] = {}
            if jumps:
                through["tunnel"] = await self._jumps.to(jumps, connection)
            elif given["proxy_command"] is None:
                sock = await _connected(way, connection.connect_s)
                stack.callback(sock.close)
                through["sock"] = sock
            async with self._gate, asyncio.timeout(connection.connect_s):
                try:
                    named = connection.address or connection.host  # as ssh's configuration knows it
                    link = await asyncssh.connect(named, way.port, **{**given, **through})
                except asyncssh.ChannelOpenError as error:
                    raise no_connection(way, error, connection.connect_s) from None
            stack.pop_all()
        try:
            await self._keep(connection, way)
        except BaseException:
            await _close(link)
            raise
        return link

    async def _keep(self, connection: Connection, way: Way) -> None:
        """Writes down the key that was taken on first use, and says so. Raises Unreachable."""
        if not way.is_first_use:
            return
        assert way.known is not None
        assert way.seen is not None
        name, shown = way.known_name or way.host, way.seen.get_fingerprint()
        try:
            is_kept = await asyncio.to_thread(way.known.learn, name, way.port, way.seen)
        except OSError as error:
            raise Unreachable(f"the key of {way} cannot be kept in {way.known.home}: {error.strerror}",
                              "name another file as `known_hosts`") from None
        if not is_kept:
            raise changed(way, f"it shows {shown}")
        way.is_first_use = False
        kind = way.seen.get_algorithm()
        self._tell(connection.host, f"trusted on first use: the {kind} key of {way.entry}, {shown}; written to "
                                    f"{way.known.home}")

    def _options(self, connection: Connection) -> asyncssh.SSHClientConnectionOptions:
        """What the user's ssh configuration says of this host, and the connection over that."""
        said: dict[str, Any] = {"username": connection.user, "port": connection.port}
        try:
            return asyncssh.SSHClientConnectionOptions(
                config=_config(connection) or self._usual_config, host=connection.address or connection.host,
                client_keys=None, **{name: value for name, value in said.items() if value is not None})
        except (asyncssh.ConfigParseError, OSError, ValueError) as error:
            raise Unreachable(f"ssh's configuration cannot be used for {connection.host}: {error}",
                              "mend it, or name another one") from None

    async def _given(self, connection: Connection, options: asyncssh.SSHClientConnectionOptions,
                     way: Way) -> dict[str, Any]:
        """The arguments of asyncssh.connect."""
        config = _config(connection) or self._usual_config
        configured = cast("Sequence[str] | None", options.known_hosts) or USUAL_KNOWN_HOSTS
        files = (connection.known_hosts,) if connection.known_hosts else tuple(configured)
        takes_new = _takes_new(connection, options, config)
        way.known = self._known_in(files, must_exist=connection.known_hosts is not None and not takes_new)
        given: dict[str, Any] = {
            "config": config, "username": options.username, "known_hosts": _watching(way),
            "client_factory": lambda: _Client(way, takes_new), "password": connection.password, "tunnel": None,
            "proxy_command": options.proxy_command, "keepalive_interval": connection.alive_s,
            "keepalive_count_max": MISSED, "compression_algs": None, "gss_host": None, "x509_trusted_certs": None,
            "login_timeout": 0, "connect_timeout": None,
        }
        if takes_new and not _is_known(way):
            given["server_host_key_algs"] = "-*-cert-*"  # a certificate says nothing without its authority
        if connection.key or config is None:
            keys = await (self._keys.of_file(connection.key) if connection.key else self._keys.usual())
            given.update(client_keys=keys or None, agent_path=None)
            way.tried = labels(keys)
        else:
            way.tried = ["the keys of ssh's configuration"]
        way.tried = [*way.tried, *(["the password"] if connection.password is not None else [])]
        return given

    def _known_in(self, files: tuple[str, ...], must_exist: bool) -> KnownHosts:
        if files not in self._known:
            paths = [Path(file).expanduser() for file in files]
            if must_exist and not paths[0].is_file():
                raise Unreachable(f"the file of known hosts {paths[0]} is not there", "check `known_hosts`")
            self._known[files] = KnownHosts(paths)
        return self._known[files]


async def _started(link: Link, way: Way, connection: Connection, sent: Archive) -> Stream:
    """A runner that has started. Raises Unreachable, NoPython among it."""
    start = Start.of(connection, sent)
    stream = await _session(link, way, connection, start.argv, start.become)
    await start.see(stream)
    return stream


async def _session(link: Link, way: Way, connection: Connection, argv: list[str], become: Method | None) -> Stream:
    """The streams of a program that runs on the host. Raises Unreachable."""
    stream = Stream()
    terminal = become is not None and become.wants_terminal
    try:
        async with asyncio.timeout(connection.connect_s):
            await link.create_session(lambda: _Session(stream, way), shlex.join(argv), encoding=None,
                                      request_pty=terminal, term_type="dumb" if terminal else None)
    except (OSError, asyncssh.Error, TimeoutError) as error:
        raise no_login(way, error, connection.connect_s) from None
    return stream


async def _connected(way: Way, seconds: float) -> socket.socket:
    """A TCP connection to the first of the host's addresses that takes one."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(seconds):
            found = await _addresses(loop, way)
            for number, (family, kind, protocol, _, address) in enumerate(found):
                sock = socket.socket(family, kind, protocol)
                try:
                    sock.setblocking(False)
                    async with asyncio.timeout(seconds / len(found)):
                        await loop.sock_connect(sock, address)
                except BaseException as error:
                    sock.close()
                    if not isinstance(error, OSError) or number == len(found) - 1:
                        raise
                else:
                    return sock
    except OSError as error:  # TimeoutError among it
        raise no_connection(way, error, seconds) from None
    raise Unreachable(f"the name {way.host} has no address", "check its address in the inventory")


async def _addresses(loop: asyncio.AbstractEventLoop, way: Way) -> list[Any]:
    """As getaddrinfo gives them; an address that is a number already costs no thread."""
    for family, flag in ((socket.AF_INET, "."), (socket.AF_INET6, ":")):
        if flag in way.host:
            with contextlib.suppress(OSError):
                socket.inet_pton(family, way.host)
                return [(family, socket.SOCK_STREAM, 0, "", (way.host, way.port))]
    return list(await loop.getaddrinfo(way.host, way.port, type=socket.SOCK_STREAM))


async def _close(link: Link) -> None:
    """In good manners, but not for long."""
    link.close()
    try:
        async with asyncio.timeout(CLOSE_S):
            await link.wait_closed()
    except TimeoutError:
        link.abort()
        await link.wait_closed()


def _config(connection: Connection) -> list[str] | None:
    return [connection.ssh_config] if connection.ssh_config else None


def _jumps_of(tunnel: object, connection: Connection) -> tuple[str, ...]:
    """ssh_config's ProxyJump; a jump host that the same line matches is not its own jump host."""
    found = tuple(tunnel.split(",")) if isinstance(tunnel, str) and tunnel not in ("", "none") else ()
    is_own = bool(found) and parse(found[-1])[1] == (connection.address or connection.host)
    return () if is_own else found


def _takes_new(connection: Connection, options: asyncssh.SSHClientConnectionOptions, config: list[str] | None) -> bool:
    """Whether the key of a host that is not known is to be trusted: as the inventory says, else as ssh's configuration
    does."""
    if connection.host_keys is not None or config is None:
        return connection.host_keys == "accept-new"
    said = _FirstUse.load(None, config, False, False, False, getpass.getuser(), options.username,
                          connection.address or connection.host, options.port)
    return str(said.get("StrictHostKeyChecking")).lower() == "accept-new"


def _is_known(way: Way) -> bool:
    """Whether anything is known of a host. A damaged line is told of when the key is matched."""
    assert way.known is not None
    with contextlib.suppress(ValueError):
        return any(way.known.match(way.known_name or way.host, "", way.port))
    return True


class _FirstUse(SSHClientConfig):
    """Of ssh's configuration what asyncssh does not read."""

    _handlers = {  # noqa: RUF012  # as asyncssh declares it: its one list of what it knows
        **SSHClientConfig._handlers,
        "stricthostkeychecking": ("StrictHostKeyChecking", SSHClientConfig._set_string),
    }


def _watching(way: Way) -> Callable[[str, str, int | None], HostKeys]:
    def match(host: str, address: str, port: int | None) -> HostKeys:
        assert way.known is not None
        found = way.known.match(host, address, port)
        way.is_known = bool(found[0] or found[1])
        return found

    return match


class _Client(asyncssh.SSHClient):
    """Remembers the key that a host shows when it is not a trusted one. takes_new: it is taken when none is known."""

    def __init__(self, way: Way, takes_new: bool) -> None:
        self._way, self._takes_new = way, takes_new

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        self._way.seen = key
        self._way.is_first_use = self._takes_new and not self._way.is_known
        return self._way.is_first_use


class _Session(asyncssh.SSHClientSession[bytes]):
    """Feeds a Stream from an SSH session."""

    def __init__(self, stream: Stream, way: Way) -> None:
        self._stream, self._way = stream, way
        self._since = time.monotonic()

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        self._stream.put = chan.write
        self._stream.hold = lambda is_held: chan.pause_reading() if is_held else chan.resume_reading()

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        if datatype is None:
            self._stream.out(data)
        else:
            self._stream.err(data)

    def connection_lost(self, exc: Exception | None) -> None:
        seconds = time.monotonic() - self._since
        self._stream.end(lost(self._way, exc, seconds, self._stream.received) if exc is not None else None)

    def pause_writing(self) -> None:
        self._stream.pause_writing()

    def resume_writing(self) -> None:
        self._stream.resume_writing()
