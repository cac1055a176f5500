"""package: Debian packages are installed, in the version asked for, or are not; by apt."""
from __future__ import annotations

import os
import re
from typing import Any, ClassVar, Dict, List, Optional, Sequence, Tuple

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
    apt,
    arg,
    checks,
    dpkg,
    process,
    versions,
)
from holdfast_host.record import with_fields

ALSO = "also removes"
UNPREDICTED = "the newest after apt-get update"

def _version(text: str) -> None:
    if text[:1] in "<>=":
        versions.read(text)
    elif not re.match(r"[A-Za-z0-9.+:~*?\[\]!-]+\Z", text):
        raise Refused("", "`%s` is not a version" % text, "as apt-cache policy prints it, perhaps with `*`: "
                      "\"1.2.*\"; or a range: \">= 1.2, < 2\"")


def _seconds(number: int) -> None:
    if number < 0:
        raise Refused("", "is a number of seconds from 0, not %d" % number)


class Offer(Record):
    """What the package lists offer. versions: newest first, with the installed one. providers: packages that stand in
    for a name that is none itself. near: names like it, for one that nobody knows."""

    candidate: Optional[str] = None
    versions: Tuple[str, ...] = ()
    providers: Tuple[str, ...] = ()
    near: Tuple[str, ...] = ()


class Observed(Record):
    """offer: None when nothing is to be chosen from it. lists_age_s: seconds since the package lists were fetched,
    None: there are none; only with an offer. leaving: other packages that apt would remove with this one or for it,
    but those of which a resource says so itself. freed: with `autoremove`, those that nothing needs any more then."""

    installed: Optional[dpkg.Installed]
    offer: Optional[Offer] = None
    lists_age_s: Optional[float] = None
    leaving: Tuple[str, ...] = ()
    freed: Tuple[str, ...] = ()


class Step(Record):
    """What apt is told: `nginx=1.2`, `nginx-` (remove). freed: packages that are to go with it."""

    spec: str
    refresh: bool = False
    downgrade: bool = False
    purge: bool = False
    freed: Tuple[str, ...] = ()


