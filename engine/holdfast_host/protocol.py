"""The protocol between controller and runner: bytes in, messages out, no input or output of its own.

A frame is four bytes of length (big-endian), one byte that says how the payload is packed (0: as it is, 1: zlib), then
the payload: one JSON object with its `kind`. The same over a pipe, an SSH channel or a WebSocket. What a side may say
when is the table MOVES; what is incomplete has a bound.

    conn = Connection(CONTROLLER); conn.receive(data)
    for message in conn.messages(): …
    write(conn.send({"kind": "facts"}))
"""
from __future__ import annotations

import json
import re
import sys
import zlib
from typing import Any, Dict, FrozenSet, Iterator, List, Mapping, Optional, Tuple

MAJOR, MINOR = 1, 3
MAX_FRAME = 16 * 1024 * 1024  # bytes of a payload, packed or not
PACK_FROM = 512  # bytes; smaller payloads are not worth packing
BLOB_PART = 256 * 1024  # bytes of content in one `blob` message

CONTROLLER, RUNNER = "controller", "runner"

# The state of a conversation, and in it: who may say what, and which state follows.
MOVES: Mapping[str, Mapping[Tuple[str, str], str]] = {
    "new": {(CONTROLLER, "hello"): "greeted"},
    "greeted": {(RUNNER, "hello"): "ready", (RUNNER, "refused"): "ended"},
    "ready": {
        (CONTROLLER, "facts"): "asked", (CONTROLLER, "graph"): "running", (CONTROLLER, "done"): "ready",
        (CONTROLLER, "undo"): "asked", (CONTROLLER, "confirm"): "asked",
        (CONTROLLER, "bye"): "ended", (CONTROLLER, "cancel"): "ready", (RUNNER, "refused"): "ended",
        (RUNNER, "unsupported"): "ready",
    },
    "asked": {(RUNNER, "facts"): "ready", (RUNNER, "undo"): "ready", (RUNNER, "confirm"): "ready",
              (RUNNER, "refused"): "ended", (CONTROLLER, "cancel"): "asked"},
    "running": {
        (RUNNER, "need"): "running", (RUNNER, "event"): "running", (RUNNER, "output"): "running",
        (RUNNER, "result"): "ready", (RUNNER, "refused"): "ended", (RUNNER, "unsupported"): "running",
        (CONTROLLER, "blob"): "running", (CONTROLLER, "cancel"): "running",
    },
    "ended": {},
}

# Every word on the wire: the keys of each message, and their types. Unknown keys are dropped on arrival.
MESSAGES: Mapping[str, Mapping[str, Tuple[type, ...]]] = {
    "hello": {"major": (int,), "minor": (int,), "who": (str,), "python": (str,), "user": (str,), "host": (str,),
              "unfinished": (list,), "owed": (list,), "boot": (str,)},
    "facts": {"facts": (dict,)},
    "graph": {"run": (str,), "mode": (str,), "nodes": (list,), "secrets": (dict,), "who": (str,),
              "key": (str,), "planned": (list,), "earlier": (dict,), "confirm_s": (int, float), "seal": (str,)},
    "need": {"blobs": (list,)},
    "blob": {"sha256": (str,), "data": (str,), "last": (bool,)},
    "event": {"events": (list,)},
    "output": {"node": (int,), "stream": (str,), "text": (str,)},
    "result": {"run": (str,), "status": (str,), "message": (str,), "owed": (list,), "paid": (list,),
               "awaits": (bool,), "back_s": (int, float)},
    "cancel": {"now": (bool,)},
    "done": {"run": (str,)},
    "undo": {"run": (str,), "seal": (str,), "only": (list,), "is_known": (bool,), "nodes": (list,), "left": (list,)},
    "confirm": {"run": (str,), "is_taken": (bool,)},
    "bye": {},
    "refused": {"error": (str,), "message": (str,), "detail": (dict,)},
    "unsupported": {"what": (str,)},
}
NEEDED: Mapping[str, FrozenSet[str]] = {
    "hello": frozenset({"major", "minor"}), "graph": frozenset({"run", "mode", "nodes"}), "need": frozenset({"blobs"}),
    "blob": frozenset({"sha256", "data", "last"}), "event": frozenset({"events"}),
    "output": frozenset({"node", "stream", "text"}), "result": frozenset({"run", "status"}),
    "done": frozenset({"run"}), "undo": frozenset({"run"}), "confirm": frozenset({"run"}),
    "refused": frozenset({"error", "message"}), "unsupported": frozenset({"what"}),
}

Message = Dict[str, Any]


class LocalProtocolError(Exception):
    """We tried to say what may not be said now: a defect of ours."""


class RemoteProtocolError(Exception):
    """The other side sent what is not of this protocol."""


