"""package_hold: a package is held at its version, or not."""
from __future__ import annotations

from typing import Any, ClassVar, Dict, List, Optional, Sequence, Tuple

from holdfast_host import Change, Declared, Field, Identity, Record, Refused, Resource, arg, checks, packages
from holdfast_host.packages import LEFT, Installed, Provider


class Observed(Record):
    """installed: None: it is not there. provider: who keeps the packages of this host."""

    installed: Optional[Installed]
    provider: str


class PackageHold(Resource):
    """A package is held: it is neither upgraded nor removed until it is released. `package` refuses to change what is
    held. By apt it is a mark (apt-mark), by dnf a line of the plugin versionlock, which has to be there, by zypper a
    lock, by apk a version in /etc/apk/world. dnf and apk do not keep others from removing what is held."""

    named: ClassVar[str] = "name"
    example: ClassVar[str] = """
        - package_hold: postgresql-15
    """

    name: str = arg(doc="The package's name, perhaps with an architecture.", check=checks.package)
    provider: Optional[str] = arg(None, choices=tuple(packages.PROVIDERS), doc="Which package manager keeps it. "
                                  "Default: the one of the family that the host's system belongs to.")
    state: str = arg("present", choices=("present", "absent"), doc="Whether it is held. `absent` releases it.")

    def check(self) -> None:
        packages.named(self.provider or "apt").check_name(self.name)

    def check_for(self, provider: Provider) -> None:
        """Raises Refused for what this provider cannot hold on this host."""
        provider.check_name(self.name)
        provider.check_holds()

    def provides(self) -> Sequence[Identity]:
        return (("package_hold", self.name),)

    def wants(self) -> Sequence[Identity]:
        return (("package", self.name),) if self.state == "present" else ()

    def observe(self) -> Observed:
        found = self.observe_many([self])[0]
        if isinstance(found, Refused):
            raise found
        observed: Observed = found
        return observed

    @classmethod
    def observe_many(cls, resources: Sequence[Any]) -> List[Any]:
        return packages.ask(resources, _seen_by)

    def diff(self, observed: Observed) -> Optional[Change]:
        now, wanted = observed.installed, self.state == "present"
        if wanted and (now is None or now.status == LEFT):
            raise Refused("name", "`%s` is not installed on this host" % self.name, "declare it as a `package` first")
        is_held = now is not None and now.held
        if is_held == wanted:
            return None
        return Change("hold" if wanted else "release", (Field("held", is_held, wanted),), payload=observed.provider)

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        own = {} if self.provider is None else {"provider": self.provider}
        return (("package_hold", {"name": self.name, **own, "state": "absent" if self.state == "present" else
                                  "present"}),)

    def converge(self, change: Change) -> None:
        self.converge_many([(self, change)])

    @staticmethod
    def converge_many(changes: Sequence[Tuple[Any, Change]]) -> None:
        """One call for those to be held, one for those to be released."""
        together: Dict[Tuple[str, bool], List[str]] = {}
        for resource, change in changes:
            together.setdefault((change.payload, resource.state == "present"), []).append(resource.name)
        for (provider, held), names in together.items():
            packages.named(provider).hold(names, held)


def _seen_by(provider: Provider, resources: Sequence[PackageHold]) -> List[Observed]:
    known = provider.installed([resource.name for resource in resources])
    return [Observed(known.get(resource.name), provider.name) for resource in resources]