class Package(Resource):
    """A Debian package is installed, or is not. All packages of a document that stand together are one transaction."""

    name: str = arg(doc="The package's name, perhaps with an architecture: `libc6:i386`.", check=checks.package)
    state: str = arg(default="present", choices=("present", "absent", "latest", "purged"), doc="present: some version, "
                     "or `version`; latest: the newest that the lists offer; absent: removed; purged: with its "
                     "configuration files.")
    version: Optional[str] = arg(default=None, check=_version, doc="Exactly this version, one that fits a pattern "
                                 "(\"1.2.*\"), or one in a range (\">= 1.2, < 2\"). An installed version that fits is "
                                 "kept.")
    allow_downgrade: bool = arg(default=False, doc="Go back to an older version where that is asked for.")
    autoremove: bool = arg(default=False, doc="With `state: absent`: remove also what apt had installed for it "
                           "and nothing else needs.")
    recommends: Optional[bool] = arg(default=None, doc="Install recommended packages too; default: as apt is "
                                     "configured on the host.")
    refresh_s: Optional[int] = arg(default=None, check=_seconds, doc="Before something is installed, fetch the package "
                                   "lists if they are older than so many seconds; default: only if there are none.")
    lock_wait_s: int = arg(default=300, check=_seconds, doc="How many seconds to wait while another program holds "
                           "apt's lock.")

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
        if self.version and self.state in ("absent", "purged"):
            raise Refused("version", "says nothing with `state: %s`" % self.state, "leave it out")
        if self.autoremove and self.state != "absent":
            raise Refused("autoremove", "goes with `state: absent`", "leave it out")
        if self.version and self.state == "latest" and self._is_exact():
            raise Refused("state", "is latest, but `version` names one", "leave one of them out")

    def provides(self) -> Sequence[Identity]:
        return (("package", self.name),)

    def wants(self) -> Sequence[Identity]:
        return () if self.is_removal() else (("package_lists", "apt"),)

    def is_provisional(self, observed: Observed) -> bool:
        return self.state == "latest" and self.diff(observed) is None  # a repository before it may have a newer one

    # -- looking -----------------------------------------------------------------------------------------------------

    def observe(self) -> Observed:
        observed: Observed = self.observe_many([self])[0]
        return observed

    @classmethod
    def observe_many(cls, resources: Sequence[Any]) -> List[Any]:
        known = dpkg.installed([resource.name for resource in resources])
        asking = [r.name for r in resources if r._asks(known.get(r.name))]
        offers = offered(asking) if asking else {}
        age = apt.lists_age_s() if asking else None
        found = [Observed(known.get(r.name), offers.get(r.name), age) for r in resources]
        return _with_leaving(resources, found)

    def _asks(self, now: Optional[dpkg.Installed]) -> bool:
        """Whether a version is to be chosen, so that the lists have to be read."""
        if self.state in ("absent", "purged"):
            return False
        return self.state == "latest" or now is None or now.status not in dpkg.INSTALLED or not self._fits(now.version)

    def _fits(self, version: str) -> bool:
        if self.version is None:
            return True
        if self.version[0] in "<>=":
            return versions.fits(version, versions.read(self.version))
        import fnmatch

        return fnmatch.fnmatchcase(version, self.version)

    def _is_exact(self) -> bool:
        return self.version is not None and not re.search(r"[*?\[<>=]", self.version)

    # -- deciding ----------------------------------------------------------------------------------------------------

    def diff(self, observed: Observed) -> Optional[Change]:
        now = observed.installed
        if self.state in ("absent", "purged"):
            change = self._removal(now, observed.leaving, observed.freed)
        elif observed.offer is None:
            change = None
        elif self._is_stale(observed):
            change = self._unpredicted(now)
        else:
            change = self._installation(now, observed.offer, observed.leaving)
        if change is not None and now is not None and now.want == "hold":
            raise Refused("name", "`%s` is held at %s on this host" % (self.name, now.version),
                          "release it first: `package_hold: %s` with `state: absent`" % self.name)
        return change

    def _removal(self, now: Optional[dpkg.Installed], leaving: Sequence[str],
                 freed: Tuple[str, ...]) -> Optional[Change]:
        purge = self.state == "purged"
        if now is None or now.status == "not-installed" or (now.status == "config-files" and not purge):
            return None
        if now.essential:
            raise Refused("state", "`%s` is essential: the host does not live without it" % self.name)
        before = "config-files" if now.status == "config-files" else now.version
        return Change("purge" if purge else "remove", (Field("version", before, None), *_also_removed(leaving, freed)),
                      payload=Step(self.name if purge else self.name + "-", purge=purge, freed=freed))

    def _is_stale(self, observed: Observed) -> bool:
        age = observed.lists_age_s
        return age is None or (self.refresh_s is not None and age > self.refresh_s)

    def _unpredicted(self, now: Optional[dpkg.Installed]) -> Change:
        """The lists have to be fetched first: what they will offer is not known."""
        after = self.version if self._is_exact() else UNPREDICTED
        before = now.version if now and now.status in dpkg.INSTALLED else None
        named = self.version is not None and self.version[0] not in "<>="
        return Change("install" if before is None else "upgrade", (Field("version", before, after),),
                      payload=Step("%s=%s" % (self.name, self.version) if named else self.name, refresh=True,
                                   downgrade=self.allow_downgrade))

    def _installation(self, now: Optional[dpkg.Installed], offer: Offer, leaving: Sequence[str]) -> Optional[Change]:
        before = now.version if now and now.status in dpkg.INSTALLED else None
        after = self._chosen(offer)
        if after == before:
            return None
        is_older = before in offer.versions and offer.versions.index(after) > offer.versions.index(before)
        if is_older and not self.allow_downgrade:
            raise Refused("version", "`%s` would go back from %s to %s" % (self.name, before, after),
                          "say `allow_downgrade: true`")
        fields = [Field("version", before, after)]
        action = "install" if before is None else "downgrade" if is_older else "upgrade"
        if now is not None and before is None and now.status not in ("not-installed", "config-files"):
            fields.append(Field("status", now.status, "installed"))
            action = "repair"
        step = Step("%s=%s" % (self.name, after), downgrade=is_older)
        return Change(action, (*fields, *_also_removed(leaving)), payload=step)

    def _chosen(self, offer: Offer) -> str:
        if offer.candidate is None:
            if offer.providers:
                raise Refused("name", "`%s` is no package itself, several provide it" % self.name,
                              "name one of them: %s" % ", ".join(offer.providers[:8]))
            raise Refused("name", "there is no package `%s` in this host's lists" % self.name,
                          "did you mean %s?" % " or ".join("`%s`" % name for name in offer.near) if offer.near else
                          "see `apt-cache policy`; `refresh_s` fetches lists that are old")
        if self.version is None:
            return offer.candidate
        if self._fits(offer.candidate):
            return offer.candidate
        for version in offer.versions:
            if self._fits(version):
                return version
        raise Refused("version", "no version `%s` of %s is on offer" % (self.version, self.name),
                      "choose one of %s" % ", ".join(offer.versions[:8]))

    def remaining(self, change: Change, observed: Observed) -> Optional[Change]:
        if change.payload.refresh and observed.offer is not None and observed.lists_age_s is not None:
            return self._installation(observed.installed, observed.offer, ())  # the lists were fetched a moment ago
        return self.diff(observed)

    # -- doing -------------------------------------------------------------------------------------------------------

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        now = observed.installed
        if change.payload.purge:
            raise Failed("its configuration files are removed")
        if now is None or now.status in ("not-installed", "config-files"):
            return (("package", {"name": self.name, "state": "absent", "autoremove": True}),)
        if now.status not in dpkg.INSTALLED:
            raise Failed("it was installed by half")
        gone = [name for field in change.fields if field.name == ALSO for name in field.before]
        known = {**dpkg.installed(gone), self.name: now}
        return [("package", {"name": name, "version": known[name].version, "allow_downgrade": True,
                             "recommends": False}) for name in (self.name, *gone) if name in known]

    def converge(self, change: Change) -> None:
        self.converge_many([(self, change)])

    @staticmethod
    def converge_many(changes: Sequence[Tuple[Any, Change]]) -> None:
        """As few transactions as there are kinds: one, but for purges and for another `recommends`."""
        wait_s = max(resource.lock_wait_s for resource, _ in changes)
        if any(change.payload.refresh for _, change in changes):
            apt.get(["update"], wait_s)
            os.utime(apt.LISTS)  # apt leaves it alone when everything was up to date
        for words, specs in transactions(changes):
            apt.get([*words, "--", *specs], wait_s)

    def outputs(self, observed: Observed) -> Outputs:
        now = observed.installed
        return {"version": now.version if now and now.status in dpkg.INSTALLED else None}


