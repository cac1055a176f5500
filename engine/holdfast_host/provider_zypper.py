"""Packages of SUSE and its kin, by zypper."""
from __future__ import annotations

import fnmatch
import html
import os
import re
from typing import ClassVar, Dict, List, Optional, Sequence, Tuple

from . import files, packages, process, rpm, rpm_repositories
from .errors import Failed
from .packages import Installed, Offer, Step
from .provider_rpm import RpmProvider
from .record import with_fields

CACHE, FOLDERS, LOCKS = "/var/cache/zypp/raw", ("/etc/zypp/repos.d",), "/etc/zypp/locks"
ZYPPER = ("zypper", "--non-interactive", "--xmlout", "--no-refresh")  # fetched is when it is said
DONE = (0, 100, 101, 102, 103, 106, 107)  # there are updates, restart something, a repository or script was in the way
NOTHING_FOUND, LOCKED = 104, 7
LOOKING = {"ZYPP_READONLY_HACK": "1", "ZYPP_LOGFILE": os.devnull}  # to look needs no lock, and changes nothing


class Zypper(RpmProvider):
    """All is one transaction; those with another `recommends` are one more."""

    name: ClassVar[str] = "zypper"
    fetching: ClassVar[str] = "zypper refresh"
    listing: ClassVar[str] = "zypper search -s"

    def installed(self, names: Sequence[str]) -> Dict[str, Installed]:
        found = rpm.installed(names)
        locked = locks((files.read(LOCKS) or b"").decode("utf-8", "replace"))
        return {name: with_fields(one, held=any(fnmatch.fnmatchcase(name.partition(":")[0], lock) for lock in locked))
                for name, one in found.items()}

    def offered(self, names: Sequence[str]) -> Dict[str, Offer]:
        if self.lists_age_s() is None:
            return {name: Offer() for name in names}
        rows = _search("--match-exact", *sorted({name.partition(":")[0] for name in names}))
        repositories = rpm_repositories.enabled(FOLDERS)
        known = {one.name for one in repositories} | {one.id for one in repositories}
        found: Dict[str, Offer] = {}
        for name in names:
            bare, _, architecture = name.partition(":")
            mine = [(edition + " " + place, arch) for named, edition, arch, place in rows
                    if named == bare and place in known]
            pairs = [text.split(" ", 1) for text, _ in rpm.of_architecture(mine, architecture)]
            found[name] = rpm_repositories.offer([(pair[0], pair[1]) for pair in pairs], repositories) \
                if pairs else _stand_ins(bare)
        return found

    def lists_age_s(self) -> Optional[float]:
        places = [os.path.join(CACHE, one.id, "repodata/repomd.xml") for one in rpm_repositories.enabled(FOLDERS)]
        return packages.age_s(places) if all(map(os.path.exists, places)) else None

    def would_remove(self, steps: Sequence[Step], frees: bool = False) -> List[str]:
        found: List[str] = []
        # Where lists were never fetched it would fetch them to look.
        lists = [] if self.lists_age_s() is not None else ["--disable-repositories"]
        for words in transactions(steps, frees):
            done = process.run([*ZYPPER, *lists, words[0], "--dry-run", *words[1:]], env=LOOKING)
            if done.code in DONE:
                found += parse_removed(done.stdout)
        return found

    def refresh(self, wait_s: float) -> None:
        run(["refresh"], wait_s)

    def carry_out(self, steps: Sequence[Step], wait_s: float) -> None:
        purged = [step.name for step in steps if step.purge]
        kept = rpm.kept_configuration(purged) if purged else []
        for words in transactions(steps):
            run(words, wait_s)
        rpm.drop(kept)

    def hold(self, names: Sequence[str], held: bool) -> None:
        bare = [name.partition(":")[0] for name in names]
        done = process.run([*ZYPPER, "addlock" if held else "removelock", "--type", "package", "--", *bare])
        if done.code not in DONE:
            raise Failed("cannot %s packages: zypper %s" % ("hold" if held else "release", done.ending()), told(done))


PROVIDER = Zypper()


