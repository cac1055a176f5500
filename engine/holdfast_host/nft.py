"""nftables: what the kernel makes of a text, tried in a network of its own; loading a table and taking it back."""
from __future__ import annotations

import re
import sys
import time
from typing import Callable, Optional, Tuple

from . import process
from .caller import Caller
from .errors import Failed
from .record import Record

BACK_S = 30  # after so long a change is taken back even if this process has been killed meanwhile
ALIVE_S = 8.0  # how long a caller's connection may take to show that it lives
UNIT = "holdfast-firewall-back.service"

# Connections are tracked meanwhile: what passed untracked would be `ct state invalid` to the rules that come back.
TRACKED = """\
table inet holdfast_tracked {
\tchain input { type filter hook input priority filter - 1; ct state established counter; }
\tchain output { type filter hook output priority filter - 1; ct state established counter; }
}
"""
UNTRACKED = "table inet holdfast_tracked\ndelete table inet holdfast_tracked\n"

# $1 device, $2 this host's address, $3 the caller's, $4 port, $5 prefix length, $6 Python; rules on stdin. Two networks
# with a cable between them: rules on one end, a connection from the other. 0: let in, 3: not; else it cannot be tried.
PROBE = r"""
set -e
ip link set lo up
ip link add name "$1" type veth peer name hfprobe
unshare --net sleep 60 </dev/null >/dev/null 2>&1 & there=$!
trap 'kill $there' EXIT
here=$(readlink /proc/self/ns/net)
until [ "$(readlink /proc/$there/ns/net)" != "$here" ]; do sleep 0.01; done
ip link set hfprobe netns $there
flags=; [ "$5" = 128 ] && flags=nodad
ip addr add "$2/$5" dev "$1" $flags; ip link set "$1" up; ip route add "$3/$5" dev "$1"
nsenter --target $there --net sh -c 'ip link set hfprobe up; ip addr add "$2/$3" dev hfprobe $4
    ip route add "$1/$3" dev hfprobe' sh "$2" "$3" "$5" "$flags"
nft -f -
"$6" -S -c 'import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
with socket.socket(family) as door:
    door.settimeout(10); door.bind((sys.argv[1], int(sys.argv[2]))); door.listen()
    print("open", flush=True)
    other, _ = door.accept()
    other.sendall(other.recv(4))' "$2" "$4" > /dev/null 2>&1 & listener=$!
trap 'kill $there $listener 2>/dev/null || :' EXIT
nsenter --target $there --net "$6" -S -c 'import socket, sys, time
until = time.monotonic() + 2.5
while True:
    try:
        with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=1) as line:
            line.sendall(b"ping")
            sys.exit(0 if line.recv(4) == b"ping" else 3)
    except ConnectionRefusedError:
        if time.monotonic() > until: sys.exit(3)
        time.sleep(0.02)
    except OSError:
        sys.exit(3)' "$2" "$4"
"""


def replacing(name: str, body: str) -> str:
    """The text that replaces the table at one moment, or removes it (body "")."""
    gone = "table inet %s\ndelete table inet %s\n" % (name, name)
    return gone + ("table inet %s {\n%s}\n" % (name, body) if body else "")


def listing(name: str) -> str:
    """The table as the kernel has it, without what only counts; "": there is none. Raises Failed."""
    done = process.run(["nft", "-s", "list", "table", "inet", name])
    if done.code != 0 and "No such file or directory" in done.stderr:
        return ""
    return settled(done.must("cannot ask nftables").stdout)


def settled(text: str) -> str:
    """A listing without the elements of sets that packets fill."""
    parts = re.split(r"(?m)^(\t(?:set|map) \S+ \{\n(?:.*\n)*?\t\}\n)", text)
    return "".join(re.sub(r"(?ms)^\t\telements = \{.*?\}\n", "", part)
                   if re.search(r"(?m)^\t\t(flags .*(dynamic|timeout)|timeout )", part) else part for part in parts)


