"""What the arguments of a repository may be, each by itself. Each check raises Refused."""
from __future__ import annotations

import re
from typing import Sequence

from . import openpgp
from .errors import Refused

URI = re.compile(r"([a-z][a-z0-9+]*):(/\S*|\S+/\S*)\Z")


def name(text: str) -> None:
    """What a file may be called that a package manager reads."""
    if not re.match(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}\Z", text):
        raise Refused("", "`%s` cannot be the name of a file for a package manager" % text, "letters, digits and . _ -")


def uris(uris: Sequence[str]) -> None:
    """Addresses, of any scheme, without a login."""
    for uri in uris:
        if not URI.match(uri):
            raise Refused("", "`%s` is not an address" % uri, "as https://packages.example.org/debian")
        if re.match(r"[^/]*//[^/]*@", uri):
            raise Refused("", "an address holds a login, and everybody on the host can read this file",
                          "for apt put it into a `file` below /etc/apt/auth.conf.d; see apt_auth.conf(5)")


def words(words: Sequence[str]) -> None:
    """Single words."""
    for word in words:
        if not re.match(r"[^\s#\[\]]+\Z", word):
            raise Refused("", "`%s` is not one word" % word, "write a list: [main, contrib]")


def types(words: Sequence[str]) -> None:
    """deb and deb-src."""
    for word in words:
        if word not in ("deb", "deb-src"):
            raise Refused("", "is a list of deb and deb-src, not `%s`" % word, "write [deb]")


def key(text: str) -> None:
    """A public key in armor."""
    openpgp.keys(text.encode("utf-8", "surrogateescape"))


def url(text: str) -> None:
    """An address of the web."""
    if not re.match(r"https?://[^\s/@]+/\S*\Z", text):
        raise Refused("", "`%s` is not an address" % text, "as https://packages.example.org/key.asc")


def fingerprints(texts: Sequence[str]) -> None:
    """Whole fingerprints."""
    for text in texts:
        openpgp.fingerprint(text)


def sha256(text: str) -> None:
    """A digest."""
    if not re.match(r"[0-9a-f]{64}\Z", text):
        raise Refused("", "`%s` is no SHA-256" % text, "64 small hex digits, as sha256sum prints them")


def seconds(number: int) -> None:
    """From 0."""
    if number < 0:
        raise Refused("", "is a number of seconds from 0, not %d" % number, "write a number in that range")
