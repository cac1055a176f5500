"""Packages of Alpine, by apk."""
from __future__ import annotations

import functools
import os
import re
from typing import ClassVar, Dict, List, Mapping, Optional, Sequence, Tuple

from . import checks, files, packages, process, versions
from .errors import Failed, Refused
from .packages import Installed, Offer, Provider, Step

DATABASES = ("/lib/apk/db/installed", "/usr/lib/apk/db/installed")
WORLD, REPOSITORIES, CACHES = "/etc/apk/world", "/etc/apk/repositories", ("/etc/apk/cache", "/var/cache/apk")
APK = ("apk", "--no-progress")
AS_THEY_ARE = ("--cache-max-age", "5256000")  # minutes: to look fetches nothing
_PARTS = re.compile(r"([0-9]+(?:\.[0-9]+)*)([a-z]?)((?:_[a-z]+[0-9]*)*)(?:~[0-9a-f]+)?(?:-r([0-9]+))?\Z")
_SUFFIXES = ("alpha", "beta", "pre", "rc", "", "cvs", "svn", "git", "hg", "p")
_NONE = (_SUFFIXES.index(""), 0)


class Apk(Provider):
    """Removals are one transaction, then installations another. An exact version is asked for, and then not kept in
    the list of what is wanted: there it would be a hold."""

    name: ClassVar[str] = "apk"
    fetching: ClassVar[str] = "apk update"
    listing: ClassVar[str] = "apk policy"
    lacks: ClassVar[Mapping[str, Tuple[str, str]]] = {
        "recommends": ("says nothing to apk, whose packages recommend none", "leave it out")}

    def check_name(self, name: str) -> None:
        checks.package(name)
        if ":" in name:
            raise Refused("name", "`%s` names an architecture, and apk keeps one a host" % name, "leave it out")

    def fits(self, version: str, wanted: str) -> bool:
        return versions.matches(version, wanted, compare, releases=True)

    def compare(self, one: str, other: str) -> int:
        return compare(one, other)

    def installed(self, names: Sequence[str]) -> Dict[str, Installed]:
        data = next(filter(None, map(files.read, DATABASES)), b"").decode("utf-8", "replace")
        there = dict(re.findall(r"^P:(.+)\n(?:[A-Za-z]:.*\n)*?V:(.+)$", data, re.M))
        held = pins((files.read(WORLD) or b"").decode("utf-8", "replace"))
        return {name: Installed(there[name], held=name in held) for name in names if name in there}

    def offered(self, names: Sequence[str]) -> Dict[str, Offer]:
        asked = process.run([*APK, *AS_THEY_ARE, "policy", "--", *names]).must("cannot ask apk what is on offer")
        policies = parse_policy(asked.stdout)
        return {name: policies[name] if name in policies and policies[name].candidate else _stand_ins(name)
                for name in names}

    def lists_age_s(self) -> Optional[float]:
        rows = (files.read(REPOSITORIES) or b"").decode("utf-8", "replace").splitlines()
        if all(re.match(r"\s*(#|$|(@\S+\s+)?/)", row) for row in rows):
            return 0.0  # folders of the host are read as they are
        return packages.age_s([os.path.join(cache, name) for cache in CACHES for name in files.names_in(cache)
                               if name.startswith("APKINDEX.")])

    def would_remove(self, steps: Sequence[Step], frees: bool = False) -> List[str]:
        found: List[str] = []
        for words in transactions(steps):
            done = process.run([*APK, *AS_THEY_ARE, words[0], "--simulate", *words[1:]])
            if done.code == 0:
                found += re.findall(r"^\(\d+/\d+\) Purging (\S+) ", done.stdout, re.M)
        return found

    def refresh(self, wait_s: float) -> None:
        _apk(["update"], wait_s)

    def carry_out(self, steps: Sequence[Step], wait_s: float) -> None:
        for words in transactions(steps):
            _apk(words, wait_s)
        exact = [step.name for step in steps if step.version and not step.removes]
        if exact:
            _apk(["add", "--", *exact], wait_s)

    def hold(self, names: Sequence[str], held: bool) -> None:
        there = self.installed(names)
        specs = ["%s=%s" % (name, there[name].version) if held else name for name in names if name in there]
        _apk(["add", "--", *specs], 60)


