"""What went wrong on the way to a host over SSH, in words that say the mend."""
from __future__ import annotations

import errno
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncssh

from .known_hosts import KnownHosts
from .model import Unreachable


@dataclass(slots=True)
class Way:
    """What is known of one log-in by the time it fails. seen: the host's key, if it is not a trusted one.
    is_first_use: that was taken all the same, as no key of the host was known; it is not kept yet."""

    host: str
    port: int
    user: str = ""
    tried: Sequence[str] = ()  # ways to prove who we are, as a person names them
    known: KnownHosts | None = None
    known_name: str = ""  # what the host is called in known_hosts, when not by its address
    is_known: bool = False  # some key of it is known
    seen: asyncssh.SSHKey | None = field(default=None, repr=False)
    is_first_use: bool = False

    def __str__(self) -> str:
        return self.host if self.port == 22 else f"{self.host}:{self.port}"

    @property
    def entry(self) -> str:
        """The host's name in known_hosts."""
        name = self.known_name or self.host
        return name if self.port == 22 else f"[{name}]:{self.port}"


def no_connection(way: Way, error: Exception, seconds: float) -> Unreachable:
    """For what fails before a byte of SSH is spoken."""
    if isinstance(error, TimeoutError):
        return Unreachable(f"{way} does not answer within {seconds:g} s",
                           f"is the host up, and does a firewall let port {way.port} through?")
    if isinstance(error, socket.gaierror):
        return Unreachable(f"the name {way.host} is not known: {error.strerror}", "check its address in the inventory")
    number = getattr(error, "errno", None)
    if number == errno.ECONNREFUSED:
        return Unreachable(f"{way} refuses the connection", f"does sshd run there, and on port {way.port}?")
    if number in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return Unreachable(f"there is no route to {way}", "is the host up, and its address right?")
    if isinstance(error, asyncssh.ChannelOpenError):
        return Unreachable(f"the jump host cannot reach {way}: {error.reason}",
                           "is the host up, and may the jump host forward to it?")
    return Unreachable(f"cannot connect to {way}: {_words(error)}")


def no_login(way: Way, error: Exception, seconds: float) -> Unreachable:
    """For what fails between the first byte of SSH and an open session."""
    if isinstance(error, asyncssh.PermissionDenied):
        tried = ", ".join(way.tried) or "nothing: there is no key and no password to try"
        return Unreachable(f"{way} does not let {way.user} in; tried {tried}",
                           "is it the right user, and is the key in its authorized_keys?")
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return _host_key(way, error)
    if isinstance(error, asyncssh.KeyExchangeFailed):
        if "host key" in str(error):
            return changed(way, "it shows none of the kinds of key that are known for it")
        return Unreachable(f"{way} and we have no algorithm in common: {error.reason}",
                           "its sshd is too old or too strict")
    if isinstance(error, TimeoutError):
        return Unreachable(f"{way} took the connection, but the log-in did not end within {seconds:g} s",
                           "is the host overloaded, or is it no SSH server?")
    if is_worth_another_try(error):
        return Unreachable(f"{way} closed the connection during the log-in: {_words(error)}",
                           "is it an SSH server, and does it let so many log in at a time (MaxStartups)?")
    if isinstance(error, asyncssh.KeyEncryptionError | asyncssh.KeyImportError):
        return Unreachable(f"a key cannot be read: {error}", "add it to the agent with ssh-add")
    if isinstance(error, asyncssh.ConfigParseError):
        return Unreachable(f"ssh's configuration has an error: {error}", "mend it, or name another one")
    if isinstance(error, asyncssh.ChannelOpenError):
        return Unreachable(f"{way} lets us in but opens no session: {error.reason}",
                           "look at MaxSessions and ForceCommand in its sshd_config")
    mend = "is it an SSH server?" if isinstance(error, asyncssh.ProtocolError) else ""
    return Unreachable(f"cannot log in to {way}: {_words(error)}", mend)


def is_worth_another_try(error: Exception) -> bool:
    """Whether a server that has too many log-ins in hand would say this."""
    return isinstance(error, asyncssh.ConnectionLost | ConnectionResetError | BrokenPipeError) or (
        isinstance(error, asyncssh.DisconnectError) and "oo many" in error.reason)


def lost(way: Way, error: Exception | None, seconds: float, received: int) -> Unreachable:
    """For a connection that breaks while a runner is at work."""
    why = _words(error) if error is not None else "it was closed"
    return Unreachable(f"the connection to {way} was lost after {seconds:.0f} s and {received} bytes: {why}",
                       "its results are collected at the next contact")


def _host_key(way: Way, error: asyncssh.HostKeyNotVerifiable) -> Unreachable:
    if "revoked" in error.reason:
        return Unreachable(f"the key of {way} is revoked in known_hosts", "do not trust it; give the host a new key")
    shown = f"it shows {way.seen.get_fingerprint()}" if way.seen else error.reason
    if way.is_known:
        return changed(way, shown)
    files = ", ".join(map(str, way.known.files)) if way.known else ""
    port = "" if way.port == 22 else f"-p {way.port} "
    return Unreachable(f"the key of {way} is not known; {shown}",
                       f"compare that with the host's own (ssh-keygen -l -f on its console), then: ssh-keyscan "
                       f"{port}{way.host} >> {files or '~/.ssh/known_hosts'}")


def changed(way: Way, shown: str) -> Unreachable:
    """For a host that shows another key than the one that is known."""
    file = f" -f {way.known.files[0]}" if way.known and way.known.files else ""
    return Unreachable(f"the key of {way} has changed: {shown}, and another one is known. Somebody may be in between",
                       f"if the host was made anew, forget the old one: ssh-keygen -R '{way.entry}'{file}")


def _words(error: Exception) -> str:
    if isinstance(error, asyncssh.DisconnectError):
        return error.reason
    if isinstance(error, OSError) and error.errno:
        return (error.strerror or os.strerror(error.errno)) + (f": {error.filename}" if error.filename else "")
    return str(error) or type(error).__name__
