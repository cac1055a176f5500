"""From where, and how, this machine gets Debian packages: the lab does as the machine's own apt does."""

from __future__ import annotations

from urllib.parse import urlsplit

from .process import run
from .recipe import DEFAULT_MIRROR, SUITE

_KINDS = {"http", "https", "file"}
_SETTINGS = (
    "Acquire::http::",
    "Acquire::https::",
    "Acquire::Check-Valid-Until",
    "Acquire::Check-Date",
    "Acquire::Retries",
)


def find() -> str:
    """The mirror that the machine's apt uses for Debian, the lab's suite first; the ordinary one if it has none."""
    rows = run(
        "apt-get",
        "indextargets",
        "--format",
        "$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN) $(LABEL)",
        "Created-By: Packages",
        check=False,
    ).stdout.splitlines()
    return chosen(rows)


def chosen(rows: list[str]) -> str:
    """The mirror in rows of `URI release component origin label`, as apt lists what it has fetched."""
    fit = [
        (release != SUITE, uri.rstrip("/"))
        for uri, release, component, *about in (row.split(" ") for row in rows if row.count(" ") >= 4)
        if component == "main" and about == ["Debian", "Debian"] and urlsplit(uri).scheme in _KINDS
    ]
    return min(fit, default=(True, DEFAULT_MIRROR))[1]


def network_settings() -> str:
    """The machine's own apt settings for reaching mirrors (proxies, certificates, dates), in apt's own format."""
    dump = run("apt-config", "dump", check=False).stdout
    return "".join(f"{line}\n" for line in dump.splitlines() if line.startswith(_SETTINGS))


def proxy_environment() -> dict[str, str]:
    """The proxy of the machine's apt, as environment for debootstrap, which does not read apt's settings."""
    found = {}
    for scheme in ("http", "https"):
        value = run("apt-config", "shell", "PROXY", f"Acquire::{scheme}::Proxy", check=False).stdout
        _, _, url = value.strip().partition("=")
        if url.strip("'"):
            found[f"{scheme}_proxy"] = url.strip("'")
    return found
