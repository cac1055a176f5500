"""A hundred thousand broken conversations: whatever a peer sends, RemoteProtocolError is all that comes out.

Plain and seeded, as it has to be fast: each case breaks a valid frame in some ways. HOLDFAST_FUZZ_SEED repeats a run.
"""
from __future__ import annotations

import json
import os
import random
import zlib
from collections.abc import Callable
from typing import Any

from holdfast_host import protocol
from holdfast_host.protocol import CONTROLLER, RUNNER, Connection, RemoteProtocolError, pack

CASES = 100_000
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1 << 70, 1e308, "", "x", "\0", "\ud800", "{{ x }}", [], [[]], {}, {"kind": "bye"})
LITERALS = (
    b"NaN", b"-Infinity", b"1e999", b"9" * 400, b"9" * 5000, b"[" * 3000, b'{"a":' * 3000, b'"\\ud800"', b'"\xff"',
    b"nul", b"")
SAMPLE = {int: 1, float: 1.5, str: "x", list: [], dict: {}, bool: True}
MESSAGES = tuple(
    {"kind": kind, **{word: SAMPLE[types[0]] for word, types in words.items()}}
    for kind, words in protocol.MESSAGES.items())


def framed(payload: bytes, packing: int = 0) -> bytes:
    return len(payload).to_bytes(4, "big") + bytes([packing]) + payload


# -- ways to break a frame: each takes the chance and a valid frame ----------------------------------------------------


def whole(_: random.Random, frame: bytes) -> bytes:
    return frame


def cut(chance: random.Random, frame: bytes) -> bytes:
    return frame[:chance.randrange(len(frame))]


def flipped(chance: random.Random, frame: bytes) -> bytes:
    broken = bytearray(frame)
    for _ in range(chance.randint(1, 4)):
        broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
    return bytes(broken)


def spliced(chance: random.Random, frame: bytes) -> bytes:
    other = pack(chance.choice(MESSAGES))
    return frame[:chance.randrange(len(frame))] + other[chance.randrange(len(other)):]


def resized(chance: random.Random, frame: bytes) -> bytes:
    largest = protocol.MAX_FRAME
    size = chance.choice((0, 1, len(frame), largest, largest + 1, 2**32 - 1, chance.getrandbits(8)))
    return size.to_bytes(4, "big") + frame[4:]


def repacked(chance: random.Random, frame: bytes) -> bytes:
    packed = zlib.compress(frame[5:], 1)
    broken = chance.choice((whole, cut, flipped))(chance, packed)
    return framed(broken, chance.choice((1, 1, 1, 0, 2, 255)))


def other_kind(chance: random.Random, frame: bytes) -> bytes:
    message = json.loads(frame[5:])
    message["kind"] = chance.choice((*protocol.MESSAGES, "later", *VALUES))
    return pack(message)


def other_value(chance: random.Random, frame: bytes) -> bytes:
    message = json.loads(frame[5:])
    word = chance.choice(sorted(message))
    if chance.random() < 0.3:
        del message[word]
    else:
        message[word] = chance.choice(VALUES)
    return pack(message)


def odd_literal(chance: random.Random, frame: bytes) -> bytes:
    payload = frame[5:]
    at = payload.rfind(b":", 0, chance.randrange(1, len(payload) + 1)) + 1
    return framed(payload[:at] + chance.choice(LITERALS) + payload[at:] * chance.randint(0, 1))


def noise(chance: random.Random, _: bytes) -> bytes:
    return chance.randbytes(chance.randint(0, 40))


BREAKS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    whole, cut, flipped, spliced, resized, repacked, other_kind, other_value, odd_literal, noise)
STATES = tuple((side, state) for side in (CONTROLLER, RUNNER) for state in protocol.MOVES)


def converse(chance: random.Random, frames: tuple[bytes, ...], seen: set[str]) -> None:
    """One case: a side in some state is sent some frames, in pieces, of which at least one is broken."""
    side, state = chance.choice(STATES)
    talk = Connection(side)
    talk.state = state
    data = b"".join(chance.choice(BREAKS)(chance, chance.choice(frames)) for _ in range(chance.randint(1, 3)))
    middle = chance.randint(0, len(data))
    try:
        for piece in (data[:middle], data[middle:]):
            talk.receive(piece)
            for message in talk.messages():
                seen.add(message["kind"])
                if side == CONTROLLER:
                    json.dumps(message, ensure_ascii=False, allow_nan=False).encode()
    except RemoteProtocolError as error:
        seen.add(str(error).partition(":")[0])


def test_a_hundred_thousand_broken_conversations_end_with_the_declared_error() -> None:
    seed = int(os.environ.get("HOLDFAST_FUZZ_SEED") or random.SystemRandom().getrandbits(32))
    chance = random.Random(seed)
    frames = tuple(map(pack, MESSAGES))
    seen: set[str] = set()
    for number in range(CASES):
        try:
            converse(chance, frames, seen)
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            raise AssertionError(f"case {number} of HOLDFAST_FUZZ_SEED={seed}: {what}") from error
    assert set(protocol.MESSAGES) <= seen, "each kind of message has come through whole"
    for fault in ("a frame does not unpack", "a frame is not JSON", "a frame is not an object with a kind"):
        assert fault in seen, f"no case came to: {fault}"
