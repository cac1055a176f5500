"""package_hold: a Debian package is held at its version, or not."""
from __future__ import annotations

from typing import Any, ClassVar, Dict, List, Optional, Sequence, Tuple

from holdfast_host import Change, Declared, Field, Identity, Refused, Resource, arg, checks, dpkg, process


class PackageHold(Resource):
    """A Debian package is held: apt neither upgrades nor removes it until it is released. `package` refuses to change
    what is held."""

    named: ClassVar[str] = "name"
    example: ClassVar[str] = """
        - package_hold: postgresql-15
    """

    name: str = arg(doc="The package's name, perhaps with an architecture.", check=checks.package)
    state: str = arg("present", choices=("present", "absent"), doc="Whether it is held. `absent` releases it.")

    def provides(self) -> Sequence[Identity]:
        return (("package_hold", self.name),)

    def wants(self) -> Sequence[Identity]:
        return (("package", self.name),) if self.state == "present" else ()

    def observe(self) -> Optional[dpkg.Installed]:
        found: Optional[dpkg.Installed] = self.observe_many([self])[0]
        return found

    @classmethod
    def observe_many(cls, resources: Sequence[Any]) -> List[Any]:
        known = dpkg.installed([resource.name for resource in resources])
        return [known.get(resource.name) for resource in resources]

    def diff(self, observed: Optional[dpkg.Installed]) -> Optional[Change]:
        is_there = observed is not None and observed.status not in ("not-installed", "config-files")
        if self.state == "present" and not is_there:
            raise Refused("name", "`%s` is not installed on this host" % self.name, "declare it as a `package` first")
        is_held = observed is not None and observed.want == "hold"
        wanted = self.state == "present"
        return None if is_held == wanted else Change("hold" if wanted else "release", (Field("held", is_held, wanted),))

    def undo(self, observed: Optional[dpkg.Installed], change: Change) -> Optional[Sequence[Declared]]:
        return (("package_hold", {"name": self.name, "state": "absent" if self.state == "present" else "present"}),)

    def converge(self, change: Change) -> None:
        self.converge_many([(self, change)])

    @staticmethod
    def converge_many(changes: Sequence[Tuple[Any, Change]]) -> None:
        """One call for those to be held, one for those to be released."""
        together: Dict[str, List[str]] = {}
        for resource, _ in changes:
            together.setdefault("hold" if resource.state == "present" else "unhold", []).append(resource.name)
        for verb, names in together.items():
            process.run(["apt-mark", verb, "--", *names]).must("cannot %s packages" % verb)
