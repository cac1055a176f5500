"""The versions to which dnf is bound, by its plugin versionlock; dnf 5 has that built in."""
from __future__ import annotations

import os
import re
from typing import Set

from . import files, process
from .errors import Refused

PLUGIN, LIST, LIST_5 = "/etc/dnf/plugins/versionlock.conf", "/etc/dnf/plugins/versionlock.list", \
    "/etc/dnf/versionlock.toml"


def check() -> None:
    """Raises Refused on a host that cannot lock versions."""
    if not os.path.exists(PLUGIN) and process.which("dnf5") is None:
        raise Refused("", "dnf of this host has no versionlock, and cannot hold a package without it",
                      "declare `package: python3-dnf-plugin-versionlock` before it")
    if re.search(rb"^\s*enabled\s*=\s*(0|no|false|off)\s*$", files.read(PLUGIN) or b"", re.M | re.I):
        raise Refused("", "the plugin versionlock is disabled on this host", "say `enabled = 1` in %s" % PLUGIN)


def names() -> Set[str]:
    """The packages that are locked to a version."""
    said = re.search(rb"^\s*locklist\s*=\s*(\S+)", files.read(PLUGIN) or b"", re.M)
    place = said.group(1).decode("utf-8", "surrogateescape") if said else LIST
    listed = (files.read(place) or b"").decode("utf-8", "replace").splitlines()
    found = {_name(line.strip()) for line in listed if line.strip() and line.strip()[0] not in "#!"}
    toml = (files.read(LIST_5) or b"").decode("utf-8", "replace")
    return found | set(re.findall(r'^\s*name\s*=\s*"([^"]+)"', toml, re.M))


def _name(pattern: str) -> str:
    """`lab-hello` of `lab-hello-0:1.1-1.*`: a lock that dnf writes has an epoch."""
    parts = re.match(r"(.+)-[0-9]+:[^-]+-[^-]+\Z", pattern)
    return parts.group(1) if parts else pattern
