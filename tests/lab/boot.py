"""How a host is started, and how the lab knows that it is up."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import time
from pathlib import Path

from .cgroup import Group
from .errors import BootFailed, CommandFailed, LabError

SUPERVISE = """\
group=$1 legacy=$2; shift 2
echo $$ > "$group/supervise/cgroup.procs"
[ -z "$legacy" ] || echo $$ > "$legacy/cgroup.procs"
while :; do
    sh -c 'echo $$ > "$0/machine/cgroup.procs"; exec "$@"' "$group" "$@"
    [ $? -eq 133 ] || exit 0
done
"""
"""Runs a host until it is shut down. With --keep-unit systemd-nspawn ends with 133 when the host wants to reboot.

The two have groups of their own inside the host's: version 2 wants no process beside a group with controllers.
"""

ENVIRONMENT = {
    "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1",  # as an ordinary Debian 12 has it, also on a machine of the mixed kind
    "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network",  # net.* of sysctl is the host's own, the rest would be this machine's
    "SYSTEMD_NSPAWN_TMPFS_TMP": "0",  # /tmp is on the root file system, as on an ordinary Debian 12
    "SYSTEMD_SECCOMP": "0",  # its filter denies audit sockets, without which auditd does not start
}

BUS = "run/dbus/system_bus_socket"
"""Where systemd answers; nobody listens before it is there."""

Finished = subprocess.CompletedProcess[str]

INSIDE = ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8")


def launch(name: str, group: Group, root: Path, namespace: str, console: Path, options: tuple[str, ...]) -> None:
    """Start a host and come back at once. Its console goes to a file; it lives on when the caller ends."""
    group.make("supervise", "machine", "visitors")
    nspawn = (
        "systemd-nspawn",
        "--quiet",
        "--boot",
        f"--directory={root}",
        f"--machine={namespace}",  # of this lab alone: what nspawn keeps under /run goes by it
        f"--hostname={name}",
        "--register=no",
        "--keep-unit",
        "--console=pipe",
        f"--network-namespace-path=/run/netns/{namespace}",
        "--capability=CAP_NET_ADMIN",
        "--resolv-conf=off",
        "--timezone=off",
        "--link-journal=no",
        *options,
    )
    legacy = "" if group.legacy is None else str(group.legacy)
    with console.open("ab") as log:
        subprocess.run(
            ("setsid", "--fork", "sh", "-c", SUPERVISE, f"holdfast-lab-{name}", str(group.path), legacy, *nspawn),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, **ENVIRONMENT},
            cwd="/",
            check=True,
            timeout=10,
        )


def enter(group: Group, command: tuple[str, ...], timeout_s: float, stdin: str | None = None) -> Finished:
    """Run a command inside a host, past its network and sshd. What it leaves running is killed with the host.

    Raises CommandFailed when the host is off or the time is over.
    """
    leader = group.leader()
    if leader is None:
        raise CommandFailed(f"{shlex.join(command)}: the host is off")
    spaces = ("--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd")
    join = 'echo $$ > "$0/visitors/cgroup.procs"; exec "$@"'
    argv = ("sh", "-c", join, str(group.path), "nsenter", "-t", str(leader), *spaces, "env", "-i", *INSIDE, *command)
    with subprocess.Popen(
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(stdin or "", timeout=timeout_s)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)  # nsenter's child too, which would hold the pipes open
            if isinstance(error, subprocess.TimeoutExpired):
                raise CommandFailed(f"{shlex.join(command)}: took more than {timeout_s:g} s on the host") from error
            raise
    return Finished(command, process.returncode, out, err)


def wait_until_up(name: str, group: Group, address: str, port: int, console: Path, timeout_s: float) -> None:
    """Come back when sshd answers and systemd has started all it will start, even if some unit failed.

    Raises BootFailed with the end of the console when that is not so within `timeout_s` seconds.
    """
    end = time.monotonic() + timeout_s
    state = "no process 1 yet"
    while time.monotonic() < end:
        leader = group.leader()
        if leader is not None and os.path.exists(f"/proc/{leader}/root/{BUS}"):  # to ask costs more than to look
            state = _state(group, timeout_s=max(1.0, end - time.monotonic()))
            if state in {"running", "degraded"} and answers(address, port):
                return
        time.sleep(0.02)
    tail = console.read_text(errors="replace")[-2000:] if console.exists() else ""
    raise BootFailed(f"{name} ({address}) is not up after {timeout_s:g} s: {state}\n{tail}")


def answers(address: str, port: int, timeout_s: float = 2.0) -> bool:
    """Whether an SSH server greets there."""
    try:
        with socket.create_connection((address, port), timeout=timeout_s) as stream:
            return stream.recv(4) == b"SSH-"
    except OSError:
        return False


def _state(group: Group, timeout_s: float) -> str:
    try:
        done = enter(group, ("systemctl", "is-system-running", "--wait"), timeout_s)
    except (CommandFailed, LabError) as error:
        return str(error)
    return (done.stdout or done.stderr).strip()
