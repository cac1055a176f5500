"""Hosts that say what they please: it becomes that host's result, and reaches nobody else."""
from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.compiler.model import HostGraph, Rollout
from holdfast.executor.results import earlier, events_of, owed_of, paid_of, result_of
from holdfast.executor.session import HostRefused, Order, Session
from holdfast.problems import Place
from holdfast_host import protocol
from holdfast_host.graph import Node
from holdfast_host.protocol import RemoteProtocolError
from tests.unit.executor.acting import Stage

CASES = 200  # of each fuzz test
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4), max_leaves=5)
words = st.sampled_from(["ok", "changed", "failed", "action", "fields", "diffs", "outputs", "message", "argument"])
events = st.lists(st.one_of(json_values, st.tuples(
    st.integers(-2, 4) | json_values, words | json_values, st.integers() | json_values,
    st.dictionaries(words, json_values, max_size=3)).map(list)), max_size=3)
GRAPH = HostGraph("h1", tuple(Node(f"file: /{n}", "file", {"path": f"/{n}"}) for n in range(3)), (Place("s.yml"),) * 3)


@settings(max_examples=CASES, deadline=None)
@given(events)
def test_events_of_any_shape(wire: list[Any]) -> None:
    try:
        found = events_of(wire, 3)
    except RemoteProtocolError:
        return
    for event in found:
        json.dumps(result_of(GRAPH, event).event.to_wire())


@settings(max_examples=CASES, deadline=None)
@given(json_values | st.fixed_dictionaries({
    "run": json_values | st.just("r"), "nodes": json_values | st.just(["a", "b"]), "events": json_values | events,
    "status": json_values}))
def test_earlier_runs_of_any_shape(wire: Any) -> None:
    try:
        run, result = earlier("h1", wire)
    except RemoteProtocolError:
        return
    assert isinstance(run, str) and result.host == "h1"


@settings(max_examples=CASES, deadline=None)
@given(json_values | st.lists(st.lists(json_values, min_size=3, max_size=4)))
def test_notifications_of_any_shape(wire: Any) -> None:
    for read in (lambda: owed_of(wire), lambda: list(paid_of(wire))):
        with contextlib.suppress(RemoteProtocolError):
            read()


class Scripted:
    """A channel on which a host says what was written down before, whatever it is told."""

    def __init__(self, *messages: Any) -> None:
        self.heard: list[dict[str, Any]] = []
        self._says = [message if isinstance(message, bytes) else protocol.pack(message) for message in messages]
        self._talk = protocol.Connection(protocol.RUNNER)

    async def read(self) -> bytes:
        return self._says.pop(0) if self._says else b""

    async def write(self, data: bytes) -> None:
        self._talk.receive(data)
        self.heard += self._talk.messages()
        self._talk.state = {"hello": "ready", "graph": "running"}.get(self.heard[-1]["kind"], self._talk.state)

    async def close(self) -> None: ...

    def said(self) -> str:
        return "its last words"


HELLO = {"kind": "hello", "major": 1, "minor": 1}
ORDER = Order("run-1", "apply", "ann@desk", [], {}, lambda: frozenset({"a" * 64}), lambda _: b"content")


async def talk(channel: Scripted) -> dict[str, Any]:
    session = Session(channel)
    await session.greet("ann@desk")
    return await session.carry_out(ORDER, lambda _: None, lambda *_: None)


@pytest.mark.parametrize(("messages", "error", "said"), [
    ([{**HELLO, "major": 2}], RemoteProtocolError, "version 2 of the protocol, not 1"),
    ([{"kind": "refused", "error": "Version", "message": "another version"}], HostRefused, "another version"),
    ([{"kind": "result", "run": "run-1", "status": "ok"}], RemoteProtocolError, "may not say `result`"),
    ([HELLO, {"kind": "need", "blobs": ["b" * 64]}], RemoteProtocolError, "not in its graph"),
    ([HELLO, {"kind": "need", "blobs": [["x"]]}], RemoteProtocolError, "not in its graph"),
    ([HELLO, {"kind": "result", "run": "run-2", "status": "ok"}], RemoteProtocolError, "a result of another run"),
    ([HELLO, HELLO], RemoteProtocolError, "may not say `hello`"),
    ([{**HELLO, "owed": [["x"]]}], RemoteProtocolError, "`owed` is not a list"),
    ([HELLO, protocol.pack({"kind": "event", "events": []})[:7]], Exception, "ended in the middle: its last words"),
])
def test_fault_of_a_host_is_named(messages: list[Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        asyncio.run(talk(Scripted(*messages)))


def test_what_it_may_ask_for_it_gets() -> None:
    """The control."""
    channel = Scripted(HELLO, {"kind": "need", "blobs": ["a" * 64]}, {"kind": "result", "run": "run-1", "status": "ok"})
    assert asyncio.run(talk(channel))["status"] == "ok"
    assert channel.heard[-1]["kind"] == "blob"


def test_graph_that_is_too_large_is_refused_with_its_mend() -> None:
    stage = Stage(["", ""])
    stage.graph_text = {"h0": "x" * (protocol.MAX_FRAME + 1)}
    done = stage.run(Rollout())
    first, second = done.results
    assert first.status == "failed" and second.status == "changed"
    assert "cannot be told to the host: a graph of 50331963 bytes is larger than a frame" in first.message
    assert "as files (`source`)" in first.mend
    assert stage.log["h0"] == []
