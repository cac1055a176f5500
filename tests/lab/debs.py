"""The tiny Debian packages whose every file and behaviour the tests know beforehand, as data."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from . import debs_service


@dataclass(frozen=True)
class Deb:
    """One version of one package, for all architectures."""

    name: str
    version: str
    summary: str
    depends: str = ""
    files: dict[str, str] = field(default_factory=dict)  # absolute path to content; below /usr/bin it is executable
    scripts: dict[str, str] = field(default_factory=dict)  # maintainer scripts: postinst and the like
    conffiles: tuple[str, ...] = ()

    @property
    def file_name(self) -> str:
        """As it is called in a repository."""
        return f"{self.name}_{self.version}_all.deb"

    def as_data(self) -> dict[str, Any]:
        """All that makes this package what it is."""
        return asdict(self)


def _hello(version: str) -> Deb:
    return Deb(
        "holdfast-hello",
        version,
        "says which version it is",
        files={"/usr/bin/holdfast-hello": f"#!/bin/sh\necho 'hello {version}'\n"},
    )


def _service(version: str, greeting: str) -> Deb:
    return Deb(
        "holdfast-svc",
        version,
        "a service that shows with which configuration it was started",
        files={
            debs_service.CONFFILE: f"GREETING={greeting}\n",
            "/usr/bin/holdfast-svc": debs_service.PROGRAM,
            "/lib/systemd/system/holdfast-svc.service": debs_service.UNIT,
        },
        scripts={"postinst": debs_service.POSTINST, "prerm": debs_service.PRERM, "postrm": debs_service.POSTRM},
        conffiles=(debs_service.CONFFILE,),
    )


DEBS: tuple[Deb, ...] = (
    _hello("1.0"),
    _hello("1.1"),
    _hello("2.0"),
    Deb("holdfast-lib", "1.0", "what holdfast-app needs", files={"/usr/share/holdfast-lib/version": "1.0\n"}),
    Deb(
        "holdfast-app",
        "1.0",
        "depends on holdfast-lib",
        depends="holdfast-lib (>= 1.0)",
        files={"/usr/bin/holdfast-app": "#!/bin/sh\nexec cat /usr/share/holdfast-lib/version\n"},
    ),
    _service("1.0", "hello"),
    _service("1.1", "hello-again"),
    Deb(
        "holdfast-slow",
        "1.0",
        "takes 8 seconds to configure",
        files={"/usr/share/holdfast-slow/version": "1.0\n"},
        scripts={"postinst": "#!/bin/sh\nset -e\nsleep 8\n"},
    ),
    Deb(
        "holdfast-broken",
        "1.0",
        "cannot be configured",
        files={"/usr/share/holdfast-broken/version": "1.0\n"},
        scripts={"postinst": "#!/bin/sh\necho 'holdfast-broken: this postinst always fails' >&2\nexit 3\n"},
    ),
)
"""All of them. `apt-get install NAME` takes the highest version; earlier ones are asked for as `NAME=1.0`."""
