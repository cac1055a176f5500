"""What the base image is made of, as data. Any change here gives another hash, and so another image."""

from __future__ import annotations

import hashlib
import json

from .debs import DEBS

REVISION = 1
"""Raise it when base.py or repository.py come to build something else from the same data."""

SUITE = "bookworm"
DEFAULT_MIRROR = "http://deb.debian.org/debian"

BASE_PACKAGES = (
    "acl",
    "apt",
    "attr",
    "ca-certificates",
    "cron",
    "dbus",
    "iproute2",
    "less",
    "openssh-server",
    "procps",
    "python3",
    "python3-apt",  # Ansible's module `apt` asks for it on every host: the benchmark pairs it with Holdfast
    "sudo",
    "systemd",
    "systemd-sysv",
)

REPOSITORY_PACKAGES = (
    "nginx", "chrony", "postgresql-client", "curl", "rsync", "logrotate", "opendoas",
    "git", "python3-venv", "python3-pip",
    "nftables", "postgresql", "locales", "kmod", "dnf", "zypper", "createrepo-c", "rpm",
    "prometheus-node-exporter", "rsyslog", "unattended-upgrades",
    "auditd", "fail2ban", "python3-systemd", "clamav", "clamav-daemon", "clamdscan", "clamav-freshclam",
    "libpam-pwquality",
    # Python once more, so that a host which lost it can get it back.
    "python3", "python3-minimal", "libpython3-stdlib",
    "python3.11", "python3.11-minimal", "libpython3.11-minimal", "libpython3.11-stdlib",
)
"""Real Debian packages that a host can install without a network, each with what the base lacks of its dependencies."""

ROOT_SHARE = "/srv/apt"
"""Where a host sees the repository, read-only."""

OPS_PASSWORD = "ops-secret-1"
"""The password of the user `ops`: for hosts that nobody outside this machine can reach."""

FILES: dict[str, str] = {
    "/etc/apt/sources.list": f"deb [trusted=yes] file:{ROOT_SHARE} ./\n",
    "/etc/apt/apt.conf.d/10lab": 'Acquire::Languages "none";\nAPT::Periodic::Enable "0";\n',
    "/etc/ssh/sshd_config.d/10-lab.conf": (
        "# Many connections at once, and none of them waits for a name server.\n"
        "HostKey /etc/ssh/ssh_host_ed25519_key\n"
        "UseDNS no\n"
        "MaxStartups 500:30:1000\n"
        "MaxSessions 200\n"
        "PermitRootLogin prohibit-password\n"
        "PasswordAuthentication yes\n"
    ),
    "/etc/systemd/journald.conf.d/10-lab.conf": "[Journal]\nSystemMaxUse=16M\nRuntimeMaxUse=16M\n",
    "/etc/systemd/system/chrony.service.d/10-lab.conf": (
        "# A host may not set the clock, which is this machine's: without -x chrony would not start.\n"
        "[Unit]\nConditionCapability=\n[Service]\nExecStart=\nExecStart=!/usr/sbin/chronyd -F 1 -x\n"
    ),
    "/etc/sudoers.d/lab": "deploy ALL=(ALL:ALL) NOPASSWD: ALL\n",
    "/etc/resolv.conf": "",
    "/etc/machine-id": "",
}
"""Written into the base before the script runs."""

MASKED_UNITS = (
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "fstrim.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "dpkg-db-backup.timer",
    "console-getty.service",
    "getty.target",
    "dev-hugepages.mount",
    "systemd-update-utmp-runlevel.service",
)
"""What would do work of its own while a test or a benchmark looks on, wants a terminal, or is for no host of a lab."""

IDLE_GENERATORS = (
    "systemd-cryptsetup-generator",
    "systemd-debug-generator",
    "systemd-getty-generator",
    "systemd-gpt-auto-generator",
    "systemd-hibernate-resume-generator",
    "systemd-integritysetup-generator",
    "systemd-run-generator",
    "systemd-system-update-generator",
    "systemd-veritysetup-generator",
)
"""What systemd asks for more units at each boot and each reload, and which has none to give where there are no disks: a
reload takes half of the time without."""

SCRIPT = f"""\
set -eu
chmod 0440 /etc/sudoers.d/lab
useradd --create-home --shell /bin/bash --groups sudo ops
useradd --create-home --shell /bin/bash deploy
echo 'ops:{OPS_PASSWORD}' | chpasswd
systemctl mask {" ".join(MASKED_UNITS)}
mkdir -p /etc/systemd/system-generators
for name in {" ".join(IDLE_GENERATORS)}; do ln -s /dev/null "/etc/systemd/system-generators/$name"; done
rm -f /etc/ssh/ssh_host_*
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/apt/archives/*.deb /var/log/apt /var/log/dpkg.log
apt-get update
"""
"""Run inside the base at the end, with the repository in its place and without a network."""


def digest(architecture: str) -> str:
    """The name of the image that this recipe makes on a machine of this architecture (as dpkg calls it)."""
    debs = [deb.as_data() for deb in DEBS]
    recipe = [REVISION, SUITE, architecture, BASE_PACKAGES, REPOSITORY_PACKAGES, FILES, SCRIPT, debs]
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:16]
