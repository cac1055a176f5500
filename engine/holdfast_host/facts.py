"""What a host says of itself: docs/reference/facts.md names everything. Read from /proc, /sys and /etc; no program is
started and nobody is asked over the network, so that it takes a few milliseconds and cannot hang.

What is not there or cannot be read is None, or left out of a list. Texts come from files that anybody may have written:
bytes that are not UTF-8 and control characters are replaced, so that no fact can be more than data.
"""
from __future__ import annotations

import os
import re
import sys
from typing import Any, Callable, Dict, List, Optional, Tuple

from . import os_release, packages

LIMIT = 256 * 1024  # bytes read of a file
PACKAGE_MANAGERS = (("apt", "/usr/bin/apt-get"), ("dnf", "/usr/bin/dnf"), ("yum", "/usr/bin/yum"),
                    ("zypper", "/usr/bin/zypper"), ("apk", "/sbin/apk"), ("pacman", "/usr/bin/pacman"))
HYPERVISORS = (("kvm", ("KVM", "QEMU", "Google Compute Engine", "OpenStack", "Amazon EC2", "DigitalOcean", "Hetzner")),
               ("vmware", ("VMware",)), ("virtualbox", ("VirtualBox", "innotek")), ("xen", ("Xen",)),
               ("hyperv", ("Microsoft Corporation",)), ("parallels", ("Parallels",)), ("bhyve", ("BHYVE",)))
LOCAL_FILE_SYSTEMS = frozenset(("ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "vfat", "exfat", "jfs",
                                "reiserfs", "overlay", "bcachefs"))


def gather() -> Dict[str, Any]:
    """All facts, as JSON values. Never raises: what cannot be read is None."""
    found: Dict[str, Any] = {}
    for name, ask in SECTIONS.items():
        try:
            found[name] = ask()
        except (OSError, ValueError, KeyError, IndexError):
            found[name] = None
    return found


# -- reading ---------------------------------------------------------------------------------------------------------


def clean(data: bytes) -> str:
    """Text that is safe to hand on, whoever wrote it."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "\N{REPLACEMENT CHARACTER}", data.decode("utf-8", "replace"))


def _read(path: str) -> str:
    """The beginning of a file. Raises OSError."""
    with open(path, "rb", buffering=0) as stream:
        return clean(stream.read(LIMIT) or b"").strip()


def _word(path: str) -> Optional[str]:
    """The first line of a file; None when there is none, or it is empty."""
    try:
        return _read(path).split("\n")[0].strip() or None
    except OSError:
        return None


def _folder(path: str) -> List[str]:
    try:
        return sorted(clean(os.fsencode(name)) for name in os.listdir(path))
    except OSError:
        return []


# -- the system ------------------------------------------------------------------------------------------------------


def _os() -> Dict[str, Any]:
    release = _release()
    system = os.uname()
    name = release.get("ID", "linux").lower()
    return {"family": os_release.family(name, release.get("ID_LIKE", "")), "name": name,
            "version": release.get("VERSION_ID"), "codename": release.get("VERSION_CODENAME"),
            "pretty": release.get("PRETTY_NAME"), "architecture": system.machine, "kernel": system.release}


def _release() -> Dict[str, str]:
    return os_release.parse(next(filter(None, map(_try_read, os_release.PLACES)), ""))


def _try_read(path: str) -> str:
    try:
        return _read(path)
    except OSError:
        return ""


def _fqdn() -> str:
    """The host's full name as /etc/hosts has it. No name server is asked: one that is away would hold up everything."""
    host = os.uname().nodename
    if "." in host:
        return host
    for line in _try_read("/etc/hosts").splitlines():
        names = line.partition("#")[0].split()[1:]
        full = next((name for name in names if name.startswith(host + ".")), None)
        if host in names and full:
            return full
    return host


def _memory(key: str) -> Optional[int]:
    found = re.search(r"^%s:\s+(\d+) kB" % key, _read("/proc/meminfo"), re.M)
    return int(found.group(1)) // 1024 if found else None


def _boot_time() -> str:
    import time

    found = re.search(r"^btime (\d+)", _read("/proc/stat"), re.M)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(found.group(1) if found else "")))


def _virtualization() -> str:
    """The innermost layer: a container's kind, else the hypervisor's, else `none`."""
    container = _word("/run/systemd/container") or _container_of_first_process()
    if container:
        return container
    for path, kind in (("/run/.containerenv", "podman"), ("/.dockerenv", "docker")):
        if os.path.exists(path):
            return kind
    words = " ".join(filter(None, (_word("/sys/class/dmi/id/" + name) for name in
                                   ("sys_vendor", "product_name", "bios_vendor", "chassis_vendor"))))
    for kind, signs in HYPERVISORS:
        if any(sign in words for sign in signs) and (kind != "hyperv" or "Virtual Machine" in words):
            return kind
    if os.path.exists("/sys/hypervisor/type"):
        return _word("/sys/hypervisor/type") or "none"
    return "vm" if re.search(r"^flags\s*:.*\bhypervisor\b", _try_read("/proc/cpuinfo"), re.M) else "none"


