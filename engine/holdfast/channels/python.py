"""Installing Python on a host that has none, by its own package manager: only where somebody has asked for it."""
from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass

from .become import Method, method_for
from .boot import INTERPRETERS, NoPython, answer
from .model import Connection, Unreachable
from .stream import Stream

INSTALL_S = 600.0  # for a slow mirror, and for another package manager at work there
SAID = 300  # characters of what the package manager said that a message has room for

# $0 is the nonce. The manager of the system's own family comes first, whatever else is there. What it says goes to the
# error stream, from which its end is kept. Without recommended packages: python3 alone is enough. python3-minimal of
# Debian is not, as it has no json.
_SCRIPT = (
    'n=$0; if test "$(id -u)" -ne 0; then echo "HOLDFAST NOTROOT $n $(id -un)"; exit; fi; '
    'export LC_ALL=C DEBIAN_FRONTEND=noninteractive; '
    'apt="apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=120"; '
    'f=$(sed -n "s/^ID=//p;s/^ID_LIKE=//p" /etc/os-release 2>/dev/null); '
    'case "$f" in *debian*) o=apt-get;; *fedora*|*rhel*) o=dnf;; *suse*) o=zypper;; *alpine*) o=apk;; *) o=;; esac; '
    'for m in $o apt-get dnf zypper apk; do command -v $m >/dev/null 2>&1 || continue; '
    'case $m in apt-get) $apt install python3 || { $apt update && $apt install python3; };; '
    'dnf) dnf -q -y install python3;; '
    'zypper) zypper -q -n install python3;; '
    'apk) apk -q add python3;; '
    'esac </dev/null >&2; c=$?; '
    'if test $c -eq 0; then echo "HOLDFAST INSTALLED $n $m"; else echo "HOLDFAST BROKEN $n $m $c"; fi; exit; '
    'done; echo "HOLDFAST NOMANAGER $n -"'
)


@dataclass(frozen=True, slots=True)
class Installation:
    """One installation of Python on one host: the command to run there, and how it is seen through."""

    argv: list[str]
    nonce: str
    become: Method | None

    @classmethod
    def of(cls, connection: Connection) -> Installation:
        """As the user whom the connection becomes, who has to be root. Raises BecomeFailed."""
        nonce, become = secrets.token_hex(8), method_for(connection.become)
        argv = ["sh", "-c", _SCRIPT, nonce]
        return cls(become.wrap(argv) if become else argv, nonce, become)

    async def see(self, stream: Stream) -> str:
        """Until it is installed; the package manager's name. Raises Unreachable, BecomeFailed among it."""
        try:
            async with asyncio.timeout(INSTALL_S):
                word, text = await answer(stream, self.nonce, self.become)
        except TimeoutError:
            raise _failed(f"the installation did not end within {INSTALL_S:g} s", stream) from None
        if word == "INSTALLED":
            return text
        if word == "NOTROOT":
            raise Unreachable(f"there is no Python on the host, and only root can install it, not {text}",
                              "set `become`, or install python3 there")
        if word == "NOMANAGER":
            raise Unreachable("there is no Python on the host, and no apt-get, dnf, zypper or apk to install it with",
                              "install python3 there")
        manager, _, code = text.partition(" ")
        raise _failed(f"{manager} ended with {code}", stream)


def may_help(connection: Connection) -> bool:
    """Whether it was asked for, and would bring the interpreter that is looked for."""
    return connection.installs_python and connection.python in ("", *INTERPRETERS)


def in_vain(manager: str, error: NoPython) -> Unreachable:
    """For a host whose own python3 is of no use either."""
    return Unreachable(f"{error.what}, although python3 was installed with {manager}", error.mend)


def _failed(how: str, stream: Stream) -> Unreachable:
    said = " ".join(stream.said()[-SAID:].split())
    return Unreachable(f"there is no Python on the host, and it could not be installed: {how}"
                       + (f": {said}" if said else ""), "install python3 there by hand")
