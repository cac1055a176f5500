"""Hashes, of data and of passwords."""
from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Callable
from typing import Any

from holdfast.compiler.faults import Misused

_ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ROUNDS = {"sha512": 656_000, "sha256": 535_000}  # Ansible's, by way of passlib
MOST_ROUNDS = 1_000_000  # of a password; about a second, and it is done again for each run
_NAMESPACE = "361e6d51-faec-444a-9079-341386da8e2e"  # Ansible's, so that to_uuid gives the same
# Which bytes of the digest make up each group of four characters (U. Drepper, "Unix crypt using SHA-256/512").
_ORDER_256 = ((0, 10, 20), (21, 1, 11), (12, 22, 2), (3, 13, 23), (24, 4, 14), (15, 25, 5), (6, 16, 26), (27, 7, 17),
              (18, 28, 8), (9, 19, 29))
_ORDER_512 = tuple(((i * 22) % 63, (i * 22 + 21) % 63, (i * 22 + 42) % 63) for i in range(21))


def digest(value: Any, algorithm: str = "sha1") -> str:
    """The hash of a text, in hex. algorithm: md5, sha1, sha256, sha512 …"""
    if algorithm not in hashlib.algorithms_guaranteed or algorithm.startswith("shake"):
        raise Misused(f"there is no hash `{algorithm}`", "md5, sha1, sha256, sha512")
    return hashlib.new(algorithm, _bytes(value), usedforsecurity=False).hexdigest()


def _bytes(value: Any) -> bytes:
    return str(value).encode("utf-8", "surrogateescape")


def to_uuid(value: Any) -> str:
    """A UUID made from a text: the same each time."""
    import uuid  # noqa: PLC0415  # few templates need it, and it costs a start several milliseconds

    return str(uuid.uuid5(uuid.UUID(_NAMESPACE), str(value)))


def password_hash(value: Any, hashtype: str = "sha512", salt: str = "", salt_size: int | None = None,
                  rounds: int | None = None) -> str:
    """A password as /etc/shadow keeps it. hashtype: sha512, sha256. salt: has to be given, as with a new one each time
    the password would change in every run. rounds: as many as Ansible takes, if it is not said."""
    if hashtype not in ("sha256", "sha512"):
        raise Misused(f"there is no password hash `{hashtype}` here", "sha512 or sha256")
    if salt_size is not None or not re.fullmatch(r"[./0-9A-Za-z]{1,16}", salt):
        raise Misused("`password_hash` needs a salt of 1 to 16 letters and digits",
                      "without a fixed one every run would change it: `| password_hash('sha512', salt)`")
    rounds = _ROUNDS[hashtype] if rounds is None else rounds
    if not 1000 <= rounds <= MOST_ROUNDS:
        raise Misused(f"`rounds` is from 1000 to {MOST_ROUNDS}", "5000 is what crypt does by itself")
    if len(str(value)) > 1024:
        raise Misused("a password has at most 1024 characters", "take a shorter one")
    return _crypt(_bytes(value), salt.encode("ascii"), rounds, hashtype)


@functools.lru_cache(maxsize=256)
def _crypt(password: bytes, salt: bytes, rounds: int, algorithm: str) -> str:
    """SHA-crypt. The names are those of its specification."""
    make = hashlib.sha512 if algorithm == "sha512" else hashlib.sha256
    b = make(password + salt + password).digest()
    a = make(password + salt + _repeated(b, len(password)))
    length = len(password)
    while length:
        a.update(b if length & 1 else password)
        length >>= 1
    current = a.digest()
    p = _repeated(make(password * len(password)).digest(), len(password))
    s = _repeated(make(salt * (16 + current[0])).digest(), len(salt))
    for number in range(rounds):
        step = make(p if number & 1 else current)
        if number % 3:
            step.update(s)
        if number % 7:
            step.update(p)
        step.update(current if number & 1 else p)
        current = step.digest()
    named = f"rounds={rounds}$" if rounds != 5000 else ""
    return f"${'6' if algorithm == 'sha512' else '5'}${named}{salt.decode('ascii')}${_spelled(current)}"


def _repeated(data: bytes, length: int) -> bytes:
    return (data * (length // len(data) + 1))[:length]


def _spelled(final: bytes) -> str:
    if len(final) == 64:
        text = "".join(_four(final[i], final[j], final[k], 4) for i, j, k in _ORDER_512)
        return text + _four(0, 0, final[63], 2)
    text = "".join(_four(final[i], final[j], final[k], 4) for i, j, k in _ORDER_256)
    return text + _four(0, final[31], final[30], 3)


def _four(high: int, middle: int, low: int, count: int) -> str:
    value = high << 16 | middle << 8 | low
    return "".join(_ALPHABET[value >> 6 * i & 63] for i in range(count))


FILTERS: dict[str, Callable[..., Any]] = {
    "hash": digest, "md5": lambda value: digest(value, "md5"), "sha1": digest,
    "checksum": digest, "to_uuid": to_uuid, "password_hash": password_hash,
}