def transactions(steps: Sequence[Step], frees: bool = False) -> List[List[str]]:
    """The words of each call. `install -nginx` removes; it goes with the first, so that one package can take another's
    place. Only `remove` can take along what is not needed any more."""
    going = [_spec(name) for step in steps if step.removes for name in (step.name, *step.freed)]
    kinds: Dict[Optional[bool], List[Step]] = {}
    for step in steps:
        if not step.removes:
            kinds.setdefault(step.recommends, []).append(step)
    if not kinds:
        return [["remove", "--clean-deps" if frees else "--no-clean-deps", "--", *going]] if going else []
    found = []
    for number, (kind, coming) in enumerate(kinds.items()):
        words = [] if kind is None else ["--recommends" if kind else "--no-recommends"]
        older = ["--oldpackage"] if any(step.downgrade for step in coming) else []
        specs = ["+" + _spec(step.name, step.version) for step in coming]
        found.append(["install", *words, *older, "--", *specs, *("-" + name for name in going if not number)])
    return found


def _spec(name: str, version: Optional[str] = None) -> str:
    """`nginx.x86_64=1.2-3`, as far as it is said."""
    bare, colon, architecture = name.partition(":")
    return bare + ("." + architecture if colon else "") + ("=" + version if version else "")


def run(words: Sequence[str], wait_s: float) -> None:
    """Runs zypper; libzypp itself waits for its lock. Raises Failed."""
    done = process.run([*ZYPPER, *words], env={"ZYPP_LOCK_TIMEOUT": "%d" % wait_s})
    if done.code == LOCKED:
        raise Failed("zypper's lock was not free within %g s" % wait_s, told(done))
    if done.code not in DONE:
        raise Failed("zypper %s %s" % (words[0], done.ending()), told(done))


def told(done: process.Finished) -> str:
    """What zypper says to a reader, out of its XML, with what did not come in XML."""
    said = re.findall(r'<message type="(?:error|warning)">(.*?)</message>|<description>(Problem: .*?)</description>',
                      done.stdout, re.S)
    rows = [html.unescape(one or other).strip() for one, other in said]
    return "\n".join([*rows, done.stderr.strip()])[-4000:].strip() or done.stdout[-2000:]


def parse_removed(text: str) -> List[str]:
    """Whom a transaction would remove."""
    return [name for part in re.findall(r"<to-remove>(.*?)</to-remove>", text, re.S)
            for name in re.findall(r'<solvable type="package" name="([^"]+)"', part)]


def _search(*words: str) -> List[Tuple[str, str, str, str]]:
    """(name, version, architecture, repository) of each that zypper finds. Raises Failed."""
    done = process.run([*ZYPPER, "search", "-s", "-t", "package", *words], env=LOOKING)
    if done.code not in (*DONE, NOTHING_FOUND):
        raise Failed("cannot ask zypper what is on offer: it %s" % done.ending(), told(done))
    return parse_search(done.stdout)


def parse_search(text: str) -> List[Tuple[str, str, str, str]]:
    found = []
    for row in re.findall(r"<solvable ([^>]*)/>", text):
        said = {key: html.unescape(value) for key, value in re.findall(r'([a-z-]+)="([^"]*)"', row)}
        if said.get("kind") == "package" and {"name", "edition", "arch", "repository"} <= set(said):
            found.append((said["name"], said["edition"], said["arch"], said["repository"]))
    return found


def _stand_ins(name: str) -> Offer:
    """For a name of which no package is: who provides it, or else names like it."""
    import difflib

    providers = tuple(sorted({row[0] for row in _search("--provides", "--match-exact", name)}))
    if providers:
        return Offer(providers=providers)
    return Offer(near=tuple(difflib.get_close_matches(name, {row[0] for row in _search(name[:2] + "*")}, 3, 0.6)))


def locks(text: str) -> List[str]:
    """The names, perhaps patterns, of the packages that /etc/zypp/locks holds."""
    found = []
    for block in re.split(r"\n\s*\n", text):
        said = dict(re.findall(r"^(\w+):\s*(.*?)\s*$", block, re.M))
        if said.get("type", "package") == "package" and said.get("solvable_name"):
            found.append(said["solvable_name"])
    return found
