"""Packages of Fedora, Red Hat and their kin, by dnf."""
from __future__ import annotations

import os
import re
import time
from typing import ClassVar, Dict, Iterator, List, Optional, Sequence, Tuple

from . import files, packages, process, rpm, rpm_repositories, versionlock
from .errors import Failed
from .packages import Installed, Offer, Step
from .provider_rpm import RpmProvider
from .record import with_fields

CACHES = ("/var/cache/dnf", "/var/cache/libdnf5")
FOLDERS, MAIN = ("/etc/yum.repos.d", "/etc/yum/repos.d", "/etc/distro.repos.d"), "/etc/dnf/dnf.conf"
PROTECTED = "/etc/dnf/protected.d"
FORMAT = r"holdfast %{name} %{epoch}:%{version}-%{release} %{arch} %{repoid}\n"
DO = ("dnf", "-y", "--setopt=exit_on_lock=True")
LOOK = ("dnf", "-C", "--setopt=exit_on_lock=True")  # as the lists are: nothing is fetched to look
LOOK_WAIT_S = 300  # while somebody fetches lists, even to look has to wait
ONLY, FREE = "--setopt=clean_requirements_on_remove=False", "--setopt=clean_requirements_on_remove=True"
LOCKED = 200
NOISE = ("Last metadata expiration check", "Unable to detect release version")


class Dnf(RpmProvider):
    """Removals are one transaction, then installations another; those with another `recommends` one more."""

    name: ClassVar[str] = "dnf"
    fetching: ClassVar[str] = "dnf makecache"
    listing: ClassVar[str] = "dnf list --showduplicates"

    def installed(self, names: Sequence[str]) -> Dict[str, Installed]:
        found = rpm.installed(names)
        locked, protected = versionlock.names(), _protected()
        return {name: with_fields(one, held=name.partition(":")[0] in locked,
                                  essential=name.partition(":")[0] in protected) for name, one in found.items()}

    def offered(self, names: Sequence[str]) -> Dict[str, Offer]:
        if self.lists_age_s() is None:
            return {name: Offer() for name in names}
        asked = _look("-q", "repoquery", "--qf", FORMAT, "--", *sorted({name.partition(":")[0] for name in names}))
        rows = [line.split(" ")[1:] for line in asked.must("cannot ask dnf what is on offer").stdout.splitlines()
                if line.startswith("holdfast ")]
        repositories = rpm_repositories.enabled(FOLDERS, MAIN)
        found: Dict[str, Offer] = {}
        for name in names:
            bare, _, architecture = name.partition(":")
            mine = [(rpm.plain(evr) + " " + place, arch) for named, evr, arch, place in rows if named == bare]
            pairs = [tuple(text.split(" ")) for text, _ in rpm.of_architecture(mine, architecture)]
            found[name] = rpm_repositories.offer([(pair[0], pair[1]) for pair in pairs], repositories)
            if not pairs:
                found[name] = _stand_ins(bare)
        return found

    def lists_age_s(self) -> Optional[float]:
        folders = [os.path.join(cache, name) for cache in CACHES for name in files.names_in(cache)]
        cached = {os.path.basename(folder).rpartition("-")[0] for folder in folders
                  if os.path.exists(folder + "/repodata/repomd.xml")}
        needed = {one.id for one in rpm_repositories.enabled(FOLDERS, MAIN) if not one.optional}
        if not needed <= cached:
            return None
        return packages.age_s([folder + "/repodata/repomd.xml" for folder in folders])

    def would_remove(self, steps: Sequence[Step], frees: bool = False) -> List[str]:
        found: List[str] = []
        for words, specs in transactions(steps, FREE if frees else ONLY):
            done = _look("--assumeno", *words, "--", *specs)
            if "Operation aborted" in done.stdout + done.stderr:
                found += parse_removed(done.stdout)
        return found

    def refresh(self, wait_s: float) -> None:
        run(["makecache", "--refresh"], wait_s)

    def carry_out(self, steps: Sequence[Step], wait_s: float) -> None:
        purged = [step.name for step in steps if step.purge]
        kept = rpm.kept_configuration(purged) if purged else []
        for words, specs in transactions(steps, ONLY):
            run([*words, "--", *specs], wait_s)
        rpm.drop(kept)

    def check_holds(self) -> None:
        versionlock.check()

    def hold(self, names: Sequence[str], held: bool) -> None:
        words = ["versionlock", "add" if held else "delete", "--", *(name.partition(":")[0] for name in names)]
        _look("-q", *words).must("cannot %s packages" % ("hold" if held else "release"))


