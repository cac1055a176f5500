"""What a host keeps and should not be able to read: sealed with a key that only the controller has.

Hosts have Python's standard library and nothing else, which brings no cipher. SHAKE-256 with the key and a nonce before
it gives a stream that nobody else can foretell, which hides; HMAC-SHA256 over nonce and
what is hidden, with a key of its own, shows that nothing was altered. Each seal has a nonce of its own, so that one key
serves a whole run.
"""
from __future__ import annotations

import hashlib
import hmac
import os

from .errors import Failed

KEY_BYTES = 32
_NONCE, _TAG = 16, 32  # bytes


def seal(key: bytes, data: bytes) -> bytes:
    """nonce, hidden data and tag; 48 bytes longer than the data. key: KEY_BYTES of chance."""
    nonce = os.urandom(_NONCE)
    hidden = _hide(key, nonce, data)
    return nonce + hidden + _tag(key, nonce + hidden)


def unseal(key: bytes, sealed: bytes) -> bytes:
    """The data. Raises Failed when it was sealed with another key, or is not what was sealed."""
    body, tag = sealed[:-_TAG], sealed[-_TAG:]
    if len(sealed) < _NONCE + _TAG or not hmac.compare_digest(tag, _tag(key, body)):
        raise Failed("what was kept to undo this run was sealed with another key, or has been altered")
    return _hide(key, body[:_NONCE], body[_NONCE:])


def key_of(text: str) -> bytes:
    """A key as it travels. Raises ValueError when it is none."""
    key = bytes.fromhex(text)
    if len(key) != KEY_BYTES:
        raise ValueError("a seal's key of %d bytes" % len(key))
    return key


def name(key: bytes, word: str) -> str:
    """A name for what belongs to a word, which does not tell the word."""
    return hmac.new(_part(key, b"name"), word.encode(), hashlib.sha256).hexdigest()


def _part(key: bytes, use: bytes) -> bytes:
    return hashlib.sha256(b"holdfast " + use + b"\0" + key).digest()


def _tag(key: bytes, body: bytes) -> bytes:
    return hmac.new(_part(key, b"tag"), body, hashlib.sha256).digest()


def _hide(key: bytes, nonce: bytes, data: bytes) -> bytes:
    stream = hashlib.shake_256(_part(key, b"stream") + nonce).digest(len(data))
    return (int.from_bytes(data, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(data), "big")