def pack(message: Mapping[str, Any]) -> bytes:
    """One frame. Raises LocalProtocolError when it would be larger than MAX_FRAME."""
    payload = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    if len(payload) > MAX_FRAME:
        raise LocalProtocolError("a %s of %d bytes is larger than a frame, which takes %d" % (
            message.get("kind"), len(payload), MAX_FRAME))
    packing = 0
    if len(payload) >= PACK_FROM:
        packed = zlib.compress(payload, 6)
        if len(packed) < len(payload):
            payload, packing = packed, 1
    return len(payload).to_bytes(4, "big") + bytes([packing]) + payload


_HALF = re.compile(r"[\ud800-\udfff]|\\u[dD][89a-fA-F]")  # perhaps half of a character, which no reader takes


def _finite(written: str) -> Optional[float]:
    """A number, or nothing for one that is larger than any, such as 1e999."""
    number = float(written)
    return number if abs(number) <= sys.float_info.max else None


def _unpack(packing: int, payload: bytes, is_text_plain: bool) -> Message:
    """is_text_plain: what cannot be written as UTF-8, or is no JSON number, is replaced (by ? and null)."""
    if packing == 1:
        inflate = zlib.decompressobj()
        try:
            payload = inflate.decompress(payload, MAX_FRAME)
        except zlib.error as error:
            raise RemoteProtocolError("a frame does not unpack: %s" % error) from None
        if inflate.unconsumed_tail or not inflate.eof:
            raise RemoteProtocolError("a frame is cut short or unpacks to more than %d bytes" % MAX_FRAME)
    elif packing != 0:
        raise RemoteProtocolError("a frame is packed in an unknown way (%d)" % packing)
    try:
        text = payload.decode("utf-8", "surrogatepass")
        message = json.loads(text, parse_constant=(lambda _: None) if is_text_plain else None,
                             parse_float=_finite if is_text_plain else None)
        if is_text_plain and _HALF.search(text):
            message = json.loads(json.dumps(message, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise RemoteProtocolError("a frame is not JSON: %s" % error) from None
    return _checked(message)


def _checked(message: Any) -> Message:
    if not isinstance(message, dict) or not isinstance(message.get("kind"), str):
        raise RemoteProtocolError("a frame is not an object with a kind")
    kind = message["kind"]
    words = MESSAGES.get(kind)
    if words is None:
        return {"kind": kind}  # of a later minor version; answered with `unsupported`
    for word in NEEDED.get(kind, ()):
        if word not in message:
            raise RemoteProtocolError("%s has no `%s`" % (kind, word))
    kept: Message = {"kind": kind}
    for word, types in words.items():
        if word in message:
            if not isinstance(message[word], types) or (isinstance(message[word], bool) and bool not in types):
                raise RemoteProtocolError("%s: `%s` is not of its type" % (kind, word))
            kept[word] = message[word]
    return kept


class Connection:
    """One side of a conversation. Feed it with `receive`, take out `messages`, write what `send` gives."""

    def __init__(self, side: str) -> None:
        self.side, self.other = side, RUNNER if side == CONTROLLER else CONTROLLER
        self.state = "new"
        self._data = bytearray()

    def send(self, message: Mapping[str, Any]) -> bytes:
        """The frame to write. Raises LocalProtocolError when this may not be said now."""
        self._move(self.side, message["kind"], LocalProtocolError)
        return pack(message)

    def receive(self, data: bytes) -> None:
        """Takes bytes of any cut."""
        self._data += data

    def messages(self) -> Iterator[Message]:
        """The messages that are whole by now. Raises RemoteProtocolError; the conversation is over then. What a host
        says is for people, stores and other programs: a controller gets plain text and plain numbers only."""
        while len(self._data) >= 5:
            size = int.from_bytes(self._data[:4], "big")
            if size > MAX_FRAME:
                raise RemoteProtocolError("a frame of %d bytes is larger than %d" % (size, MAX_FRAME))
            if len(self._data) < 5 + size:
                return
            packing, payload = self._data[4], bytes(self._data[5:5 + size])
            del self._data[:5 + size]
            message = _unpack(packing, payload, self.side == CONTROLLER)
            if message["kind"] in MESSAGES:
                self._move(self.other, message["kind"], RemoteProtocolError)
            yield message

    def _move(self, who: str, kind: str, error: type) -> None:
        moves = MOVES[self.state]
        if (who, kind) not in moves:
            raise error("%s may not say `%s` while %s" % (who, kind, self.state))
        self.state = moves[who, kind]


def blob_messages(sha256: str, data: bytes) -> List[Message]:
    """A content in parts."""
    import base64

    parts = [data[i:i + BLOB_PART] for i in range(0, len(data), BLOB_PART)] or [b""]
    return [{"kind": "blob", "sha256": sha256, "data": base64.b64encode(part).decode("ascii"),
             "last": number == len(parts) - 1} for number, part in enumerate(parts)]