def _also_removed(leaving: Sequence[str], freed: Sequence[str] = ()) -> Tuple[Field, ...]:
    names = sorted({*leaving, *freed})
    return (Field(ALSO, names, None),) if names else ()


def _with_leaving(resources: Sequence[Package], found: Sequence[Observed]) -> List[Observed]:
    """Adds what else each change would remove: apt is asked, once for all installations and for each removal."""
    specs: Dict[int, str] = {}
    for number, (resource, observed) in enumerate(zip(resources, found)):  # noqa: B905  # Python 3.8
        try:
            change = resource.diff(observed)
        except Refused:
            change = None  # it will be told in its turn
        if change is not None and not change.payload.refresh:
            specs[number] = change.payload.spec if not change.payload.purge else change.payload.spec + "-"
    declared = {resource.name.partition(":")[0] for resource in resources if resource.is_removal()}
    installs = [number for number, spec in specs.items() if not spec.endswith("-")]
    asks = [number for number, spec in specs.items() if spec.endswith("-")]
    if installs and set(would_remove([specs[number] for number in installs])) - declared:
        asks += installs
    leaving = {number: sorted(set(would_remove([specs[number]])) - declared) for number in asks}
    made = [with_fields(observed, leaving=tuple(leaving[number])) if leaving.get(number) else observed
            for number, observed in enumerate(found)]
    takers = [number for number in specs if resources[number].autoremove]
    if takers:  # what two have in common is freed by both, and told of one
        freed = set(would_remove([specs[number] for number in takers], "--auto-remove")) - set(unneeded())
        freed -= {resource.name.partition(":")[0] for resource in resources}
        made[takers[0]] = with_fields(made[takers[0]], freed=tuple(sorted(freed)))
    return made


