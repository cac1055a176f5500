"""Becoming another user on the host before the runner starts.

The password goes over the standard input alone, and only once the prompt that we asked for has been seen: in no
argument, no environment, no log. A method is a class of the shape of Sudo; `method_for` knows them by name.
"""
from __future__ import annotations

import re
import secrets

from .model import Become, Unreachable
from .stream import Stream


class BecomeFailed(Unreachable):
    """We are on the host, but not as the user that we are to be."""


# What sudo says (with LC_ALL=C), what it means, and what to do.
_SAYINGS = (
    (r"must have a tty", "sudo on the host wants a terminal (requiretty)",
     "take `requiretty` out of its sudoers for this user"),
    (r"password is required|a terminal is required", "sudo wants a password and none was given",
     "give the become password, or allow NOPASSWD in sudoers"),
    (r"incorrect password|Sorry, try again|no password was provided", "sudo does not accept the password",
     "check the become password"),
    (r"is not in the sudoers file|is not allowed to|may not run sudo|not in sudoers", "this user may not use sudo so",
     "allow it in the host's sudoers"),
    (r"unknown user", "the user to become does not exist on the host", "check become's user"),
    (r"not found|No such file", "there is no sudo on the host", "install sudo, or log in as the user itself"),
    (r"account .*(expired|locked)|password expired", "the account may not use sudo: it has expired or is locked",
     "mend the account on the host"),
)


class Sudo:
    """sudo, with a password or without."""

    def __init__(self, become: Become) -> None:
        self._become = become
        self._mark = "holdfast-" + secrets.token_hex(8)
        self._has_answered = False

    def wrap(self, argv: list[str]) -> list[str]:
        """The argv that carries out `argv` as the other user, HOME included."""
        asking = ["-S", "-p", f"[{self._mark}] "] if self._become.password is not None else ["-n"]
        return ["env", "LC_ALL=C", "sudo", "-H", *asking, "-u", self._become.user, "--", *argv]

    async def watch(self, stream: Stream) -> None:
        """Answers the prompt when it is there. Raises BecomeFailed when it comes a second time."""
        if self._mark.encode() not in stream.errors:
            return
        stream.errors.clear()
        if self._has_answered:
            raise BecomeFailed("sudo does not accept the password", "check the become password")
        self._has_answered = True
        await stream.write((self._become.password or "").encode() + b"\n")

    def explain(self, said: str) -> BecomeFailed | None:
        """Why it ended before the runner started; None when sudo is not to blame."""
        if not re.search(r"^(env|sudo|sudo-rs)\b|sudo|Sorry, (try again|user )", said, re.M):
            return None
        for pattern, what, mend in _SAYINGS:
            if re.search(pattern, said):
                return BecomeFailed(f"{what} (to become {self._become.user})", mend)
        return BecomeFailed(f"sudo failed: {said[-300:]}", "try it by hand on the host")


def method_for(become: Become | None) -> Sudo | None:
    """What becomes the user. Raises BecomeFailed for a method that is not known, or a password that cannot be typed."""
    if become is None:
        return None
    if become.method != "sudo":
        raise BecomeFailed(f"there is no way `{become.method}` to become {become.user}", "use sudo")
    if become.password is not None and re.search(r"[\n\r\0]", become.password):
        raise BecomeFailed("the become password holds a line end or a NUL", "one line only")
    return Sudo(become)
