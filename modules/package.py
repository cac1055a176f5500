"""package: packages are installed, in the version asked for, or are not; by the package manager of the host."""
from __future__ import annotations

import re
from typing import Any, ClassVar, Dict, List, Optional, Sequence, Tuple, Union

from holdfast_host import (
    Change,
    Declared,
    Failed,
    Field,
    Identity,
    Outputs,
    Record,
    Refused,
    Resource,
    ahead,
    arg,
    checks,
    packages,
    versions,
)
from holdfast_host.packages import INSTALLED, LEFT, Installed, Offer, Provider, Step
from holdfast_host.record import with_fields

ALSO = "also removes"
GONE: Tuple[Installed, ...] = ()


def _version(text: str) -> None:
    if text[:1] in "<>=":
        versions.read(text)
    elif not re.match(r"[A-Za-z0-9.+:~^_*?\[\]!-]+\Z", text):
        raise Refused("", "`%s` is not a version" % text, "as the package manager prints it, perhaps with `*`: "
                      "\"1.2.*\"; or a range: \">= 1.2, < 2\"")


def _seconds(number: int) -> None:
    if number < 0:
        raise Refused("", "is a number of seconds from 0, not %d" % number, "write a number in that range")


class Observed(Record):
    """provider: who keeps the packages of this host. offer: None when nothing is to be chosen from it. lists_age_s:
    seconds since the package lists were fetched, None: there are none; only with an offer. leaving: other packages that
    would be removed with this one or for it, but those of which a resource says so itself. freed: with `autoremove`,
    those that nothing needs any more then. later: what packages that are changed after this one will find (GONE, or
    what is there), by name."""

    installed: Optional[Installed]
    provider: str = "apt"
    offer: Optional[Offer] = None
    lists_age_s: Optional[float] = None
    leaving: Tuple[str, ...] = ()
    freed: Tuple[str, ...] = ()
    later: Tuple[Tuple[str, Tuple[Installed, ...]], ...] = ()


