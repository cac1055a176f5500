"""Becoming another user on the host before the runner starts.

The password goes over the standard input alone, and only once the prompt that we asked for has been seen: in no
argument, no environment, no log. `method_for` knows the methods by name.
"""
from __future__ import annotations

import re
import secrets
import shlex
from collections.abc import Mapping
from typing import ClassVar

from .model import BECOME_METHODS, Become, Unreachable
from .stream import Stream


class BecomeFailed(Unreachable):
    """We are on the host, but not as the user that we are to be."""


class Method:
    """One way to become another user, for one start of a runner."""

    name: ClassVar[str]
    sayings: ClassVar[tuple[tuple[str, str, str], ...]]
    speaks: ClassVar[str]  # what shows that it is the program itself that complains

    def __init__(self, become: Become) -> None:
        self._become = become
        self._mark = "holdfast-" + secrets.token_hex(8)
        self._has_answered = False

    @property
    def wants_terminal(self) -> bool:
        """Whether the streams of what it starts are to be those of a terminal."""
        return False

    def wrap(self, argv: list[str]) -> list[str]:
        """The argv that carries out `argv` as the other user, HOME included."""
        raise NotImplementedError

    def asks(self, stream: Stream) -> bool:
        """Whether it waits for the password; what showed that is taken away."""
        return self._took(stream.errors, self._mark.encode())

    async def watch(self, stream: Stream) -> None:
        """Answers the prompt when it is there. Raises BecomeFailed when it comes twice, or there is no answer."""
        if not self.asks(stream):
            return
        if self._become.password is None:
            raise BecomeFailed(f"{self.name} wants a password and none was given", "give the become password")
        if self._has_answered:
            raise BecomeFailed(f"{self.name} does not accept the password", "check the become password")
        self._has_answered = True
        await stream.write(self._become.password.encode() + b"\n")

    def explain(self, said: str) -> BecomeFailed | None:
        """Why it ended before the runner started; None when it is not to blame."""
        said = said.replace(self._mark, "").strip()
        if not re.search(self.speaks, said, re.M):
            return None
        for pattern, what, mend in self.sayings:
            if re.search(pattern, said):
                return BecomeFailed(f"{what} (to become {self._become.user})", mend)
        return BecomeFailed(f"{self.name} failed: {said[-300:]}", "try it by hand on the host")

    @staticmethod
    def _took(data: bytearray, prompt: bytes) -> bool:
        """Empties what holds this prompt."""
        if prompt not in data:
            return False
        data.clear()
        return True


class Sudo(Method):
    """sudo, with a password or without."""

    name = "sudo"
    speaks = r"^(env|sudo|sudo-rs)\b|sudo|Sorry, (try again|user )"
    sayings = (
        (r"must have a tty", "sudo on the host wants a terminal (requiretty)",
         "take `requiretty` out of its sudoers for this user"),
        (r"password is required|a terminal is required", "sudo wants a password and none was given",
         "give the become password, or allow NOPASSWD in sudoers"),
        (r"incorrect password|Sorry, try again|no password was provided", "sudo does not accept the password",
         "check the become password"),
        (r"is not in the sudoers file|is not allowed to|may not run sudo|not in sudoers",
         "this user may not use sudo so", "allow it in the host's sudoers"),
        (r"unknown user", "the user to become does not exist on the host", "check become's user"),
        (r"not found|No such file", "there is no sudo on the host", "install sudo, or log in as the user itself"),
        (r"account .*(expired|locked)|password expired", "the account may not use sudo: it has expired or is locked",
         "mend the account on the host"),
    )

    def wrap(self, argv: list[str]) -> list[str]:
        asking = ["-S", "-p", f"[{self._mark}] "] if self._become.password is not None else ["-n"]
        return ["env", "LC_ALL=C", "sudo", "-H", *asking, "-u", self._become.user, "--", *argv]


class Su(Method):
    """su, with the password of the user to become. It words its prompt itself, so our mark is printed just before."""

    name = "su"
    speaks = r"^(env|sh|su)\b.*: |Authentication failure|Password: "
    sayings = (
        (r"Authentication failure", "su does not accept the password", "check the become password"),
        (r"does not exist|No passwd entry|unknown user", "the user to become does not exist on the host",
         "check become's user"),
        (r"Permission denied", "this user may not use su", "allow it in the host's /etc/pam.d/su, or use sudo"),
        (r"not found|No such file", "there is no su on the host", "use sudo, or log in as the user itself"),
    )

    def wrap(self, argv: list[str]) -> list[str]:
        words = ["su", "-s", "/bin/sh", self._become.user, "-c", shlex.join(argv)]
        return ["sh", "-c", 'printf %s "$0" >&2; LC_ALL=C exec "$@"', self._mark, *words]

    def asks(self, stream: Stream) -> bool:
        return self._took(stream.errors, self._mark.encode() + b"Password: ")


class Doas(Method):
    """doas. A password it takes from a terminal only: there is one for it then, raw, as the protocol goes on over it.
    What the runner says on its error stream would be mixed into that, and is dropped."""

    name = "doas"
    speaks = r"^(env|doas)\b"
    sayings = (
        (r"Authentication required|tty is required|Authorization required", "doas wants a password and none was given",
         "give the become password, or write `nopass` in the rule in the host's doas.conf"),
        (r"Authentication failed|Authorization failed", "doas does not accept the password",
         "check the become password"),
        (r"Operation not permitted", "this user may not use doas so", "allow it in the host's doas.conf"),
        (r"unknown user|no passwd entry", "the user to become does not exist on the host", "check become's user"),
        (r"doas is not enabled", "doas has no rules on the host", "write its doas.conf"),
        (r"not found|No such file", "there is no doas on the host", "install it, or use sudo"),
    )

    @property
    def wants_terminal(self) -> bool:
        """See Method."""
        return self._become.password is not None

    def wrap(self, argv: list[str]) -> list[str]:
        if not self.wants_terminal:
            return ["env", "LC_ALL=C", "doas", "-n", "-u", self._become.user, "--", *argv]
        quiet = ["sh", "-c", 'exec "$0" "$@" 2>/dev/null', *argv]
        return ["sh", "-c", 'stty raw -echo && printf %s "$0" && LC_ALL=C exec doas -u "$@"', self._mark,
                self._become.user, "--", *quiet]

    def asks(self, stream: Stream) -> bool:
        asked = re.search(self._mark.encode() + rb"\s*[^\n]*password: ", stream.data, re.I)
        return asked is not None and self._took(stream.data, asked[0])


METHODS: Mapping[str, type[Method]] = dict(zip(BECOME_METHODS, (Sudo, Su, Doas), strict=True))


def method_for(become: Become | None) -> Method | None:
    """What becomes the user. Raises BecomeFailed for a method that is not known, or a password that cannot be given."""
    if become is None:
        return None
    method = METHODS.get(become.method)
    if method is None:
        raise BecomeFailed(f"there is no way `{become.method}` to become {become.user}", f"use {', '.join(METHODS)}")
    if become.password is not None and re.search(r"[\n\r\0]", become.password):
        raise BecomeFailed("the become password holds a line end or a NUL", "one line only")
    return method(become)