PROVIDER = Apk()


def transactions(steps: Sequence[Step]) -> List[List[str]]:
    """The words of each call. What needs a package that is removed goes with it, as the plan has told."""
    found = []
    for purges in (False, True):
        going = [name for step in steps if step.removes and step.purge is purges for name in (step.name, *step.freed)]
        if going:
            found.append(["del", "--rdepends", *(["--purge"] if purges else []), "--", *going])
    coming = ["%s=%s" % (step.name, step.version) if step.version else step.name for step in steps if not step.removes]
    return [*found, *([["add", "--", *coming]] if coming else [])]


def _apk(words: Sequence[str], wait_s: float) -> None:
    done = process.run([*APK, "--wait", "%d" % max(1, wait_s), *words])
    said = "\n".join([*done.stdout.splitlines()[-12:], done.stderr.strip()])[-4000:].strip()
    if "Unable to lock database" in done.stderr:
        raise Failed("apk's lock was not free within %g s" % wait_s, said)
    if done.code != 0:
        raise Failed("apk %s %s" % (words[0], done.ending()), said)


def pins(world: str) -> List[str]:
    """The packages that /etc/apk/world binds to a version."""
    return re.findall(r"^([^\s@=<>~!]+)(?:@\S+?)?=\S+$", world, re.M)


def parse_policy(text: str) -> Dict[str, Offer]:
    """What `apk policy` prints, by package. A repository with a tag offers nothing to those who do not name it."""
    found: Dict[str, Offer] = {}
    for block in re.split(r"^(?=\S)", text, flags=re.M):
        name, policy, rest = block.partition(" policy:\n")
        if policy:
            places = re.findall(r"^  (\S+):\n((?:    .*\n?)*)", rest, re.M)
            offered = [version for version, lines in places if any(
                line.strip()[0] != "@" and not line.endswith("lib/apk/db/installed") for line in lines.splitlines())]
            found[name] = Offer(next(iter(_newest_first(offered)), None), _newest_first([one for one, _ in places]))
    return found


def _newest_first(found: Sequence[str]) -> Tuple[str, ...]:
    return tuple(sorted(found, key=functools.cmp_to_key(compare), reverse=True))


def _stand_ins(name: str) -> Offer:
    """For a name of which no package is: who provides it, or else names like it."""
    import difflib

    def ask(*words: str) -> List[str]:
        return sorted(set(process.run([*APK, *AS_THEY_ARE, "search", "-q", *words]).stdout.split()) - {name})

    providers = tuple(ask("-x", "--", name))
    return Offer(providers=providers) if providers else Offer(
        near=tuple(difflib.get_close_matches(name, ask("--", name[:2]), 3, 0.6)))


def compare(one: str, other: str) -> int:
    """-1, 0 or 1, by apk's rules: 1.2_rc1 is before 1.2, 1.2_p1 and 1.2a after it, and then 1.2-r0."""
    left, right = _key(one), _key(other)
    return (left > right) - (left < right)


def _key(version: str) -> Tuple[object, ...]:
    parts = _PARTS.match(version)
    if parts is None:
        return (), "", (), version
    numbers, letter, suffixes, release = parts.groups()
    first, *rest = numbers.split(".")
    ranked = [(_SUFFIXES.index(word) if word in _SUFFIXES else len(_SUFFIXES), int(number or 0))
              for word, number in re.findall(r"_([a-z]+)([0-9]*)", suffixes)]
    return ((int(first), 0), *map(_number, rest)), letter, (*ranked, _NONE), int(release or -1)


def _number(digits: str) -> Tuple[int, int]:
    """One that begins with 0 is a fraction: 1.01 is before 1.1, and 1.001 before that."""
    zeros = len(digits) - len(digits.lstrip("0"))
    return (-zeros, int(digits[zeros:] or -1)) if zeros else (int(digits), 0)
