"""reboot: a host is booted anew where that is needed, and the run goes on afterwards."""
from __future__ import annotations

import os
import re
import time
from typing import ClassVar, List, Optional, Sequence, Tuple

from holdfast_host import (
    Change,
    Declared,
    Failed,
    Field,
    Identity,
    Record,
    Refused,
    Resource,
    arg,
    checks,
    files,
    process,
    systemd,
)

REQUIRED = ("/run/reboot-required", "/var/run/reboot-required")
PACKAGES = "/run/reboot-required.pkgs"
DELAY_S = 2  # until systemd goes down: the result has been told by then


def _positive(number: int) -> None:
    if number < 1:
        raise Refused("", "is a number of seconds from 1, not %d" % number, "write a number in that range")


class Observed(Record):
    """required: what asks for it (packages, or the file), "": nothing. running, newest: releases of the kernel; newest
    is "" where none is installed. booted, installed: when the host was booted and the newest kernel came, in seconds
    since the epoch."""

    required: str = ""
    running: str = ""
    newest: str = ""
    booted: float = 0.0
    installed: float = 0.0


class Reboot(Resource):
    """The host is booted anew where that is needed, or when it is notified; the run waits until it is back and has
    started its services, and goes on with what comes after it.

    What was done before is not done twice. A host that does not come back in time is unreachable; `apply --resume` goes
    on. Where the controller runs on that very host the run ends with it.
    """

    refreshes: ClassVar[str] = "reboot"
    barrier: ClassVar[bool] = True
    departs: ClassVar[bool] = True
    example: ClassVar[str] = """
        - package: linux-image-amd64
          state: latest
        - reboot: into the newest kernel
          if_required: true
          if_kernel_is_older: true
          timeout_s: 900
        - reboot: for the new command line
    """

    label: str = arg(doc="What it is for.", check=checks.one_line)
    if_required: bool = arg(False, doc="When the host says that it has to be: /run/reboot-required.")
    if_kernel_is_older: bool = arg(False, doc="When the running kernel is not the newest of its kind in /boot.")
    always: bool = arg(False, doc="At each apply. Without any of these: only when it is notified.")
    timeout_s: int = arg(600, check=_positive, doc="How many seconds it may take to be back.")

    named: ClassVar[str] = "label"

    def check(self) -> None:
        for name in ("if_required", "if_kernel_is_older"):
            if self.always and getattr(self, name):
                raise Refused("always", "and `%s` are both given" % name, "remove one of them")

    def is_once(self) -> bool:
        return True

    def provides(self) -> Sequence[Identity]:
        return ()

    # -- looking -----------------------------------------------------------------------------------------------------

    def observe(self) -> Observed:
        systemd.must_be_here()
        running = os.uname().release
        newest = _newest(running) if self.if_kernel_is_older else ""
        installed = os.stat("/boot/vmlinuz-" + newest).st_mtime if newest else 0.0
        booted = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
        return Observed(_required() if self.if_required else "", running, newest, booted, installed)

    # -- deciding ----------------------------------------------------------------------------------------------------

    def diff(self, observed: Observed) -> Optional[Change]:
        fields: Tuple[Field, ...] = ()
        if observed.required:
            fields += (Field("required by", observed.required, None),)
        if observed.newest and order(observed.newest) > order(observed.running):
            if observed.booted > observed.installed:
                raise Refused("if_kernel_is_older", "%s was there when the host was booted last, and %s was started" % (
                    observed.newest, observed.running), "see what the boot loader starts")
            fields += (Field("kernel", observed.running, observed.newest),)
        if not fields and not self.always:
            return None
        return Change("reboot", fields or (Field("rebooted", False, True),))

    def is_provisional(self, observed: Observed) -> bool:
        is_asked = self.if_required or self.if_kernel_is_older
        return is_asked and self.diff(observed) is None  # a package may still ask for it

    def remaining(self, change: Change, observed: Observed) -> Optional[Change]:
        return None  # it is still to go down

    def needs_refresh(self, change: Optional[Change]) -> bool:
        return change is None

    # -- doing -------------------------------------------------------------------------------------------------------

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        return ()  # the host is as it was: it has only been booted

    def converge(self, change: Change) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Sees to it that systemd goes down in a moment: what is to be told is told before."""
        process.run(["systemd-run", "--quiet", "--collect", "--on-active=%ds" % DELAY_S,
                     "--timer-property=AccuracySec=100ms", "systemctl", "reboot"]).must("cannot boot the host anew")

    def back_s(self) -> float:
        return float(self.timeout_s)

    def arrive(self) -> None:
        """Waits until systemd has started what it starts at boot; a unit that failed is no reason to stop."""
        done = process.run(["systemctl", "is-system-running", "--wait"], timeout_s=self.timeout_s)
        if done.stdout.strip() not in ("running", "degraded"):
            raise Failed("the host is back, and systemd says that it is `%s`" % done.stdout.strip())


# -- pure helpers ----------------------------------------------------------------------------------------------------


def _required() -> str:
    if not any(os.path.exists(path) for path in REQUIRED):
        return ""
    packages = (files.read(PACKAGES) or b"").decode("utf-8", "replace").split()
    return ", ".join(dict.fromkeys(packages)) or REQUIRED[0]


def _newest(running: str) -> str:
    """The newest kernel of the same flavour in /boot."""
    try:
        names = os.listdir("/boot")
    except OSError:
        return ""
    found = [name[len("vmlinuz-"):] for name in names if name.startswith("vmlinuz-")]
    return max((one for one in found if flavour(one) == flavour(running)), key=order, default="")


def flavour(release: str) -> str:
    """`6.1.0-18-cloud-amd64` -> `cloud-amd64`; "": it has none."""
    match = re.match(r"[0-9.]+(?:-[0-9.]+)*-?(.*)\Z", release)
    return match.group(1) if match else release


def order(release: str) -> List[Tuple[int, str]]:
    """What releases are sorted by: numbers as numbers."""
    return [(int(number), word) if number else (-1, word) for number, word in re.findall(r"(\d+)|(\D+)", release)]
