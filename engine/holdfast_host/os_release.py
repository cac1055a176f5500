"""Which system a host runs, from os-release(5), and to which family of distributions that belongs."""
from __future__ import annotations

import re
from typing import Dict

from . import files

PLACES = ("/etc/os-release", "/usr/lib/os-release")
FAMILIES = (("debian", "debian ubuntu raspbian linuxmint pop kali devuan"),
            ("redhat", "rhel fedora centos rocky almalinux ol amzn scientific"),
            ("suse", "suse opensuse sles sled opensuse-leap opensuse-tumbleweed"),
            ("alpine", "alpine"), ("arch", "arch archarm manjaro"), ("gentoo", "gentoo"))


def of_host() -> str:
    """The family of this host."""
    data = next(filter(None, map(files.read, PLACES)), b"")
    release = parse(data.decode("utf-8", "replace"))
    return family(release.get("ID", "linux").lower(), release.get("ID_LIKE", ""))


def parse(text: str) -> Dict[str, str]:
    """os-release(5): KEY=value, the value perhaps in quotes, quotes and the like escaped by a backslash."""
    found: Dict[str, str] = {}
    for line in text.splitlines():
        key, equals, value = line.strip().partition("=")
        if equals and re.match(r"[A-Z][A-Z0-9_]*\Z", key):
            if len(value) >= 2 and value[0] in "\"'" and value[-1] == value[0]:
                value = value[1:-1]
            found[key] = re.sub(r"\\(.)", r"\1", value)
    return found


def family(name: str, like: str) -> str:
    """The family of a distribution, from ID and ID_LIKE of os-release; its own name when it has none that is known."""
    for word in (name, *like.lower().split()):
        for found, members in FAMILIES:
            if word in members.split():
                return found
    return name