class Package(Resource):
    """A package is installed, or is not: by apt, dnf, zypper or apk, whichever is the host's own. All packages of a
    document that stand together are one transaction; by dnf and apk two, where some go and others come."""

    name: str = arg(doc="The package's name, perhaps with an architecture: `libc6:i386`, `glibc:i686`.",
                    check=checks.package)
    provider: Optional[str] = arg(default=None, choices=tuple(packages.PROVIDERS), doc="Which package manager keeps "
                                  "it. Default: the one of the family that the host's system belongs to (facts "
                                  "`os.family`), whatever else is installed there.")
    state: str = arg(default="present", choices=("present", "absent", "latest", "purged"), doc="present: some version, "
                     "or `version`; latest: the newest that the lists offer; absent: removed; purged: with its "
                     "configuration files (of rpm packages those that rpm keeps as .rpmsave).")
    version: Optional[str] = arg(default=None, check=_version, doc="Exactly this version, one that fits a pattern "
                                 "(\"1.2.*\"), or one in a range (\">= 1.2, < 2\"). An installed version that fits is "
                                 "kept. By all but apt the release may be left out: \"1.2\" is any 1.2-3.")
    allow_downgrade: bool = arg(default=False, doc="Go back to an older version where that is asked for.")
    autoremove: bool = arg(default=False, doc="With `state: absent`: remove also what was installed for it and "
                           "nothing else needs. apk always does.")
    recommends: Optional[bool] = arg(default=None, doc="Install recommended packages too; default: as the "
                                     "package manager is configured on the host. apk knows none.")
    refresh_s: Optional[int] = arg(default=None, check=_seconds, doc="Before something is installed, fetch the package "
                                   "lists if they are older than so many seconds; default: only if there are none.")
    lock_wait_s: int = arg(default=300, check=_seconds, doc="How many seconds to wait while another program holds "
                           "the package manager's lock.")

    gives: ClassVar[Tuple[str, ...]] = ("version",)
    told_in_state: ClassVar[Tuple[str, ...]] = ("version",)
    named: ClassVar[str] = "name"
    barrier: ClassVar[bool] = True
    example: ClassVar[str] = """
        - package: nginx
          state: present
          version: "1.22.*"
    """

    def check(self) -> None:
        self.check_for(packages.named(self.provider or "apt"))
        if self.version and self.state in ("absent", "purged"):
            raise Refused("version", "says nothing with `state: %s`" % self.state, "leave it out")
        if self.autoremove and self.state != "absent":
            raise Refused("autoremove", "goes with `state: absent`", "leave it out")
        if self.version and self.state == "latest" and self._is_exact():
            raise Refused("state", "is latest, but `version` names one", "leave one of them out")

    def check_for(self, provider: Provider) -> None:
        """Raises Refused for what this provider does not know."""
        provider.check_name(self.name)
        for name, (what, mend) in provider.lacks.items():
            if getattr(self, name) != self._args_[name].default:
                raise Refused(name, what, mend)

    def provides(self) -> Sequence[Identity]:
        return (("package", self.name),)

    def wants(self) -> Sequence[Identity]:
        return () if self.is_removal() else (("package_lists", "host"),)

    def is_provisional(self, observed: Observed) -> bool:
        return self.state == "latest" and self.diff(observed) is None  # a repository before it may have a newer one

    # -- looking -----------------------------------------------------------------------------------------------------

    def observe(self) -> Observed:
        found = self.observe_many([self])[0]
        if isinstance(found, Refused):
            raise found
        observed: Observed = found
        return observed

    @classmethod
    def observe_many(cls, resources: Sequence[Any]) -> List[Any]:
        return packages.ask(resources, _seen_by)

    def _asks(self, provider: Provider, now: Optional[Installed]) -> bool:
        """Whether a version is to be chosen, so that the lists have to be read."""
        if self.state in ("absent", "purged"):
            return False
        return self.state == "latest" or now is None or now.status != INSTALLED or not self._is_met(provider, now)

    def _is_met(self, provider: Provider, now: Installed) -> bool:
        return any(self._fits(provider, version) for version in (now.version, *now.besides))

    def _fits(self, provider: Provider, version: str) -> bool:
        return self.version is None or provider.fits(version, self.version)

    def _is_exact(self) -> bool:
        return self.version is not None and not re.search(r"[*?\[<>=]", self.version)

    # -- deciding ----------------------------------------------------------------------------------------------------

    def diff(self, observed: Observed) -> Optional[Change]:
        now = observed.installed
        if self.state in ("absent", "purged"):
            change = self._removal(observed)
        elif observed.offer is None:
            change = None
        elif self._is_stale(observed):
            change = self._unpredicted(observed)
        else:
            change = self._installation(observed, observed.offer)
        if change is not None and observed.later:
            change = with_fields(change, later={("package", name): found for name, found in observed.later})
        if change is not None and now is not None and now.held:
            raise Refused("name", "`%s` is held at %s on this host" % (self.name, now.version),
                          "release it first: `package_hold: %s` with `state: absent`" % self.name)
        return change

    def _removal(self, observed: Observed) -> Optional[Change]:
        purge, now = self.state == "purged", observed.installed
        if now is None or (now.status == LEFT and not purge):
            return None
        if now.essential:
            raise Refused("state", "`%s` is essential: the host does not live without it" % self.name)
        before = LEFT if now.status == LEFT else now.version
        after = LEFT if now.leaves and not purge else None
        fields = (Field("version", before, after), *_also_removed(observed.leaving, observed.freed))
        return Change("purge" if purge else "remove", fields, payload=Step(
            self.name, observed.provider, removes=True, purge=purge, freed=observed.freed))

    def _is_stale(self, observed: Observed) -> bool:
        age = observed.lists_age_s
        return age is None or (self.refresh_s is not None and age > self.refresh_s)

    def _unpredicted(self, observed: Observed) -> Change:
        """The lists have to be fetched first: what they will offer is not known."""
        after = self.version if self._is_exact() else \
            "the newest after %s" % packages.named(observed.provider).fetching
        before = _version_of(observed.installed)
        return Change("install" if before is None else "upgrade", (Field("version", before, after),), {},
                      Step(self.name, observed.provider, refresh=True), unsure=self._is_right_by_old_lists(observed))

    def _is_right_by_old_lists(self, observed: Observed) -> bool:
        try:
            return observed.offer is not None and self._installation(observed, observed.offer) is None
        except Refused:
            return False

    def _installation(self, observed: Observed, offer: Offer) -> Optional[Change]:
        provider, now = packages.named(observed.provider), observed.installed
        before, after = _version_of(now), self._chosen(provider, offer)
        if after == before:
            return None
        is_older = before is not None and provider.compare(after, before) < 0
        if is_older and not self.allow_downgrade:
            raise Refused("version", "`%s` would go back from %s to %s" % (self.name, before, after),
                          "say `allow_downgrade: true`")
        fields = [Field("version", before, after)]
        action = "install" if before is None else "downgrade" if is_older else "upgrade"
        if now is not None and before is None and now.status != LEFT:
            fields.append(Field("status", now.status, INSTALLED))
            action = "repair"
        return Change(action, (*fields, *_also_removed(observed.leaving)), payload=Step(
            self.name, observed.provider, after, downgrade=is_older, recommends=self.recommends))

    def _chosen(self, provider: Provider, offer: Offer) -> str:
        if offer.candidate is None:
            if offer.providers:
                raise Refused("name", "`%s` is no package itself, several provide it" % self.name,
                              "name one of them: %s" % ", ".join(offer.providers[:8]))
            raise Refused("name", "there is no package `%s` in this host's lists" % self.name,
                          "did you mean %s?" % " or ".join("`%s`" % name for name in offer.near) if offer.near else
                          "see `%s`; `refresh_s` fetches lists that are old" % provider.listing)
        for version in (offer.candidate, *offer.versions):
            if self._fits(provider, version):
                return version
        raise Refused("version", "no version `%s` of %s is on offer" % (self.version, self.name),
                      "choose one of %s" % ", ".join(offer.versions[:8]))

    def remaining(self, change: Change, observed: Observed) -> Optional[Change]:
        if change.payload.refresh and observed.offer is not None and observed.lists_age_s is not None:
            # the lists were fetched a moment ago
            return self._installation(with_fields(observed, leaving=()), observed.offer)
        return self.diff(observed)

    def came_to_nothing(self, change: Change, observed: Observed) -> bool:
        return bool(change.fields[0].before == _version_of(observed.installed))

    # -- doing -------------------------------------------------------------------------------------------------------

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        now = observed.installed
        own: Dict[str, Any] = {} if self.provider is None else {"provider": self.provider}
        if change.payload.purge:
            raise Failed("its configuration files are removed")
        if now is None or now.status == LEFT:
            return (("package", {"name": self.name, **own, "state": "absent", "autoremove": True}),)
        if now.status != INSTALLED:
            raise Failed("it was installed by half")
        provider = packages.named(observed.provider)
        gone = [name for field in change.fields if field.name == ALSO for name in field.before]
        known = {**provider.installed(gone), self.name: now}
        if "recommends" not in provider.lacks:
            own["recommends"] = False
        return [("package", {"name": name, **own, "version": known[name].version, "allow_downgrade": True})
                for name in (self.name, *gone) if name in known]

    def converge(self, change: Change) -> None:
        self.converge_many([(self, change)])

    @staticmethod
    def converge_many(changes: Sequence[Tuple[Any, Change]]) -> None:
        wait_s = max(resource.lock_wait_s for resource, _ in changes)
        together: Dict[str, List[Tuple[Any, Step]]] = {}
        for resource, change in changes:
            together.setdefault(change.payload.provider, []).append((resource, change.payload))
        for name, asked in together.items():
            provider = packages.named(name)
            steps = [step for _, step in asked if not step.refresh]
            blind = [resource for resource, step in asked if step.refresh]
            if blind:
                provider.refresh(wait_s)
            found = [_now_chosen(one, seen) for one, seen in zip(blind, _seen_by(provider, blind))]  # noqa: B905
            provider.carry_out([*steps, *(one for one in found if isinstance(one, Step))], wait_s)
            for one in found:
                if isinstance(one, Refused):
                    raise one  # the others have had theirs

    def outputs(self, observed: Observed) -> Outputs:
        return {"version": _version_of(observed.installed)}


