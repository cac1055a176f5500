"""The work that every tool does on every host: 100 resources, as data, and what a host that has them looks like."""

from __future__ import annotations

import hashlib

DIRECTORIES = tuple(f"/srv/bench-d{number}" for number in range(1, 21))
FILES = tuple(f"/srv/bench-d{(number - 1) % 20 + 1}/f{number}.conf" for number in range(1, 61))
LINES = tuple(f"key{number} = value{number}" for number in range(1, 11))
LINE_FILE = "/etc/bench.conf"
PACKAGES = ("cron", "dbus", "openssh-server", "procps", "sudo")
SERVICES = ("cron", "ssh", "dbus", "systemd-journald", "systemd-logind")
STATIC = ("dbus", "systemd-journald", "systemd-logind")
"""Services that others start: nothing can enable them. Holdfast refuses to; the peers take them for enabled."""

RESOURCES = len(DIRECTORIES) + len(FILES) + len(LINES) + len(PACKAGES) + len(SERVICES)
ITEMS = len(DIRECTORIES) + len(FILES) + len(LINES)
"""How many of the resources a host lacks at first. Packages and services are right from the beginning."""

DIRECTORY_MODE = 0o755
FILE_MODE = 0o644

TEMPLATE = """\
# Item {{ item }} of {{ host_name }}; changes made by hand are lost.
[worker-{{ item }}]
host = {{ host_name }}
command = /usr/bin/worker --number {{ item }} --log /var/log/worker-{{ item }}.log
restart = always
environment = PATH=/usr/local/bin:/usr/bin:/bin
user = nobody
nice = 10
umask = 022
"""
"""What the files are made from, in the Jinja2 that all tools read alike: no blocks, so no difference in blank lines."""


def content(number: int, host: str) -> str:
    """What file `number` (from 1) holds on a host."""
    return TEMPLATE.replace("{{ item }}", str(number)).replace("{{ host_name }}", host)


def sums(host: str) -> dict[str, str]:
    """SHA-256 in hex of every file's content on a host, by path."""
    return {path: hashlib.sha256(content(number, host).encode()).hexdigest() for number, path in enumerate(FILES, 1)}