def unneeded() -> List[str]:
    """What apt had installed for other packages, and nothing needs now."""
    return would_remove((), "--auto-remove")


def would_remove(specs: Sequence[str], *options: str) -> List[str]:
    """Which packages apt would remove to bring this about; none when it would refuse, which it then says itself."""
    done = process.run([*apt.GET, "--simulate", "--allow-downgrades", *options, "install", "--", *specs],
                       env=apt.QUIET)
    return re.findall(r"^(?:Remv|Purg) ([^ :]+)", done.stdout, re.M) if done.code == 0 else []


def transactions(changes: Sequence[Tuple[Package, Change]]) -> List[Tuple[List[str], List[str]]]:
    """For each call of apt-get: its words, and the packages with what becomes of them. Removals go with the first, so
    that one package can take another's place."""
    kinds: Dict[Any, List[Step]] = {}
    removals: List[Step] = []
    for resource, change in changes:
        step: Step = change.payload
        if step.purge:
            kinds.setdefault("purge", []).append(step)
        elif step.spec.endswith("-") and change.action == "remove":
            removals.append(step)
        else:
            kinds.setdefault(resource.recommends, []).append(step)
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
        found.append((words, [spec for step in kinds[kind] for spec in (step.spec, *(n + "-" for n in step.freed))]))
    return found


# -- what apt says ----------------------------------------------------------------------------------------------------


def offered(names: Sequence[str]) -> Dict[str, Offer]:
    """What apt's lists offer under these names, all in one question. Raises Failed."""
    asked = process.run(["apt-cache", "-q=0", "policy", "--", *names])
    policies = parse_policy(asked.must("cannot ask apt what it offers").stdout)
    found: Dict[str, Offer] = {}
    for name in names:
        offer = policies.get(name) or policies.get(name.partition(":")[0]) or Offer()
        if offer.candidate is None:
            providers = _providers(name)
            offer = Offer(None, offer.versions, providers, () if providers else _near(name))
        found[name] = offer
    return found


def parse_policy(text: str) -> Dict[str, Offer]:
    """What `apt-cache policy` prints, by package."""
    found: Dict[str, Offer] = {}
    for block in re.split(r"^(?=\S)", text, flags=re.M):
        name, _, rest = block.partition(":\n")
        candidate = re.search(r"^  Candidate: (\S+)", rest, re.M)
        if candidate is not None:
            versions = re.findall(r"^ (?:\*\*\*|   ) (\S+)", rest, re.M)
            found[name] = Offer(None if candidate.group(1) == "(none)" else candidate.group(1), tuple(versions))
    return found


def _providers(name: str) -> Tuple[str, ...]:
    text = process.run(["apt-cache", "showpkg", "--", name]).stdout.partition("Reverse Provides:")[2]
    return tuple(sorted({row.split(" ")[0] for row in text.splitlines() if row.strip()}))


def _near(name: str) -> Tuple[str, ...]:
    import difflib

    known = process.run(["apt-cache", "pkgnames", "--", name[:2]]).stdout.split()
    return tuple(difflib.get_close_matches(name, known, 3, 0.6))
