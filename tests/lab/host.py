"""One host of a lab, and what can be done to it."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from . import boot, identity, network
from .base import Base
from .cgroup import Group
from .disk import Disk, share_option
from .errors import CommandFailed, LabError
from .network import Counts

if TYPE_CHECKING:
    import testinfra.host

BOOT_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class LabHost:
    """A real Debian host. It keeps no state of its own: every verb asks the kernel, so two processes may hold it."""

    name: str
    address: str
    lab: str
    number: int
    folder: Path  # of the lab
    base: Base = field(repr=False)
    disk_mib: int = field(repr=False)
    addresses: Mapping[str, str] = field(repr=False)  # of all hosts of the lab, by name
    tags: Mapping[str, str] = field(default_factory=dict)
    port: int = 22

    # what it is

    @property
    def group(self) -> Group:
        """Its cgroup on this machine."""
        return Group(self.lab, self.name)

    @property
    def disk(self) -> Disk:
        """Its overlay."""
        return Disk(self.folder / "hosts" / self.name, self.disk_mib)

    @property
    def rootfs(self) -> Path:
        """Its root file system as seen from outside: without its /proc, /run, /dev, and what it mounts itself."""
        return self.disk.root

    @property
    def console(self) -> Path:
        """The file with all it said on its console, over all its boots."""
        return self.folder / "hosts" / self.name / "console.log"

    @property
    def host_key(self) -> Path:
        """Its private SSH host key, on this machine; it outlives a reset."""
        return self.folder / "keys" / self.name

    @property
    def pid(self) -> int | None:
        """Its process 1, as this machine numbers it; None when it is off."""
        return self.group.leader()

    @property
    def is_on(self) -> bool:
        """Whether its process 1 runs (or is frozen)."""
        return self.pid is not None

    # power

    def start(self, timeout_s: float = BOOT_TIMEOUT_S) -> None:
        """Switch it on, with the disk as it is, and wait until it is up. Nothing happens when it is on.

        Raises BootFailed when it is not up in `timeout_s` seconds.
        """
        if not self.is_on:
            self.group.kill()  # what a cut-short start may have left
            space = network.namespace(self.lab, self.name)
            boot.launch(self.name, self.group, self.rootfs, space, self.console, (share_option(self.base),))
        self.wait_until_up(timeout_s)

    def stop(self, timeout_s: float = 60.0) -> None:
        """Shut it down in order, as `poweroff` does. Raises LabError when it is not off in `timeout_s` seconds."""
        leader = self.pid
        if leader is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(leader, signal.SIGRTMIN + 4)
        self.group.wait_until_empty(timeout_s)

    def kill(self) -> None:
        """Cut the power: every process is gone at once, unasked. What it had written to its disk stays written."""
        self.group.kill()

    def reset(self, timeout_s: float = BOOT_TIMEOUT_S) -> None:
        """Put it back to the base: power off, a fresh disk, cable in, no delay, and boot. Its host key stays."""
        self.prepare()
        self.start(timeout_s)

    def prepare(self) -> None:
        """The first half of `reset`: everything but the boot."""
        self.group.kill()
        self.disk.drop()
        self.disk.mount(self.base)
        public = identity.make_key(self.folder / "key", f"holdfast-lab {self.lab}")
        identity.make_key(self.host_key, self.name)
        identity.settle(self.rootfs, self.name, self.host_key, public, dict(self.addresses))
        self._forget_settings()
        self.mend()
        with contextlib.suppress(LabError):
            self.impair()

    def _forget_settings(self) -> None:
        """The namespace outlives the host, and with it what the host's kernel was told: net.* of sysctl."""
        kept = self.folder / "hosts" / self.name / "settings"
        now = network.settings(self.lab, self.name)
        if not kept.exists():
            kept.write_text("\n".join(sorted(now)))
        for setting in frozenset(kept.read_text().splitlines()) - now:
            network.tell(self.lab, self.name, setting)

    def wait_until_up(self, timeout_s: float = BOOT_TIMEOUT_S) -> None:
        """Wait for sshd and for systemd to have started everything, say after a `reboot` from inside.

        Raises BootFailed when that takes more than `timeout_s` seconds.
        """
        boot.wait_until_up(self.name, self.group, self.address, self.port, self.console, timeout_s)

    def recover(self) -> None:
        """Whatever was done to it with the verbs here: make it thawed, connected, with room on its disk, and on."""
        self.thaw()
        self.disk.widen()
        if not network.is_plugged(self.lab, self.number):
            self.mend()
        if not self.is_on:
            self.start()

    # trouble

    def freeze(self) -> None:
        """Let it hang: nothing in it goes on, its cable stays in, connections stay open."""
        self.group.freeze(True)

    def thaw(self) -> None:
        """Let it go on where it was."""
        if self.group.is_frozen():
            self.group.freeze(False)

    def cut(self) -> None:
        """Pull its cable: it runs on, and is silent to all others. Nobody is told; packets are lost both ways."""
        network.set_cable(self.lab, self.number, up=False)

    def mend(self) -> None:
        """Plug its cable in again."""
        network.set_cable(self.lab, self.number, up=True)

    def impair(self, delay_ms: float = 0.0, loss_percent: float = 0.0) -> None:
        """Make its cable slow (`delay_ms` is what a round trip takes longer) and lossy; without arguments, good again.

        Raises NotSupported where the kernel has no netem.
        """
        network.impair(self.lab, self.name, self.number, delay_ms, loss_percent)

    def delay(self, ms: float) -> None:
        """Make every round trip take `ms` milliseconds longer; 0 ends it. Raises NotSupported, see `impair`."""
        self.impair(delay_ms=ms)

    def loss(self, percent: float) -> None:
        """Lose so many of its packets, each way; 0 ends it. Raises NotSupported, see `impair`."""
        self.impair(loss_percent=percent)

    def fill_disk(self, at: str = "/small", size_kib: int = 1024) -> None:
        """Make a disk full. With `/` it is the root file system, at once and without using memory.

        Any other folder gets a small file system of its own of `size_kib`, filled to its last byte by a file `filler`.
        """
        if at == "/":
            self.disk.squeeze()
            return
        self.small_disk(at, size_kib)
        self.run(f"cat /dev/zero > {shlex.quote(at)}/filler", check=False)

    def small_disk(self, at: str = "/small", size_kib: int = 1024) -> None:
        """Mount an empty file system of `size_kib` KiB at a folder, which is made where it is missing."""
        where = shlex.quote(at)
        self.run(f"mkdir -p {where} && mount -t tmpfs -o size={size_kib}k,mode=755 holdfast-small {where}")

    def free_disk(self, at: str = "/small") -> None:
        """Undo `fill_disk` or `small_disk` at the same folder; what was written to a small disk is gone."""
        if at == "/":
            self.disk.widen()
        else:
            self.run(f"umount {shlex.quote(at)}")

    # measures

    def cpu_seconds(self) -> float:
        """Seconds of processor time it has used since the lab came up, over all its boots; without `run`'s own."""
        return self.group.cpu_seconds("machine")

    def packets(self) -> Counts:
        """Packets over its cable since the lab came up."""
        return network.counts(self.lab, self.number, "packets")

    def bytes(self) -> Counts:
        """Bytes over its cable since the lab came up, with all headers from Ethernet up."""
        return network.counts(self.lab, self.number, "bytes")

    # access

    def run(
        self,
        command: str | tuple[str, ...],
        *,
        check: bool = True,
        timeout_s: float = 60.0,
        stdin: str | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in it as root, past network and sshd: to set the scene, never to prove a result.

        A string goes to `sh -c`, a tuple is run as it is. Raises CommandFailed when the host is off, when the command
        takes longer than `timeout_s` seconds or, with `check`, when it exits other than 0.
        """
        argv = ("sh", "-c", command) if isinstance(command, str) else command
        done = boot.enter(self.group, argv, timeout_s, stdin)
        if check and done.returncode != 0:
            said = (done.stdout + done.stderr).strip()[-2000:]
            raise CommandFailed(f"{self.name}: {shlex.join(argv)}: exit {done.returncode}\n{said}")
        return done

    def failed_units(self) -> list[str]:
        """The units that systemd calls failed."""
        rows = self.run(("systemctl", "list-units", "--failed", "--plain", "--no-legend")).stdout.splitlines()
        return [row.split()[0] for row in rows]

    def witness(self, user: str = "root") -> testinfra.host.Host:
        """A testinfra host over paramiko: an eye on this host that shares no code with Holdfast."""
        from .witness import look  # only tests have testinfra

        return look(user, self.address, self.port, self.folder / "key", self.folder / "known_hosts")

    def status(self) -> str:
        """In one word: on, off, frozen or cut."""
        if not self.is_on:
            return "off"
        if self.group.is_frozen():
            return "frozen"
        return "on" if network.is_plugged(self.lab, self.number) else "cut"
