"""The network of a lab: one bridge, and for each host a namespace with a cable (a veth pair) to it.

All names follow from the lab's name, so that what a killed session left behind can be found again.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
from dataclasses import dataclass
from pathlib import Path

from .errors import LabError, NotSupported
from .process import run

FIRST_HOST = 11
MOST_HOSTS = 200

_SUBNETS = 64 * 256


@dataclass(frozen=True)
class Counts:
    """What went over a host's cable, in packets or bytes, seen from the host; never goes down while the lab is up."""

    sent: int
    received: int

    @property
    def total(self) -> int:
        """Both ways together."""
        return self.sent + self.received

    def __sub__(self, earlier: Counts) -> Counts:
        return Counts(self.sent - earlier.sent, self.received - earlier.received)


def tag(lab: str) -> str:
    """Six letters that stand for the lab where the kernel leaves no room for its name."""
    return hashlib.sha256(lab.encode()).hexdigest()[:6]


def bridge(lab: str) -> str:
    """The name of the lab's bridge."""
    return f"hf{tag(lab)}"


def namespace(lab: str, host: str) -> str:
    """The name of a host's network namespace."""
    return f"hf{tag(lab)}-{host}"


def cable(lab: str, number: int) -> str:
    """The name of this machine's end of a host's cable."""
    return f"hf{tag(lab)}v{number}"


def address(subnet: str, number: int) -> str:
    """The address of the host with this number, from 0."""
    return str(ipaddress.ip_network(subnet)[FIRST_HOST + number])


def free_subnet(lab: str) -> str:
    """A /24 between 10.128.0.0 and 10.191.255.0 that follows from the lab's name and that nothing here uses."""
    taken = _taken()
    start = int(hashlib.sha256(lab.encode()).hexdigest()[6:14], 16)
    for step in range(_SUBNETS):
        number = (start + step) % _SUBNETS
        subnet = ipaddress.IPv4Network(f"10.{128 + number // 256}.{number % 256}.0/24")
        if not any(subnet.overlaps(other) for other in taken):
            return str(subnet)
    raise LabError("no free network is left for a lab")


def make_bridge(lab: str, subnet: str) -> None:
    """Make the bridge and give this machine the first address on it."""
    name, mine = bridge(lab), ipaddress.ip_network(subnet)[1]
    hardware = _hardware(str(mine))  # given, or it changes with the first cable
    run("ip", "link", "add", name, "address", hardware, "type", "bridge", "mcast_snooping", "0")
    run("ip", "link", "set", name, "addrgenmode", "none", "up")
    run("ip", "address", "add", f"{mine}/24", "dev", name)


def connect(lab: str, host: str, number: int, subnet: str) -> None:
    """Make a host's namespace and its cable, with all addresses set.

    Hardware addresses are fixed and known to both ends beforehand: no look-up is counted as a host's traffic, and a cut
    cable shows as silence, not as an unreachable neighbour.
    """
    space, outer, own = namespace(lab, host), cable(lab, number), address(subnet, number)
    gateway = str(ipaddress.ip_network(subnet)[1])
    run("ip", "netns", "add", space)
    run("ip", "link", "add", outer, "type", "veth", "peer", "name", "eth0", "netns", space)
    run("ip", "link", "set", outer, "addrgenmode", "none")
    run("ip", "link", "set", outer, "master", bridge(lab), "up")
    inside = ("ip", "-n", space)
    run(*inside, "link", "set", "eth0", "address", _hardware(own))
    run(*inside, "address", "add", f"{own}/24", "dev", "eth0")
    run(*inside, "link", "set", "lo", "up")
    run(*inside, "link", "set", "eth0", "up")
    run("ip", "neighbour", "replace", own, "lladdr", _hardware(own), "dev", bridge(lab), "nud", "permanent")
    run(*inside, "neighbour", "replace", gateway, "lladdr", _hardware(gateway), "dev", "eth0", "nud", "permanent")


def remove(lab: str) -> None:
    """Take away every namespace, cable and bridge of the lab, whole or half made."""
    for link in sorted(Path("/sys/class/net").iterdir(), reverse=True):
        if link.name.startswith(cable(lab, 0)[:-1]):
            run("ip", "link", "delete", link.name, check=False)
    spaces = Path("/run/netns")
    for space in spaces.glob(namespace(lab, "*")) if spaces.is_dir() else ():
        run("ip", "netns", "delete", space.name, check=False)
        space.unlink(missing_ok=True)  # left as an empty file when its mount was lost
    if Path(f"/sys/class/net/{bridge(lab)}").exists():
        run("ip", "link", "delete", bridge(lab))


def settings(lab: str, host: str) -> frozenset[str]:
    """What a host's kernel has been told of IPv4, as `name:value`; it is kept in the namespace, not in the host."""
    look = ("sh", "-c", "cd /proc/sys/net/ipv4 && grep -Hs . *")
    return frozenset(run("ip", "netns", "exec", namespace(lab, host), *look, check=False).stdout.splitlines())


def tell(lab: str, host: str, setting: str) -> None:
    """Tell a host's kernel one of its `settings`."""
    write = ("sh", "-c", 'printf %s "$2" > "/proc/sys/net/ipv4/$1"', "sh", *setting.split(":", 1))
    run("ip", "netns", "exec", namespace(lab, host), *write, check=False)


def set_cable(lab: str, number: int, up: bool) -> None:
    """Plug a host's cable in, or pull it."""
    run("ip", "link", "set", cable(lab, number), "up" if up else "down")


def is_plugged(lab: str, number: int) -> bool:
    """Whether a host's cable is in."""
    flags = int(Path(f"/sys/class/net/{cable(lab, number)}/flags").read_text(), 16)
    return bool(flags & 1)


def counts(lab: str, number: int, unit: str) -> Counts:
    """What went over a host's cable; `unit` is `packets` or `bytes`. What this machine received, the host has sent."""
    folder = Path(f"/sys/class/net/{cable(lab, number)}/statistics")
    return Counts(sent=int((folder / f"rx_{unit}").read_text()), received=int((folder / f"tx_{unit}").read_text()))


def impair(lab: str, host: str, number: int, delay_ms: float, loss_percent: float) -> None:
    """Delay and lose packets on both ends of a host's cable; half the delay each way, so `delay_ms` is the round trip.

    Nothing of either takes it away. Raises NotSupported where the kernel has no netem.
    """
    ends = ((("tc",), cable(lab, number)), (("tc", "-n", namespace(lab, host)), "eth0"))
    for command, device in ends:
        run(*command, "qdisc", "del", "dev", device, "root", check=False)
        if delay_ms == 0 and loss_percent == 0:
            continue
        netem = ("netem", "delay", f"{delay_ms / 2:g}ms", "loss", f"{loss_percent:g}%", "limit", "100000")
        done = run(*command, "qdisc", "add", "dev", device, "root", *netem, check=False)
        if done.returncode != 0:
            raise NotSupported(f"this kernel cannot delay or lose packets (sch_netem): {done.stderr.strip()}")


def _hardware(own: str) -> str:
    return "02:48:" + ":".join(f"{byte:02x}" for byte in ipaddress.ip_address(own).packed)


def _taken() -> list[ipaddress.IPv4Network]:
    rows = json.loads(run("ip", "-json", "-4", "route", "show", "table", "all").stdout or "[]")
    found = []
    for row in rows:
        if row["dst"] != "default":
            found.append(ipaddress.IPv4Network(row["dst"], strict=False))
    return found
