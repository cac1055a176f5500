"""Packages, whichever manager keeps them: what may be asked of one, in words that are the same for all of them, and
which one a host has. Each manager is a file: provider_apt, provider_dnf, provider_zypper, provider_apk."""
from __future__ import annotations

import importlib
import os
from typing import Any, Callable, ClassVar, Dict, List, Mapping, Optional, Sequence, Tuple

from . import os_release, process
from .errors import Refused
from .record import Record

PROVIDERS = {"apt": "debian", "dnf": "redhat", "zypper": "suse", "apk": "alpine"}  # and the family whose own it is
PROGRAMS = {"apt": "apt-get", "dnf": "dnf", "zypper": "zypper", "apk": "apk"}
INSTALLED, LEFT = "installed", "config-files"


class Installed(Record):
    """A package that is on a host. status: INSTALLED; LEFT: only its configuration files are; else what the manager
    calls a package that is there by half. held: it is to stay at this version. besides: other versions of it that are
    kept at the same time, as kernels are. leaves: when it is removed and not purged, LEFT is what it is then."""

    version: str
    status: str = INSTALLED
    held: bool = False
    essential: bool = False
    besides: Tuple[str, ...] = ()
    leaves: bool = False


class Offer(Record):
    """What the package lists offer. candidate: what would be installed if no version were asked for. versions: newest
    first, with the installed one. providers: packages that stand in for a name that is none itself. near: names like
    it, for one that nobody knows."""

    candidate: Optional[str] = None
    versions: Tuple[str, ...] = ()
    providers: Tuple[str, ...] = ()
    near: Tuple[str, ...] = ()


class Step(Record):
    """What becomes of one package. version: None: whichever there is, or it goes. refresh: the lists are to be fetched
    before. freed: packages that are to go with it."""

    name: str
    provider: str = "apt"
    version: Optional[str] = None
    removes: bool = False
    purge: bool = False
    refresh: bool = False
    downgrade: bool = False
    recommends: Optional[bool] = None
    freed: Tuple[str, ...] = ()


class Provider:
    """One package manager. It holds nothing: what it says is read from the host each time."""

    name: ClassVar[str]
    fetching: ClassVar[str]  # the command by which its lists are fetched, as a reader is told of it
    listing: ClassVar[str]  # and the one that shows what is on offer
    lacks: ClassVar[Mapping[str, Tuple[str, str]]] = {}  # arguments of `package` that say nothing to it: what, mend

    # -- words ---------------------------------------------------------------------------------------------------------

    def check_name(self, name: str) -> None:
        """Raises Refused for what is no package's name here."""
        raise NotImplementedError

    def fits(self, version: str, wanted: str) -> bool:
        """Whether a version is the one that is asked for, or fits that pattern or range."""
        raise NotImplementedError

    def compare(self, one: str, other: str) -> int:
        """-1, 0 or 1: which version is the newer."""
        raise NotImplementedError

    # -- looking -------------------------------------------------------------------------------------------------------

    def installed(self, names: Sequence[str]) -> Dict[str, Installed]:
        """Those of these names that are there, at least in part. Raises Refused on a host that has no such packages."""
        raise NotImplementedError

    def offered(self, names: Sequence[str]) -> Dict[str, Offer]:
        """What the lists offer under each of these names. Raises Failed."""
        raise NotImplementedError

    def lists_age_s(self) -> Optional[float]:
        """Seconds since the package lists were fetched; None: there are none, or not of every repository."""
        raise NotImplementedError

    def would_remove(self, steps: Sequence[Step], frees: bool = False) -> List[str]:
        """Which packages would go if these steps were taken together, with `frees` also those that nothing needs any
        more then; none where the manager would refuse, which it then says itself."""
        raise NotImplementedError

    def would_bring(self, steps: Sequence[Step]) -> Dict[str, str]:
        """Which packages, with their versions, would be there anew if these steps were taken together, those of the
        steps included; none where that cannot be foretold."""
        return {}

    def unneeded(self) -> List[str]:
        """What was installed for other packages, and nothing needs now, where the manager lets such stay."""
        return []

    # -- doing ---------------------------------------------------------------------------------------------------------

    def refresh(self, wait_s: float) -> None:
        """Fetches the package lists. Raises Failed."""
        raise NotImplementedError

    def carry_out(self, steps: Sequence[Step], wait_s: float) -> None:
        """Takes these steps in as few transactions as there can be. Raises Failed."""
        raise NotImplementedError

    def check_holds(self) -> None:
        """Raises Refused on a host where nothing can be held."""

    def hold(self, names: Sequence[str], held: bool) -> None:
        """Holds these at their versions, or releases them. Raises Failed."""
        raise NotImplementedError


def named(name: str) -> Provider:
    """The provider of this name, whatever host this is."""
    module = importlib.import_module("%s.provider_%s" % (__package__, name))
    found: Provider = module.PROVIDER
    return found


def of_host(name: Optional[str] = None) -> Provider:
    """The provider that packages of this host are kept by: the one that is asked for, or else the one of the family to
    which its system belongs, whatever else is installed. Raises Refused."""
    there = [one for one in PROVIDERS if process.which(PROGRAMS[one]) is not None]
    if name is None:
        family = os_release.of_host()
        own = [one for one, whose in PROVIDERS.items() if whose == family]
        if not (own or there):
            raise Refused("", "this host has none of %s" % ", ".join(PROVIDERS), "these are what `package` knows")
        if not own and len(there) > 1:
            raise Refused("provider", "is not said, and this host (of the family %s) has %s" % (
                family, " and ".join(there)), "say which: `provider: %s`" % there[0])
        name = (own or there)[0]
    if name not in there and not (name == "apt" and os.path.exists("/var/lib/dpkg/status")):
        raise Refused("provider", "this host has no %s" % name, "it has %s" % " and ".join(
            "`%s`" % one for one in there) if there else "")
    return named(name)


def ask(resources: Sequence[Any], question: Callable[[Provider, Sequence[Any]], Sequence[Any]]) -> List[Any]:
    """The answer to each resource, in their order: one question for all that one provider keeps. Those that no provider
    of this host keeps, or that it refuses, have a Refused in its place."""
    found: Dict[int, Any] = {}
    together: Dict[str, List[int]] = {}
    chosen: Dict[Optional[str], Provider] = {}  # the host is looked at once, not for each
    for number, resource in enumerate(resources):
        try:
            if resource.provider not in chosen:
                chosen[resource.provider] = of_host(resource.provider)
            resource.check_for(chosen[resource.provider])
            together.setdefault(chosen[resource.provider].name, []).append(number)
        except Refused as refused:
            found[number] = refused
    for name, numbers in together.items():
        found.update(zip(numbers, question(named(name), [resources[n] for n in numbers])))
    return [found[number] for number in range(len(resources))]


def age_s(paths: Sequence[str]) -> Optional[float]:
    """Seconds since the last of these files was written; None: there are none."""
    import time

    times = [os.stat(path).st_mtime for path in paths if os.path.exists(path)]
    return max(0.0, time.time() - max(times)) if times else None