def _now_chosen(resource: Package, observed: Observed) -> Union[Step, Refused, None]:
    """What is to be done with fresh lists by one that could not be predicted without them."""
    try:
        change = resource._installation(observed, observed.offer or Offer())
    except Refused as refused:
        return refused
    step: Optional[Step] = change.payload if change is not None else None
    return step


def _version_of(now: Optional[Installed]) -> Optional[str]:
    return now.version if now is not None and now.status == INSTALLED else None


def _also_removed(leaving: Sequence[str], freed: Sequence[str] = ()) -> Tuple[Field, ...]:
    names = sorted({*leaving, *freed})
    return (Field(ALSO, names, None),) if names else ()


def _seen_by(provider: Provider, resources: Sequence[Package]) -> List[Observed]:
    """What one package manager says of those that are its own."""
    known = _as_planned(provider.installed([resource.name for resource in resources]), resources)
    asking = [r.name for r in resources if r._asks(provider, known.get(r.name))]
    offers = provider.offered(asking) if asking else {}
    age = provider.lists_age_s() if asking else None
    found = [Observed(known.get(r.name), provider.name, offers.get(r.name), age) for r in resources]
    return _with_leaving(provider, resources, found)


def _as_planned(known: Dict[str, Installed], resources: Sequence[Package]) -> Dict[str, Installed]:
    """With what changes before these will have brought or taken, where a plan has foretold it."""
    planned = {r.name: ahead.later(("package", r.name)) for r in resources}
    brought = {name: found[0] for name, found in planned.items() if found}
    return {**{name: one for name, one in known.items() if planned[name] is None}, **brought}


