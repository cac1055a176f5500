"""What a lab asks of this machine, and how what is missing gets installed."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from . import cgroup, paths
from .errors import CommandFailed, LabUnavailable
from .process import run

TOOLS = {
    "debootstrap": "debootstrap",
    "systemd-nspawn": "systemd-container",
    "ip": "iproute2",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "apt-ftparchive": "apt-utils",
    "dpkg-deb": "dpkg",
    "gpg": "gnupg",
    "nsenter": "util-linux",
    "setsid": "util-linux",
    "setpriv": "util-linux",
    "mount": "mount",
    "strace": "strace",
}
"""Program to the Debian package that brings it."""

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
"""What debootstrap checks the downloaded base against."""

INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")
INSTANCES = 4096
"""A host takes about nine, all as the same root, and Linux gives a user 128: the fourteenth would not boot."""


def ensure() -> None:
    """Make sure that a lab can run here; install missing tools with apt-get.

    Raises LabUnavailable with the reason when that cannot be.
    """
    if sys.platform != "linux":
        raise LabUnavailable(f"the lab needs Linux, this is {sys.platform}")
    if os.geteuid() != 0:
        raise LabUnavailable("the lab needs root: it boots real systemd hosts in namespaces of their own")
    with paths.locked(paths.runtime() / ".requirements.lock"):  # one that comes up beside this one installs the same
        _install([package for tool, package in TOOLS.items() if shutil.which(tool) is None])
        if not KEYRING.exists():
            _install(["debian-archive-keyring"])
    if "overlay" not in Path("/proc/filesystems").read_text() and run("modprobe", "overlay", check=False).returncode:
        raise LabUnavailable("the kernel has no overlay file system")
    cgroup.mount_point()
    if int(INOTIFY.read_text()) < INSTANCES:
        INOTIFY.write_text(str(INSTANCES))
    try:
        run("unshare", "--mount", "--net", "--pid", "--fork", "true", timeout_s=10)
    except CommandFailed as error:
        raise LabUnavailable(f"this machine does not let root make namespaces: {error}") from error


def _install(packages: list[str]) -> None:
    if not packages:
        return
    wanted = sorted(set(packages))
    if shutil.which("apt-get") is None:
        raise LabUnavailable(f"missing and there is no apt-get to install them with: {' '.join(wanted)}")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        run("apt-get", "update", timeout_s=300, env=quiet, check=False)  # one broken third-party source is no reason
        run("apt-get", "install", "-y", "--no-install-recommends", *wanted, timeout_s=600, env=quiet)
    except CommandFailed as error:
        raise LabUnavailable(f"could not install {' '.join(wanted)}: {error}") from error