PROVIDER = Dnf()


def transactions(steps: Sequence[Step], cleaning: str) -> Iterator[Tuple[List[str], List[str]]]:
    """The words and the packages of each call."""
    going = [name for step in steps if step.removes for name in (step.name, *step.freed)]
    if going:
        yield [cleaning, "remove"], [_spec(name) for name in going]
    kinds: Dict[Optional[bool], List[Step]] = {}
    for step in steps:
        if not step.removes:
            kinds.setdefault(step.recommends, []).append(step)
    for kind, coming in kinds.items():
        words = [] if kind is None else ["--setopt=install_weak_deps=%s" % kind]
        yield [*words, "install"], [_spec(step.name, step.version) for step in coming]


def _spec(name: str, version: Optional[str] = None) -> str:
    """`nginx-1.2-3.x86_64`, as far as it is said."""
    bare, colon, architecture = name.partition(":")
    return bare + ("-" + version if version else "") + ("." + architecture if colon else "")


def run(words: Sequence[str], wait_s: float) -> None:
    """Runs dnf; waits for its lock as long as that. Raises Failed."""
    done = _waiting([*DO, *words], wait_s)
    if done.code != 0:
        verb = next(word for word in words if not word.startswith("-"))
        raise Failed("dnf %s ended with %d" % (verb, done.code), _essence(done))


def _look(*words: str) -> process.Finished:
    """Asks dnf. Raises Failed when its lock is not free."""
    return _waiting([*LOOK, *words], LOOK_WAIT_S)


def _waiting(argv: Sequence[str], wait_s: float) -> process.Finished:
    """Runs dnf once its lock is free, for which dnf itself would wait for ever. Raises Failed."""
    until = time.monotonic() + wait_s
    while True:
        done = process.run(argv)
        said = done.stderr + done.stdout
        if done.code != LOCKED and "Failed to obtain rpm transaction lock" not in said:
            return done
        if time.monotonic() >= until:
            holder = re.search(r"application with PID (\d+)", said)
            raise Failed("dnf's lock was not free within %g s%s" % (
                wait_s, ": process %s holds it" % holder.group(1) if holder else ""), _essence(done))
        time.sleep(1)


def _essence(done: process.Finished) -> str:
    """dnf's errors, with what it and a package's script printed before them."""
    lines = [*done.stdout.splitlines()[-12:], *done.stderr.splitlines()]
    return "\n".join(line for line in lines if not line.startswith(NOISE))[-4000:].strip()


def parse_removed(text: str) -> List[str]:
    """Whom the table of a transaction would remove or replace. What is too long for its column goes on in the next
    line, further in than a name. dnf 4 says `replacing  old.noarch 1.0-1` of what a package makes obsolete; dnf 5
    `replacing old noarch 0:1.0-1 vendor`, and that also of the package's own older version."""
    found: List[str] = []
    section = package = ""
    for line in text.splitlines():
        words = line.split()
        if line[:1].isalpha():
            section = line
        elif re.match(r" [^ ]", line):
            package = words[0]
            if section.startswith("Removing"):
                found.append(package)
        elif words[:1] == ["replacing"] and len(words) > 1:
            replaced = words[1] if len(words) > 3 else words[1].rpartition(".")[0]
            if replaced != package:
                found.append(replaced)
    return found


def _stand_ins(name: str) -> Offer:
    """For a name of which no package is: who provides it, or else names like it."""
    import difflib

    def ask(*words: str) -> List[str]:
        asked = _look("-q", "repoquery", "--qf", r"holdfast %{name}\n", *words)
        return sorted({line.split(" ")[1] for line in asked.stdout.splitlines() if line.startswith("holdfast ")})

    providers = tuple(ask("--whatprovides", name))
    near = () if providers else tuple(difflib.get_close_matches(name, ask("--", name[:2] + "*"), 3, 0.6))
    return Offer(providers=providers, near=near)


def _protected() -> List[str]:
    """What dnf does not let go."""
    found = ["dnf"]
    for name in files.names_in(PROTECTED):
        if name.endswith(".conf"):
            found += (files.read(os.path.join(PROTECTED, name)) or b"").decode("utf-8", "replace").split()
    return found
