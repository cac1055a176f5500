"""What is fetched over HTTP: how it is declared, and where it is kept until all of it has come. `fetching` fetches it,
and is imported only then: what it needs of the standard library takes longer than most runs."""
from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import Mapping

from .errors import Refused
from .record import Record

SUFFIX = ".holdfast-part"
ALGORITHMS = {"sha256": 64, "sha384": 96, "sha512": 128}  # hex digits of each


class Source(Record):
    """What is asked for. checksum: "sha256:…", "" to take what comes. proxy: an address, "": as the environment says.
    ca: a file with the certificates that are trusted, "": the host's. timeout_s: how long the server may be silent."""

    url: str
    checksum: str = ""
    headers: Mapping[str, str] = {}
    proxy: str = ""
    verify: bool = True
    ca: str = ""
    timeout_s: float = 30.0


def url(text: str) -> None:
    """Raises Refused for what is no address of HTTP, or holds a password."""
    match = re.match(r"https?://([^\s/?#]+)([/?]\S*)?\Z", text)
    if match is None:
        raise Refused("", "is not an address of http or https", "as https://example.org/app.tar.gz")
    if "@" in match.group(1):
        raise Refused("", "holds a user or a password, which would be seen in reports",
                      "use `username` and `password`, or `headers`")


def checksum(text: str) -> None:
    """Raises Refused for what is no checksum that can be relied upon."""
    name, colon, digits = text.partition(":")
    if colon and name in ALGORITHMS and re.match(r"[0-9a-f]{%d}\Z" % ALGORITHMS[name], digits):
        return
    if name in ("md5", "sha1"):
        raise Refused("", "is made by %s: files can be forged that have the same" % name, "use sha256:…")
    lengths = {length: word for word, length in ALGORITHMS.items()}
    plain = re.match(r"(?:[a-z0-9]+:)?([0-9a-fA-F]+)\Z", text)
    mend = "write sha256: and its 64 hex digits"
    if plain and len(plain.group(1)) in lengths:
        mend = "write %s:%s" % (lengths[len(plain.group(1))], plain.group(1).lower())
    raise Refused("", "is not a checksum", mend)


def version(text: str) -> None:
    """Raises Refused for what is not one version."""
    if re.search(r"[<>=*?\[\s]", text) or not text:
        raise Refused("", "`%s` is no version, and an archive holds just one" % text, 'write it out: "1.2.0"')


def part_of(path: str, checksum: str) -> str:
    """Where what comes for a path is kept meanwhile."""
    folder, name = os.path.split(path)
    return os.path.join(folder, ".%s.%s%s" % (name[:200], checksum[-8:] or "0", SUFFIX))


def drop_parts(path: str) -> None:
    """Removes what earlier attempts have left beside a path, of whatever checksum."""
    folder, name = os.path.split(path)
    pattern = re.compile(r"\.%s\.[0-9a-f]{1,8}%s\Z" % (re.escape(name[:200]), re.escape(SUFFIX)))
    with suppress(OSError):
        for one in os.listdir(folder):
            if pattern.match(one):
                os.unlink(os.path.join(folder, one))
