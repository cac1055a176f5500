"""Fetching an archive or a folder into a folder of our own. What comes in is looked at only after it is there, and
bounded."""
from __future__ import annotations

import base64
import hashlib
import http.client
import netrc
import shutil
import tarfile
import time
import urllib.error
import urllib.request
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from holdfast.problems import Problem, Problems
from holdfast.pulling import manifest
from holdfast.pulling.model import NotFetched, Source
from holdfast.threads import started
from holdfast_host import unpacking
from holdfast_host.errors import Failed

PATIENCE_S = 60.0  # for each step
WHOLE_S = 600.0
PIECE = 1 << 20


def fetch(source: Source, to: Path) -> None:
    """A copy of the source. Raises NotFetched, Problems."""
    if source.kind == "archive":
        unpack(_download(source, to.with_suffix(".tar.gz")), to, "make it with `holdfast sign --archive`",
               has_links=False)
    else:
        _copy(Path(source.address), to)


def _download(source: Source, to: Path) -> Path:
    found: list[Problems] = []

    def work() -> None:
        try:
            _receive(source, to, time.monotonic() + WHOLE_S)
        except Problems as problems:
            found.append(problems)

    try:
        started(work, "holdfast-fetch").result(WHOLE_S)
    except TimeoutError:
        raise NotFetched(f"{source.shown}: it takes too long") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise NotFetched(f"{source.shown}: {getattr(error, 'reason', error)}") from None
    if found:
        raise found[0]
    return to


def _receive(source: Source, to: Path, last: float) -> None:
    request = urllib.request.Request(source.address)  # noqa: S310  # https only
    known = _login(urlsplit(source.address).hostname or "")
    if known:
        request.add_unredirected_header("Authorization", known)
    with urllib.request.build_opener(_OnlyHttps).open(request, timeout=PATIENCE_S) as answer, to.open("wb") as stream:
        size = 0
        while piece := answer.read1(PIECE):
            size += len(piece)
            if size > manifest.MOST_BYTES:
                raise Problems([Problem(f"{source.shown} is larger than {manifest.MOST_BYTES >> 20} MiB", None,
                                        "keep large contents elsewhere")])
            if time.monotonic() > last:
                raise TimeoutError
            stream.write(piece)
        whole = answer.headers.get("Content-Length", "")
        if whole.isdecimal() and int(whole) != size:
            raise OSError(f"it was cut off after {size} of {whole} bytes")


class _OnlyHttps(urllib.request.HTTPRedirectHandler):
    """Who is sent on stays where servers are known by their certificates."""

    def redirect_request(self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any,
                         newurl: str) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme != "https":
            fp.close()
            raise urllib.error.URLError(f"it sends on to {newurl}, and only https is fetched from")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _login(host: str) -> str:
    """What ~/.netrc has for a host, as git and curl take it; "": nothing."""
    try:
        found = netrc.netrc().authenticators(host)
    except (OSError, netrc.NetrcParseError):
        return ""
    return "Basic " + base64.b64encode(f"{found[0]}:{found[2]}".encode()).decode() if found else ""


def unpack(path: Path, to: Path, mend: str, *, has_links: bool) -> None:
    """A tar, into a new folder. mend: what to do when it holds what it may not; has_links: links that stay inside are
    let through. Raises Problems."""
    size = 0
    try:
        with tarfile.open(path) as archive:  # first, as what is not bounded takes for ever to look through
            for count, member in enumerate(archive):
                size += member.size
                if count >= 2 * manifest.MOST_FILES or size > manifest.MOST_BYTES:
                    raise Problems([Problem("what was fetched holds too much", None, "keep large contents elsewhere")])
                if not (member.isreg() or member.isdir() or (has_links and member.issym())):
                    raise Problems([Problem(f"`{member.name}` in what was fetched is no regular file", None, mend)])
        to.mkdir()
        whole = unpacking.Archive(str(path))
        try:
            unpacking.unpack(whole, str(to), -1, -1)
        finally:
            whole.close()
    except (tarfile.TarError, EOFError, OSError, zlib.error, Failed) as error:
        raise Problems([Problem(f"what was fetched is no archive of a project: {error}", None, mend)]) from None


def _copy(folder: Path, to: Path) -> None:
    if not folder.is_dir():
        raise NotFetched(f"there is no folder {folder}")
    if not any(folder.iterdir()):  # as where something would be mounted
        raise NotFetched(f"the folder {folder} is empty")
    try:
        shutil.copytree(folder, to, symlinks=True, ignore=lambda top, names: [
            name for name in names if (Path(top) == folder and name in (".git", ".holdfast")) or name == "__pycache__"])
    except (OSError, shutil.Error) as error:
        raise NotFetched(f"{folder} cannot be copied: {error}") from None


def digest(made: manifest.Manifest) -> str:
    """Of a project's content, whatever its revision."""
    return hashlib.sha256(manifest.Manifest(0, made.files).to_bytes()).hexdigest()
