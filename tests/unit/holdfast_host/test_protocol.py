"""The protocol: bytes in, messages out; nothing but RemoteProtocolError for whatever a peer sends."""
from __future__ import annotations

import itertools
import json
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast_host import protocol
from holdfast_host.protocol import CONTROLLER, RUNNER, Connection, LocalProtocolError, RemoteProtocolError, pack

CASES = 500  # of each fuzz test; more of them find no more of what is fixed by now, and take longer
HELLO: dict[str, Any] = {"kind": "hello", "major": 1, "minor": 0}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=20)
words = sorted({word for message in protocol.MESSAGES.values() for word in message})


def greeted() -> Connection:
    runner = Connection(RUNNER)
    runner.receive(pack(HELLO))
    assert list(runner.messages()) == [HELLO]
    runner.send(HELLO)
    return runner


@given(facts=st.dictionaries(st.text(), json_values), cuts=st.lists(st.integers(0, 4000), max_size=6))
def test_what_is_sent_arrives_however_it_is_cut(facts: dict[str, Any], cuts: list[int]) -> None:
    controller = Connection(CONTROLLER)
    controller.send(HELLO)
    data = pack(HELLO) + pack({"kind": "refused", "error": "x", "message": "y", "detail": facts})
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    heard = []
    for start, end in itertools.pairwise(places):
        controller.receive(data[start:end])
        heard += list(controller.messages())
    assert heard == [HELLO, {"kind": "refused", "error": "x", "message": "y", "detail": facts}]


pieces_of_bytes = st.lists(st.one_of(
    st.binary(max_size=60),
    st.builds(lambda value: pack({"kind": "x"})[:4] + b"\0" + json.dumps(value).encode(), json_values),
    st.builds(lambda kind, more: pack({**more, "kind": kind}), st.sampled_from([*protocol.MESSAGES, "later"]),
              st.dictionaries(st.sampled_from(words), json_values)),
    st.builds(lambda data: len(zlib.compress(data)).to_bytes(4, "big") + b"\1" + zlib.compress(data), st.binary()),
), max_size=5)


def controlled(state: str) -> Connection:
    controller = Connection(CONTROLLER)
    controller.state = state
    return controller


@settings(max_examples=CASES, deadline=None)
@given(pieces_of_bytes, st.sampled_from([None, *protocol.MOVES]))
def test_nothing_but_the_declared_error_comes_out(pieces: list[bytes], state: str | None) -> None:
    """On both sides, in every state of a conversation; state None: a runner that was greeted."""
    side = greeted() if state is None else controlled(state)
    try:
        for piece in pieces:
            side.receive(piece)
            for message in side.messages():
                assert isinstance(message["kind"], str)
                if state is not None:
                    json.dumps(message, ensure_ascii=False, allow_nan=False).encode()
    except RemoteProtocolError:
        pass


def test_what_a_host_says_is_text_and_numbers_that_everybody_takes() -> None:
    """Half a character or an infinite number in one host's answer would end the report and the store of all hosts."""
    controller = controlled("running")
    payload = rb'{"kind":"result","run":"x","status":"ok","message":"a\ud800b \ud83d\ude00","owed":[NaN,-Infinity]}'
    controller.receive(len(payload).to_bytes(4, "big") + b"\0" + payload)
    message, = controller.messages()
    assert message["message"] == "a?b \N{GRINNING FACE}" and message["owed"] == [None, None]


@pytest.mark.parametrize(("frame", "said"), [
    (b"\xff\xff\xff\xff\0", "larger than"),
    (b"\0\0\0\1\7x", "unknown way"),
    (b"\0\0\0\2\0[]", "not an object"),
    (b"\0\0\0\1\0{", "not JSON"),
    (b"\0\0\0\3\1abc", "does not unpack"),
    (pack({"kind": "facts"})[:0] + pack({"kind": "result", "run": "x", "status": "ok"}), "may not say `result`"),
    (pack({"kind": "graph", "run": 1, "mode": "plan", "nodes": []}), "`run` is not of its type"),
    (pack({"kind": "graph", "run": "x", "mode": "plan"}), "has no `nodes`"),
])
def test_each_fault_of_a_peer_is_named(frame: bytes, said: str) -> None:
    runner = greeted()
    runner.receive(frame)
    with pytest.raises(RemoteProtocolError, match=said):
        list(runner.messages())


def test_frame_that_unpacks_to_too_much_is_refused() -> None:
    bomb = zlib.compress(b" " * (protocol.MAX_FRAME + 1) + b"{}")
    runner = greeted()
    runner.receive(len(bomb).to_bytes(4, "big") + b"\1" + bomb)
    with pytest.raises(RemoteProtocolError, match="unpacks to more than"):
        list(runner.messages())


def test_later_minor_version_may_add_words_and_kinds() -> None:
    runner = greeted()
    runner.receive(pack({"kind": "cancel", "now": True, "why": "new"}) + pack({"kind": "brandnew", "x": 1}))
    assert list(runner.messages()) == [{"kind": "cancel", "now": True}, {"kind": "brandnew"}]


def test_our_own_mistakes_are_another_error() -> None:
    with pytest.raises(LocalProtocolError, match="controller may not say `result` while new"):
        Connection(CONTROLLER).send({"kind": "result"})


@given(st.binary(max_size=700))
def test_content_in_parts_is_the_content(data: bytes) -> None:
    import base64

    parts = protocol.blob_messages("0" * 64, data)
    assert b"".join(base64.b64decode(part["data"]) for part in parts) == data
    assert [part["last"] for part in parts] == [False] * (len(parts) - 1) + [True]