def understood(name: str, body: str) -> str:
    """The table as the kernel would list it. It is loaded into a network of its own, which goes at once. Raises Failed
    with what nft says against it."""
    text = replacing(name, body).encode("utf-8", "surrogateescape")
    process.run(["nft", "-c", "-f", "-"], stdin=text).must("nftables does not take these rules")
    done = process.run(["unshare", "--net", "sh", "-c", 'nft -f - && exec nft -s list table inet "$1"', "sh", name],
                       stdin=text)
    return settled(done.must("nftables does not take these rules in a network of their own; is there an `iif` that "
                             "should be `iifname`").stdout)


def lets_in(name: str, body: str, caller: Caller) -> Optional[bool]:
    """Whether a new connection like the caller's would be let in with this table beside what else there is; None: that
    cannot be tried here."""
    local, remote = (re.sub(r"^::ffff:|%.*$", "", end) for end in (caller.local_address, caller.address))
    way = re.search(r" dev (\S+)", process.run(["ip", "-o", "route", "get", remote]).stdout)
    if way is None or way.group(1) == "lo" or process.which("unshare") is None:
        return None
    length = "128" if ":" in local else "32"
    words = ["unshare", "--net", "sh", "-c", PROBE, "sh", way.group(1), local, remote, str(caller.local_port), length,
             sys.executable]
    others = process.run(["nft", "-s", "list", "ruleset"]).stdout
    own = replacing(name, body)
    for text in (others + own, own):  # rules of others may name what is not there
        done = process.run(words, stdin=text.encode("utf-8", "surrogateescape"), timeout_s=30)
        if done.code in (0, 3):
            return done.code == 0
    return None


class Connection(Record):
    """A TCP connection of this host."""

    caller: Caller

    def acknowledged(self) -> Optional[int]:
        """How many bytes the other end has acknowledged; None: that cannot be seen."""
        who = self.caller
        done = process.run(["ss", "-tinH", "sport = :%d and dport = :%d" % (who.local_port, who.port)])
        found = re.search(r"bytes_acked:(\d+)", done.stdout)
        return int(found.group(1)) if done.code == 0 and found else None

    def lives(self, speak: Callable[[], None]) -> bool:
        """Whether the other end acknowledges what is said now. speak: says something over the connection."""
        before = self.acknowledged()
        until = time.monotonic() + ALIVE_S
        while before is not None and time.monotonic() < until:
            speak()
            time.sleep(0.1)
            now = self.acknowledged()
            if now is not None and now > before:
                return True
        return False


def load(text: str, back: str, caller: Optional[Caller], speak: Callable[[], None]) -> None:
    """Loads a text at one moment. Where the caller's connection does not live on with it, what was before is loaded
    again; systemd sees to that even if this process is killed. Raises Failed then."""
    if caller is None:
        _feed(text)
        return
    _arm(back + UNTRACKED)
    try:
        process.run(["nft", "-f", "-"], stdin=TRACKED.encode())  # a kernel that tracks nothing has no such trouble
        _feed(text)
        if not Connection(caller).lives(speak):
            _feed(back)
            raise Failed("with these rules the connection of who applies them was dead; they are taken back")
    finally:
        process.run(["nft", "-f", "-"], stdin=UNTRACKED.encode())
        process.run(["systemctl", "stop", "--", UNIT])


def _feed(text: str) -> None:
    process.run(["nft", "-f", "-"], stdin=text.encode("utf-8", "surrogateescape")).must("nftables did not take it")


def _arm(back: str) -> None:
    words = 'sleep %d; printf %%s "$1" | nft -f -' % BACK_S
    process.run(["systemctl", "stop", "--", UNIT])
    process.run(["systemd-run", "--quiet", "--collect", "--unit", UNIT, "--property=DefaultDependencies=no", "sh", "-c",
                 words.replace("$", "$$"), "sh", back.replace("$", "$$")]).must(
                     "cannot see to it that the rules can be taken back")


def depth(text: str) -> Tuple[int, int]:
    """(the least depth of braces within a text, the depth at its end); comments and quoted words do not count."""
    bare = re.sub(r'"[^"\n]*"|#[^\n]*', "", text)
    least = now = 0
    for char in bare:
        now += {"{": 1, "}": -1}.get(char, 0)
        least = min(least, now)
    return least, now
