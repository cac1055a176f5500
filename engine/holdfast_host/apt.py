"""apt-get, run so that it asks nobody, waits for its locks, and says why it failed."""
from __future__ import annotations

import os
import re
import time
from typing import Optional, Sequence

from . import files, process
from .errors import Failed

LISTS, STAMP = "/var/lib/apt/lists", "/var/lib/apt/periodic/update-success-stamp"
STATUS, SOURCES = "/var/lib/dpkg/status", ("/etc/apt/sources.list", "/etc/apt/sources.list.d")
OF_LISTS, OF_ALL = "/var/cache/apt/srcpkgcache.bin", "/var/cache/apt/pkgcache.bin"
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


def ask(words: Sequence[str]) -> process.Finished:
    """Runs apt-get or apt-cache only to ask, so that nothing is written: apt notes each order that it works out in a
    log, that of a simulation too, and makes its caches anew when they are out of date."""
    options = ["-o", "Dir::Log::Planner="]
    lists = [os.path.join(LISTS, name) for name in files.names_in(LISTS) if "_" in name]  # a lock and folders are, too
    if not _is_newer(OF_LISTS, [*lists, *SOURCES]):
        options += ["-o", "Dir::Cache::srcpkgcache=", "-o", "Dir::Cache::pkgcache="]
    elif not _is_newer(OF_ALL, [OF_LISTS, STATUS]):
        options += ["-o", "Dir::Cache::pkgcache="]
    return process.run([words[0], *options, *words[1:]], env=QUIET)


def _is_newer(path: str, others: Sequence[str]) -> bool:
    """By when they came to be where they are: the lists bear the date at which a server made them."""
    changed = [os.stat(one).st_ctime for one in (path, *others) if os.path.exists(one)]
    return os.path.exists(path) and len(changed) > 1 and changed[0] >= max(changed)


def _essence(done: process.Finished) -> str:
    """The errors of apt and dpkg, with what a package's script printed before them."""
    errors = [line for line in done.stderr.splitlines() if not line.startswith(("W:", "N:", "Waiting for cache lock"))]
    printed = [line for line in done.stdout.splitlines() if not line.startswith(("Get:", "Ign:", "Hit:", "Reading "))]
    return "\n".join([*printed[-12:], *errors])[-4000:].strip()


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
