"""Public keys of OpenPGP, as far as a package manager's keyring needs them: taken out of ASCII armor, told apart, and
named by their fingerprints. Read with nothing but the standard library; no signature is checked here."""
from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Iterator, List, Optional, Sequence, Tuple

from .errors import Refused
from .record import Record

LIMIT = 1024 * 1024  # bytes of a keyring
_BLOCK = re.compile(rb"^-----BEGIN PGP ([A-Z ,0-9/]+)-----[ \t]*$(.*?)^-----END PGP \1-----[ \t]*$", re.M | re.S)
_PRIMARY, _SECRETS = 6, (5, 7)
_IN_A_KEY = (2, 10, 12, 13, 14, 17, 21)  # signature, marker, trust, user id, subkey, picture, padding
_USER = 13


class Key(Record):
    """One public key. fingerprint: of its primary part, capital hex digits. user: whose it says that it is. data: all
    packets of it."""

    fingerprint: str
    user: str
    data: bytes


def keys(data: bytes) -> List[Key]:
    """The public keys in a keyring, armored or not. Raises Refused (without an argument) for what is none."""
    if len(data) > LIMIT:
        raise Refused("", "is larger than a keyring is", "give the keys of this repository alone")
    found: List[Key] = []
    for tag, whole, body in _packets(dearmored(data)):
        if tag in _SECRETS:
            raise Refused("", "holds a secret key", "give the public one: `gpg --armor --export`; and treat the secret "
                          "one as known to others")
        if tag == _PRIMARY:
            found.append(Key(_fingerprint(body), "", whole))
        elif not found or tag not in _IN_A_KEY:
            raise Refused("", "is no public key of OpenPGP", "`gpg --armor --export` makes one")
        else:
            user = body.decode("utf-8", "replace") if tag == _USER and not found[-1].user else found[-1].user
            found[-1] = Key(found[-1].fingerprint, user, found[-1].data + whole)
    if not found:
        raise Refused("", "holds no key", "`gpg --armor --export` makes one")
    return found


def dearmored(data: bytes) -> bytes:
    """The packets, whether they came in ASCII armor or as they are. Raises Refused for armor that is damaged, or around
    something else."""
    if data[:1] >= b"\x80":
        return data
    if data[8:12] == b"KBXf":
        raise Refused("", "is a keybox of GnuPG, which package managers do not read", "`gpg --armor --export` makes a "
                      "key of it")
    blocks = _BLOCK.findall(data.replace(b"\r\n", b"\n"))
    if not blocks:
        raise Refused("", "is no public key of OpenPGP", "it begins with `-----BEGIN PGP PUBLIC KEY BLOCK-----`; was "
                      "a page of the web saved in its place?" if b"<html" in data[:2000].lower() else
                      "it begins with `-----BEGIN PGP PUBLIC KEY BLOCK-----`, and has its END")
    made = b""
    for kind, body in blocks:
        if b"PRIVATE" in kind:
            raise Refused("", "holds a secret key", "give the public one: `gpg --armor --export`; and treat the secret "
                          "one as known to others")
        if kind != b"PUBLIC KEY BLOCK":
            raise Refused("", "is armor around something else than a public key", "`gpg --armor --export` makes one")
        made += _unwrapped(body)
    return made


def armored(data: bytes) -> bytes:
    """A key in ASCII armor."""
    text = base64.b64encode(data)
    rows = [text[at:at + 64] for at in range(0, len(text), 64)]
    return b"\n".join([b"-----BEGIN PGP PUBLIC KEY BLOCK-----", b"", *rows,
                       b"=" + base64.b64encode(_crc24(data).to_bytes(3, "big")),
                       b"-----END PGP PUBLIC KEY BLOCK-----", b""])


def _unwrapped(body: bytes) -> bytes:
    """The packets of one block; its headers end at the first empty line."""
    rows = [row.strip() for row in body.strip(b"\n").split(b"\n")]
    start = rows.index(b"") + 1 if b"" in rows and all(b":" in row for row in rows[:rows.index(b"")]) else 0
    text = [row for row in rows[start:] if row]
    check = text.pop() if text and re.match(rb"=[A-Za-z0-9+/]{4}\Z", text[-1]) else b""
    try:
        data = base64.b64decode(b"".join(text), validate=True)
    except binascii.Error:
        raise Refused("", "is damaged: it is no base64", "copy it anew, all lines of it") from None
    if check and base64.b64decode(check[1:]) != _crc24(data).to_bytes(3, "big"):
        raise Refused("", "is damaged: its checksum is another", "copy it anew, all lines of it")
    return data


