"""apt-get, run so that it asks nobody, waits for its locks, and says why it failed."""
from __future__ import annotations

import os
import re
import time
from typing import Optional, Sequence

from . import files, process
from .errors import Failed

LISTS, STAMP = "/var/lib/apt/lists", "/var/lib/apt/periodic/update-success-stamp"
QUIET = {"DEBIAN_PRIORITY": "critical", "APT_LISTCHANGES_FRONTEND": "none", "NEEDRESTART_MODE": "l",
         "UCF_FORCE_CONFFOLD": "1"}
# Configuration files that were edited stay as they are. What apt asks for else is refused, not answered with yes.
GET = ("apt-get", "-y", "-q", "-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold",
       "-o", "Dpkg::Use-Pty=0", "-o", "APT::Color=0")


def get(words: Sequence[str], wait_s: float) -> process.Finished:
    """Runs apt-get; waits for locks, and finishes first what dpkg was interrupted in. Raises Failed."""
    until = time.monotonic() + wait_s
    has_mended = False
    while True:
        left = max(0, int(until - time.monotonic()))
        done = process.run([*GET, "-o", "DPkg::Lock::Timeout=%d" % left, *words], env=QUIET)
        said = done.stderr + done.stdout
        if done.code == 0:
            return done
        if "dpkg --configure -a" in done.stderr and not has_mended:
            has_mended = True
            process.run(["dpkg", "--configure", "-a", "--force-confdef", "--force-confold"], env=QUIET).must(
                "dpkg was interrupted before, and cannot finish that")
        elif "Could not get lock" not in said and "Unable to lock" not in said:
            raise Failed("apt-get %s ended with %d" % (words[0], done.code), _essence(done))
        elif time.monotonic() >= until:
            raise Failed("apt's lock was not free within %g s%s" % (wait_s, _holder(said)), _essence(done))
        else:
            time.sleep(1)  # the locks of lists and archives have no time limit of apt's own


def _essence(done: process.Finished) -> str:
    """The errors of apt and dpkg, with what a package's script printed before them."""
    errors = [line for line in done.stderr.splitlines() if not line.startswith(("W:", "N:", "Waiting for cache lock"))]
    return "\n".join([*done.stdout.splitlines()[-12:], *errors])[-4000:].strip()


def _holder(said: str) -> str:
    found = re.findall(r"held by process (\d+)(?: \(([^)]*)\))?", said)
    if not found:
        return ""
    pid, name = found[-1]
    try:
        with open("/proc/%s/cmdline" % pid, "rb") as stream:
            name = stream.read().replace(b"\0", b" ").decode("utf-8", "replace").strip() or name
    except OSError:
        pass  # it has ended since
    return ": process %s holds it (%s)" % (pid, name[:200])


def lists_age_s() -> Optional[float]:
    """Seconds since apt fetched its lists; None: there are none."""
    endings = ("Packages", "Packages.lz4", "Packages.xz", "Packages.gz")
    if not any(name.endswith(endings) for name in files.names_in(LISTS)):
        return None
    times = [os.stat(path).st_mtime for path in (LISTS, STAMP) if os.path.exists(path)]
    return max(0.0, time.time() - max(times))