def _with_leaving(provider: Provider, resources: Sequence[Package], found: Sequence[Observed]) -> List[Observed]:
    """Adds what else each change would remove: asked once for all installations, and for each removal."""
    steps: Dict[int, Step] = {}
    for number, (resource, observed) in enumerate(zip(resources, found)):  # noqa: B905  # Python 3.8
        try:
            change = resource.diff(observed)
        except Refused:
            change = None  # it will be told in its turn
        if change is not None and not change.payload.refresh:
            steps[number] = change.payload
    declared = {resource.name.partition(":")[0] for resource in resources if resource.is_removal()}
    installs = [number for number, step in steps.items() if not step.removes]
    asks = [number for number, step in steps.items() if step.removes]
    if installs and set(provider.would_remove([steps[number] for number in installs])) - declared:
        asks += installs
    gone = {number: {name for name in provider.would_remove([steps[number]])
                     if ahead.later(("package", name)) != GONE} for number in asks}
    leaving = {number: sorted(names - declared) for number, names in gone.items()}
    made = [with_fields(observed, leaving=tuple(leaving[number])) if leaving.get(number) else observed
            for number, observed in enumerate(found)]
    last = max((resource.first_beside for resource in resources), default=0)
    for number, names in gone.items():
        if steps[number].removes and resources[number].first_beside < last:
            made[number] = with_fields(made[number], later=tuple((name, GONE) for name in sorted(names)))
    for together in _groups(resources, installs):
        if resources[together[0]].first_beside < last:
            brought = provider.would_bring([steps[number] for number in together]).items()
            made[together[0]] = with_fields(made[together[0]], later=tuple(
                (name, (Installed(version),)) for name, version in brought))
    takers = [number for number in steps if resources[number].autoremove]
    if takers:  # what two have in common is freed by both, and told of one
        freed = set(provider.would_remove([steps[number] for number in takers], frees=True))
        freed -= {*provider.unneeded(), *(resource.name.partition(":")[0] for resource in resources)}
        made[takers[0]] = with_fields(made[takers[0]], freed=tuple(sorted(freed)))
    return made


def _groups(resources: Sequence[Package], numbers: Sequence[int]) -> List[List[int]]:
    """Those that are changed together."""
    found: Dict[int, List[int]] = {}
    for number in numbers:
        found.setdefault(resources[number].first_beside, []).append(number)
    return list(found.values())
