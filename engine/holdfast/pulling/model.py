"""From where a project is pulled, and what was fetched."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from holdfast.problems import Problem, Problems

FORMS = "write git+ssh://…, git+https://…, https://….tar.gz or a folder"


@dataclass(frozen=True, slots=True)
class Source:
    """address: a URL for git or for an archive, or a path. branch: of git, or a tag there; "": what its HEAD is."""

    kind: Literal["git", "archive", "folder"]
    address: str
    branch: str = ""
    text: str = ""

    @property
    def scheme(self) -> str:
        """By what it is fetched: ssh, https, file."""
        return urlsplit(self.address).scheme

    @property
    def shown(self) -> str:
        """As a person writes it."""
        return f"git+{self.address}" + (f"#{self.branch}" if self.branch else "") if self.kind == "git" else \
            self.address


def source(text: str) -> Source:
    """What a person wrote behind --from. Raises Problems."""
    scheme, _, rest = text.partition("://")
    login = rest.partition("/")[0].rpartition("@")[0]
    if ":" in login or (login and scheme.endswith("https")):
        raise Problems([Problem(f"a login stands in an address of {scheme}://, where all can read it", None,
                                "put it into ~/.netrc of the user who pulls, or pull by SSH with a key")])
    if scheme in ("git+ssh", "git+https", "git+file"):
        address, _, branch = text.removeprefix("git+").partition("#")
        if branch.startswith("-") or not _is_address(address):
            raise Problems([Problem(f"`{text}` is no address of a git repository", None, FORMS)])
        return Source("git", address, branch, text)
    if scheme == "https" and text.endswith((".tar.gz", ".tgz")) and _is_address(text):
        return Source("archive", text, text=text)
    if "://" in text:
        raise Problems([Problem(f"nothing is fetched from `{scheme}://`, or not this", None, FORMS)])
    return Source("folder", str(Path(text).resolve()), text=text)


def _is_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return bool(parts.path.strip("/")) and (parts.scheme == "file" or bool(parts.hostname)) and not (
        parts.hostname or "").startswith("-")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A copy of the project. revision: what it is called: a commit, or a number; digest: of its content, "" for git.
    signer: whose signature was verified, "": nobody's; signed: the tag of git that it is of, "": the commit's own."""

    folder: Path
    revision: str
    digest: str = ""
    signer: str = ""
    signed: str = ""


class NotFetched(Exception):
    """The source could not be reached: what was fetched last still counts."""
