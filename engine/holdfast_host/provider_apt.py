"""Debian's packages, by apt and dpkg."""
from __future__ import annotations

import os
import re
from typing import Any, ClassVar, Dict, List, Optional, Sequence, Tuple

from . import apt, dpkg, process, versions
from .errors import Refused
from .packages import INSTALLED, Installed, Offer, Provider, Step


class Apt(Provider):
    """All installations are one transaction, with the removals; purges are another, and so are those with another
    `recommends`."""

    name: ClassVar[str] = "apt"
    fetching: ClassVar[str] = "apt-get update"
    listing: ClassVar[str] = "apt-cache policy"

    def check_name(self, name: str) -> None:
        if not re.match(r"[a-z0-9][a-z0-9+.-]+(:[a-z0-9-]+)?\Z", name):
            raise Refused("name", "`%s` is not a package's name" % name,
                          "small letters, digits and + - .; a version goes in `version`; on hosts with rpm packages "
                          "say `provider: dnf` or `provider: zypper`")

    def fits(self, version: str, wanted: str) -> bool:
        return versions.matches(version, wanted, versions.compare)

    def compare(self, one: str, other: str) -> int:
        return versions.compare(one, other)

    def installed(self, names: Sequence[str]) -> Dict[str, Installed]:
        return {name: Installed(one.version, INSTALLED if one.status in dpkg.INSTALLED else one.status,
                                one.want == "hold", one.essential, leaves=one.leaves)
                for name, one in dpkg.installed(names).items() if one.status != "not-installed"}

    def offered(self, names: Sequence[str]) -> Dict[str, Offer]:
        asked = apt.ask(["apt-cache", "-q=0", "policy", "--", *names])
        policies = parse_policy(asked.must("cannot ask apt what it offers").stdout)
        found: Dict[str, Offer] = {}
        for name in names:
            offer = policies.get(name) or policies.get(name.partition(":")[0]) or Offer()
            if offer.candidate is None:
                providers = _providers(name)
                offer = Offer(None, offer.versions, providers, () if providers else _near(name))
            found[name] = offer
        return found

    def lists_age_s(self) -> Optional[float]:
        return apt.lists_age_s()

    def would_remove(self, steps: Sequence[Step], frees: bool = False) -> List[str]:
        options = ["--auto-remove"] if frees else []
        done = apt.ask([*apt.GET, "--simulate", "--allow-downgrades", *options, "install", "--", *map(_spec, steps)])
        return re.findall(r"^(?:Remv|Purg) ([^ :]+)", done.stdout, re.M) if done.code == 0 else []

    def would_bring(self, steps: Sequence[Step]) -> Dict[str, str]:
        found: Dict[str, str] = {}
        for words, specs in transactions(steps):
            done = apt.ask([*apt.GET, "--simulate", *words, "--", *specs])
            found.update(parse_brought(done.stdout) if done.code == 0 else {})
        return found

    def unneeded(self) -> List[str]:
        return self.would_remove((), frees=True)

    def refresh(self, wait_s: float) -> None:
        apt.get(["update", "-o", "APT::Update::Error-Mode=any"], wait_s)  # else a source that is away is a warning only
        os.utime(apt.LISTS)  # apt leaves it alone when everything was up to date

    def carry_out(self, steps: Sequence[Step], wait_s: float) -> None:
        for words, specs in transactions(steps):
            apt.get([*words, "--", *specs], wait_s)

    def hold(self, names: Sequence[str], held: bool) -> None:
        verb = "hold" if held else "unhold"
        process.run(["apt-mark", verb, "--", *names]).must("cannot %s packages" % verb)


PROVIDER = Apt()


def _spec(step: Step) -> str:
    """`nginx=1.2`, `nginx-` (remove)."""
    if step.removes:
        return step.name + "-"
    return "%s=%s" % (step.name, step.version) if step.version else step.name


def transactions(steps: Sequence[Step]) -> List[Tuple[List[str], List[str]]]:
    """For each call of apt-get: its words, and the packages with what becomes of them. Removals go with the first, so
    that one package can take another's place."""
    kinds: Dict[Any, List[Step]] = {}
    removals: List[Step] = []
    for step in steps:
        if step.purge:
            kinds.setdefault("purge", []).append(step)
        elif step.removes:
            removals.append(step)
        else:
            kinds.setdefault(step.recommends, []).append(step)
    if removals:
        first = next((kind for kind in kinds if kind != "purge"), None)
        kinds[first] = [*kinds.get(first, []), *removals]
    found = []
    for kind in sorted(kinds, key=lambda kind: kind == "purge"):
        words = ["purge"] if kind == "purge" else ["install"]
        if kind is not None and kind != "purge":
            words.append("--install-recommends" if kind else "--no-install-recommends")
        if any(step.downgrade for step in kinds[kind]):
            words.append("--allow-downgrades")
        specs = [spec for step in kinds[kind]
                 for spec in (step.name if step.purge else _spec(step), *(name + "-" for name in step.freed))]
        found.append((words, specs))
    return found


def parse_brought(text: str) -> Dict[str, str]:
    """What a simulation of apt-get installs, with versions: `Inst zsh-common [5.8] (5.9-4 Debian:12 [all])`."""
    return dict(re.findall(r"^Inst (\S+)(?: \[[^\]]*\])? \((\S+)", text, re.M))


def parse_policy(text: str) -> Dict[str, Offer]:
    """What `apt-cache policy` prints, by package."""
    found: Dict[str, Offer] = {}
    for block in re.split(r"^(?=\S)", text, flags=re.M):
        name, _, rest = block.partition(":\n")
        candidate = re.search(r"^  Candidate: (\S+)", rest, re.M)
        if candidate is not None:
            listed = re.findall(r"^ (?:\*\*\*|   ) (\S+)", rest, re.M)
            found[name] = Offer(None if candidate.group(1) == "(none)" else candidate.group(1), tuple(listed))
    return found


def _providers(name: str) -> Tuple[str, ...]:
    text = apt.ask(["apt-cache", "showpkg", "--", name]).stdout.partition("Reverse Provides:")[2]
    return tuple(sorted({row.split(" ")[0] for row in text.splitlines() if row.strip()}))


def _near(name: str) -> Tuple[str, ...]:
    import difflib

    known = apt.ask(["apt-cache", "pkgnames", "--", name[:2]]).stdout.split()
    return tuple(difflib.get_close_matches(name, known, 3, 0.6))