def _container_of_first_process() -> Optional[str]:
    """Only root may ask."""
    try:
        with open("/proc/1/environ", "rb") as stream:
            entries = stream.read(LIMIT).split(b"\0")
    except OSError:
        return None
    return next((clean(entry[10:]) for entry in entries if entry.startswith(b"container=") and entry[10:]), None)


def _service_manager() -> Optional[str]:
    if os.path.isdir("/run/systemd/system"):
        return "systemd"
    return "openrc" if os.path.isdir("/run/openrc") else _word("/proc/1/comm")


def _package_manager() -> Optional[str]:
    """The one of the system's own family, where others are installed beside it."""
    there = [name for name, path in PACKAGE_MANAGERS if os.path.exists(path)]
    own = [name for name in there if packages.PROVIDERS.get(name) == _os()["family"]]
    return next(iter(own or there), None)


def _selinux() -> str:
    state = _word("/sys/fs/selinux/enforce")
    return "disabled" if state is None else "enforcing" if state == "1" else "permissive"


def _timezone() -> Optional[str]:
    try:
        target = clean(os.fsencode(os.readlink("/etc/localtime")))
    except OSError:
        return _word("/etc/timezone") or "UTC"
    return target.partition("zoneinfo/")[2] or None


def _user() -> Dict[str, Any]:
    import pwd

    try:
        name = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        name = str(os.geteuid())
    return {"name": name, "uid": os.geteuid()}


def _ssh_host_keys() -> Dict[str, str]:
    """Fingerprints as `ssh-keygen -l` prints them, by the key's kind."""
    import base64
    import hashlib

    found: Dict[str, str] = {}
    for name in _folder("/etc/ssh"):
        match = re.match(r"ssh_host_([a-z0-9]+)_key\.pub\Z", name)
        words = _try_read("/etc/ssh/" + name).split() if match else []
        if match and len(words) >= 2:
            digest = hashlib.sha256(base64.b64decode(words[1])).digest()
            found[match.group(1)] = "SHA256:" + base64.b64encode(digest).decode().rstrip("=")
    return found


# -- disks -----------------------------------------------------------------------------------------------------------