def _crc24(data: bytes) -> int:
    crc = 0xB704CE
    for byte in data:
        crc ^= byte << 16
        for _ in range(8):
            crc = crc << 1 ^ (0x1864CFB if crc & 0x800000 else 0)
    return crc & 0xFFFFFF


def _packets(data: bytes) -> Iterator[Tuple[int, bytes, bytes]]:
    """(tag, the whole packet, its body). Raises Refused where the bytes are none."""
    at = 0
    while at < len(data):
        tag, start, size = _header(data, at)
        if tag == 0 or start + size > len(data):
            raise Refused("", "is damaged, or is no public key of OpenPGP", "`gpg --armor --export` makes one")
        yield tag, data[at:start + size], data[start:start + size]
        at = start + size


def _header(data: bytes, at: int) -> Tuple[int, int, int]:
    """(tag, where the body begins, its length); tag 0: that is no packet of a key."""
    first, following = data[at], data[at + 1:at + 6].ljust(5, b"\0")
    if first & 0xC0 == 0xC0:  # the format of RFC 4880; lengths in parts are for data, not for keys
        if following[0] < 192:
            return first & 0x3F, at + 2, following[0]
        if following[0] < 224:
            return first & 0x3F, at + 3, (following[0] - 192 << 8) + following[1] + 192
        return (first & 0x3F if following[0] == 255 else 0), at + 6, int.from_bytes(following[1:5], "big")
    if first & 0x80 and first & 3 < 3:
        octets = 1 << (first & 3)
        return first >> 2 & 0x0F, at + 1 + octets, int.from_bytes(following[:octets], "big")
    return 0, at, 0


def _fingerprint(body: bytes) -> str:
    """Of the packet of a primary key, by the rule of its version."""
    version, size = body[:1], len(body)
    if version == b"\4" and size < 1 << 16:
        text = b"\x99" + size.to_bytes(2, "big") + body
        return hashlib.sha1(text).hexdigest().upper()  # noqa: S324  # what a fingerprint of version 4 is
    if version in (b"\5", b"\6"):
        mark = b"\x9a" if version == b"\5" else b"\x9b"
        return hashlib.sha256(mark + size.to_bytes(4, "big") + body).hexdigest().upper()
    raise Refused("", "holds a key of a version that is not trusted any more", "ask its owner for a newer one")


def fingerprint(text: str) -> str:
    """A fingerprint as people write it, in capital hex digits without blanks. Raises Refused for anything shorter:
    keys can be made that have a given id."""
    plain = re.sub(r"\s|:|\A0[xX]", "", text).upper()
    if re.match(r"([0-9A-F]{40}|[0-9A-F]{64})\Z", plain):
        return plain
    if re.match(r"([0-9A-F]{8}|[0-9A-F]{16}|[0-9A-F]{32})\Z", plain):
        raise Refused("", "`%s` is the id of a key, which others can have too" % text, "give all 40 digits of its "
                      "fingerprint: `gpg --show-keys --with-fingerprint FILE`")
    raise Refused("", "`%s` is no fingerprint" % text, "40 hex digits, as `gpg --show-keys --with-fingerprint` shows")


def keyring(argument: str, data: bytes, fingerprints: Sequence[str]) -> bytes:
    """The keyring that these keys make, without armor. Raises Refused, naming the argument that gave them, for what is
    no key, and when the keys are not exactly those of the fingerprints (when there are any)."""
    try:
        found = keys(data)
    except Refused as refused:
        raise Refused(argument, refused.what, refused.mend) from None
    wanted, there = {fingerprint(text) for text in fingerprints}, {key.fingerprint: key.user for key in found}
    other = [one for one in there if one not in wanted]
    if wanted and other:
        raise Refused(argument, "has a key that is not in `fingerprints`: %s (%s)" % (other[0], there[other[0]]),
                      "ask its owner which is right, by another way")
    if wanted - set(there):
        raise Refused(argument, "lacks the key %s" % min(wanted - set(there)),
                      "give it too, or leave it out of `fingerprints`")
    return b"".join(key.data for key in found)


def told(ring: Optional[bytes]) -> Optional[str]:
    """The keys of a keyring in words; None: there is no keyring."""
    if ring is None:
        return None
    try:
        found = ", ".join("%s (%s)" % (key.fingerprint, key.user) for key in keys(ring))
    except Refused:
        found = "no keys"
    return "%s, SHA-256 %s…" % (found, hashlib.sha256(ring).hexdigest()[:12])
