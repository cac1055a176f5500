"""wait_for: a port answers, or a path is there, before anything goes on."""
from __future__ import annotations

import time
from typing import ClassVar, Optional, Sequence

from holdfast_host import ALWAYS, Change, Declared, Failed, Field, Identity, Refused, Resource, arg, checks, files

PAUSE_S, CONNECT_S = 0.2, 5.0


def _port(number: int) -> None:
    if not 0 < number < 65536:
        raise Refused("", "is 1 to 65535, not %d" % number, "write a number in that range")


def _seconds(number: float) -> None:
    if not 0 <= number <= 86400:
        raise Refused("", "is a number of seconds from 0 to 86400, not %g" % number,
                      "write a number in that range")


class WaitFor(Resource):
    """A port answers or a path is there, or is gone, before anything goes on. It is looked at from the host itself."""

    named: ClassVar[str] = "name"
    looks_only: ClassVar[str] = ALWAYS
    example: ClassVar[str] = """
        - wait_for: the database answers
          port: 5432
          timeout_s: 60
    """

    name: str = arg(doc="What is waited for, in words.")
    port: Optional[int] = arg(None, check=_port, doc="A TCP port that is to answer.")
    host: str = arg("127.0.0.1", check=checks.address, doc="Where the port is.")
    path: Optional[str] = arg(None, check=checks.absolute, doc="A path that is to be there.")
    state: str = arg("present", choices=("present", "absent"), doc="absent: the port is to be closed, the path gone.")
    timeout_s: float = arg(300.0, check=_seconds, doc="How many seconds to wait before it is a failure.")

    def check(self) -> None:
        if (self.port is None) == (self.path is None):
            raise Refused("port", "and `path`: one of them is what is waited for", "give one of them")

    def is_removal(self) -> bool:
        return False  # it removes nothing, it waits until something is gone

    def wants(self) -> Sequence[Identity]:
        return (("path", self.path),) if self.path is not None else ()

    def observe(self) -> bool:
        """Whether it is there now."""
        if self.path is not None:
            return files.look(self.path) is not None
        return answers(self.host, self.port or 0)

    def diff(self, observed: bool) -> Optional[Change]:
        wanted = self.state == "present"
        if observed == wanted:
            return None
        what = "path" if self.path is not None else "port"
        words = {True: "there", False: "gone"} if self.path is not None else {True: "open", False: "closed"}
        return Change("wait", (Field(what, words[observed], words[wanted]),))

    def is_provisional(self, observed: bool) -> bool:
        return True  # a restart before it closes the port for a moment

    def undo(self, observed: bool, change: Change) -> Sequence[Declared]:
        return ()  # it changes nothing

    def converge(self, change: Change) -> None:
        until = time.monotonic() + self.timeout_s
        while self.observe() != (self.state == "present"):
            if time.monotonic() >= until:
                what = self.path or "port %d of %s" % (self.port or 0, self.host)
                raise Failed("%s was not %s within %g s" % (what, change.fields[0].after, self.timeout_s))
            time.sleep(PAUSE_S)


def answers(host: str, port: int) -> bool:
    """Whether something takes connections there. Raises Failed for a host's name that nobody knows."""
    import socket

    try:
        socket.create_connection((host, port), CONNECT_S).close()
    except socket.gaierror as error:
        raise Failed("cannot find the host %s: %s" % (host, error.strerror)) from None
    except OSError:
        return False
    return True