def _mounts() -> List[Dict[str, Any]]:
    """File systems on local devices; others may not answer. Each once, where it was mounted last."""
    found: Dict[str, Dict[str, Any]] = {}
    for line in _read("/proc/self/mounts").splitlines():
        words = [re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal.group(1), 8)), word) for word in line.split(" ")]
        if len(words) < 4 or words[2] not in LOCAL_FILE_SYSTEMS:
            continue
        try:
            size = os.statvfs(words[1])
        except OSError:
            continue
        found[words[1]] = {"path": words[1], "device": words[0], "type": words[2],
                           "read_only": "ro" in words[3].split(","),
                           "size_mb": size.f_blocks * size.f_frsize // 2 ** 20,
                           "available_mb": size.f_bavail * size.f_frsize // 2 ** 20}
    return list(found.values())


def _disks() -> Dict[str, Dict[str, Any]]:
    """Block devices with a device behind them, by name. The kernel counts in sectors of 512 bytes, whatever theirs."""
    found: Dict[str, Dict[str, Any]] = {}
    for name in _folder("/sys/block"):
        place = "/sys/block/" + name
        size = _word(place + "/size")
        if os.path.exists(place + "/device") and size and size.isdecimal():
            found[name] = {"size_mb": int(size) * 512 // 2 ** 20, "model": _word(place + "/device/model"),
                           "rotational": _word(place + "/queue/rotational") == "1"}
    return found


# -- network ---------------------------------------------------------------------------------------------------------


def _network() -> Dict[str, Any]:
    interfaces: Dict[str, Dict[str, Any]] = {}
    for name in _folder("/sys/class/net"):
        place = "/sys/class/net/" + name
        mtu = _word(place + "/mtu")
        interfaces[name] = {"mac": _word(place + "/address"), "mtu": int(mtu) if mtu and mtu.isdecimal() else None,
                            "state": _word(place + "/operstate"), "ipv4": [], "ipv6": []}
    for name, version, address, _ in sorted(_addresses(), key=lambda row: not row[3]):  # those of the world first
        if name in interfaces:
            interfaces[name]["ipv%d" % version].append(address)
    return {"interfaces": interfaces, "default_ipv4": _default(interfaces, "ipv4", _route_ipv4()),
            "default_ipv6": _default(interfaces, "ipv6", _route_ipv6())}


def _default(interfaces: Dict[str, Dict[str, Any]], version: str,
             route: Optional[Tuple[str, str]]) -> Optional[Dict[str, Any]]:
    if route is None or not interfaces.get(route[0], {}).get(version):
        return None
    addresses = [word for word in interfaces[route[0]][version] if not word.startswith("fe80:")]
    if not addresses:
        return None
    return {"interface": route[0], "gateway": route[1], "address": addresses[0].partition("/")[0]}


def _addresses() -> List[Tuple[str, int, str, bool]]:
    """(interface, 4 or 6, address/prefix, is it valid beyond this link) of all addresses, by rtnetlink(7)."""
    import socket
    import struct

    found: List[Tuple[str, int, str, bool]] = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        kernel.settimeout(1.0)
        kernel.send(struct.pack("=IHHIIB3x", 20, 22, 0x301, 1, 0, 0))  # RTM_GETADDR; NLM_F_REQUEST | NLM_F_DUMP
        while True:
            data = kernel.recv(LIMIT)
            at = 0
            while at + 16 <= len(data):
                length, kind = struct.unpack_from("=IH", data, at)
                if kind in (2, 3) or length < 16:  # NLMSG_ERROR, NLMSG_DONE
                    return found
                if kind == 20:  # RTM_NEWADDR
                    found += parse_address(data[at + 16:at + length])
                at += (length + 3) & ~3


def parse_address(data: bytes) -> List[Tuple[str, int, str, bool]]:
    """One RTM_NEWADDR message: at most one address."""
    import socket
    import struct

    kind, prefix, _flags, scope, index = struct.unpack_from("=BBBBI", data)
    values: Dict[int, bytes] = {}
    at = 8
    while at + 4 <= len(data):
        length, what = struct.unpack_from("=HH", data, at)
        if length < 4:
            break
        values[what] = data[at + 4:at + length]
        at += (length + 3) & ~3
    address = values.get(2) or values.get(1)  # IFA_LOCAL; IFA_ADDRESS is the peer's where both are there
    if address is None or len(address) not in (4, 16):
        return []
    version = socket.AF_INET if len(address) == 4 else socket.AF_INET6
    text = "%s/%d" % (socket.inet_ntop(version, address), prefix)
    return [(clean(socket.if_indextoname(index).encode("utf-8", "surrogateescape")), 4 if len(address) == 4 else 6,
             text, scope == 0)] if kind in (socket.AF_INET, socket.AF_INET6) else []


def _route_ipv4() -> Optional[Tuple[str, str]]:
    """(interface, gateway) of the default route with the least metric."""
    import socket
    import struct

    rows = [line.split() for line in _try_read("/proc/net/route").splitlines()[1:]]
    routes = sorted((int(row[6]), row[0], row[2]) for row in rows if len(row) > 7 and row[1] == row[7] == "00000000")
    if not routes:
        return None
    return routes[0][1], socket.inet_ntoa(struct.pack("=I", int(routes[0][2], 16)))


def _route_ipv6() -> Optional[Tuple[str, str]]:
    import socket

    rows = [line.split() for line in _try_read("/proc/net/ipv6_route").splitlines()]
    routes = sorted((int(row[5], 16), row[9], row[4]) for row in rows
                    if len(row) > 9 and row[0] == "0" * 32 and row[1] == "00" and row[9] != "lo")
    return (routes[0][1], socket.inet_ntop(socket.AF_INET6, bytes.fromhex(routes[0][2]))) if routes else None


SECTIONS: Dict[str, Callable[[], Any]] = {
    "os": _os,
    "hostname": lambda: clean(os.fsencode(os.uname().nodename)),
    "fqdn": _fqdn,
    "machine_id": lambda: _word("/etc/machine-id"),
    "cpus": os.cpu_count,
    "memory_mb": lambda: _memory("MemTotal"),
    "swap_mb": lambda: _memory("SwapTotal"),
    "boot_time": _boot_time,
    "uptime_s": lambda: int(float(_read("/proc/uptime").split()[0])),
    "network": _network,
    "mounts": _mounts,
    "disks": _disks,
    "virtualization": _virtualization,
    "service_manager": _service_manager,
    "package_manager": _package_manager,
    "python": lambda: {"version": "%d.%d.%d" % sys.version_info[:3], "executable": sys.executable or None},
    "user": _user,
    "selinux": _selinux,
    "apparmor": lambda: _word("/sys/module/apparmor/parameters/enabled") == "Y",
    "timezone": _timezone,
    "ssh_host_keys": _ssh_host_keys,
}
