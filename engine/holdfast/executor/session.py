"""The conversation with one host's runner over an open channel: questions out, answers in, in the protocol's order."""
from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from holdfast.channels.model import Channel, Unreachable
from holdfast_host import protocol
from holdfast_host.errors import HoldfastError
from holdfast_host.planned import Held
from holdfast_host.protocol import Message, RemoteProtocolError

from .model import WayBack
from .results import OwedList, owed_of

HELLO_S, FACTS_S = 60.0, 300.0  # how long an answer may take that needs no work of a resource's
SILENT_S = 60.0  # a runner at work that shows no sign of life for so long, four times what it promises, is frozen
GOODBYE_S = 2.0  # how long a runner that is told to forget a run may take to end


class HostRefused(HoldfastError):
    """The runner does not carry it out. error: the kind of refusal; Held: another run has the host in hand."""

    def __init__(self, error: str, message: str) -> None:
        self.error = error
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a runner says of itself first. unfinished: runs that no controller has collected, as they came."""

    python: str
    unfinished: Sequence[Any]
    owed: OwedList
    boot: str = ""  # the same until the host is booted anew


@dataclass(frozen=True, slots=True)
class Order:
    """What a runner is asked to carry out. nodes: as they travel; blobs: the names of contents that it may ask for."""

    run: str
    mode: str
    who: str
    nodes: Sequence[Mapping[str, Any]]
    secrets: Mapping[str, str]
    blobs: Callable[[], frozenset[str]]
    blob: Callable[[str], bytes]
    held: Held | None = None
    earlier: Mapping[int, Mapping[str, Any] | None] = field(default_factory=dict)
    confirm_s: float | None = None
    seal: str = field(default="", repr=False)


class Session:
    """One conversation. Every method raises Unreachable when the channel breaks or ends too early, HostRefused when the
    runner says no, and RemoteProtocolError when it speaks nonsense."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._talk = protocol.Connection(protocol.CONTROLLER)
        self._inbox: deque[Message] = deque()

    async def greet(self, who: str) -> Greeting:
        """Says hello, and is told what the host remembers of earlier runs."""
        await self._say({"kind": "hello", "major": protocol.MAJOR, "minor": protocol.MINOR, "who": who})
        hello = await self._expect("hello", HELLO_S)
        if hello["major"] != protocol.MAJOR:
            raise RemoteProtocolError(f"it speaks version {hello['major']} of the protocol, not {protocol.MAJOR}")
        return Greeting(hello.get("python", ""), hello.get("unfinished", ()), owed_of(hello.get("owed", [])),
                        hello.get("boot", ""))

    async def facts(self) -> Mapping[str, Any]:
        """What the host says of itself."""
        await self._say({"kind": "facts"})
        facts: Mapping[str, Any] = (await self._expect("facts", FACTS_S)).get("facts", {})
        return facts

    async def way_back(self, way: WayBack) -> Message:
        """The `undo` message: the graph that leads back to what was before a run."""
        await self._say({"kind": "undo", "run": way.run, "seal": way.seal, "only": list(way.only)})
        return await self._expect("undo", FACTS_S)

    async def confirm(self, run: str) -> bool:
        """Says that the host was reached again after a change; whether it was still waiting for that."""
        await self._say({"kind": "confirm", "run": run})
        return bool((await self._expect("confirm", HELLO_S)).get("is_taken"))

    async def carry_out(self, order: Order, on_events: Callable[[Sequence[Any]], None],
                        on_output: Callable[[int, str, str], None]) -> Message:
        """Gives the graph and sees it through; returns the `result` message. The callbacks are called with the events
        of an `event` message, and with node, stream and text of a program's live output."""
        await self._say({"kind": "graph", "run": order.run, "mode": order.mode, "who": order.who,
                         "nodes": list(order.nodes), "secrets": dict(order.secrets), "seal": order.seal,
                         **({"key": order.held.key, "planned": order.held.planned} if order.held else {}),
                         **({"earlier": order.earlier} if order.earlier else {}),
                         **({"confirm_s": order.confirm_s} if order.confirm_s else {})})
        while True:
            message = await self._hear_of_work()
            if message["kind"] == "event":
                on_events(message["events"])
            elif message["kind"] == "output":
                on_output(message["node"], message["stream"], message["text"])
            elif message["kind"] == "need":
                await self._give(order, message["blobs"])
            elif message["kind"] == "result":
                if message["run"] != order.run:
                    raise RemoteProtocolError("a result of another run")
                return message

    async def cancel(self, *, now: bool) -> None:
        """Asks to stop: after the resource in hand, or now. Nothing when there is nothing to stop."""
        if (protocol.CONTROLLER, "cancel") in protocol.MOVES[self._talk.state]:
            await self._say({"kind": "cancel", "now": now})

    async def forget(self, runs: Sequence[str]) -> None:
        """Their results are kept here; the host need not."""
        for run in runs:
            await self._say({"kind": "done", "run": run})

    async def leave(self, done: str = "") -> None:
        """Says goodbye. done: a run whose results are kept here; then the runner's end is waited for, as a connection
        that is closed at once may take the last words with it."""
        words: list[Message] = [{"kind": "done", "run": done}] if done else []
        await self._channel.write(b"".join(self._talk.send(word) for word in [*words, {"kind": "bye"}]))
        if done:
            async with asyncio.timeout(GOODBYE_S):
                while await self._channel.read():
                    pass

    async def _give(self, order: Order, wanted: Sequence[Any]) -> None:
        for sha256 in wanted:
            if not isinstance(sha256, str) or sha256 not in order.blobs():
                # else a host could read what is meant for others
                raise RemoteProtocolError("it asks for a content that is not in its graph")
            for part in protocol.blob_messages(sha256, order.blob(sha256)):
                await self._say(part)

    async def _say(self, message: Message) -> None:
        await self._channel.write(self._talk.send(message))

    async def _expect(self, kind: str, within_s: float) -> Message:
        try:
            async with asyncio.timeout(within_s):
                while (message := await self._hear())["kind"] != kind:
                    pass
        except TimeoutError:
            raise Unreachable(f"the runner was asked for its {kind} and did not answer within {within_s:g} s",
                              "is the host overloaded?") from None
        return message

    async def _hear_of_work(self) -> Message:
        """What a runner at work says next, be it only that it is there."""
        try:
            async with asyncio.timeout(SILENT_S):
                return await self._hear()
        except TimeoutError:
            raise Unreachable(f"its runner has given no sign of life for {SILENT_S:g} s",
                              "look whether the host hangs: memory, disks") from None

    async def _hear(self) -> Message:
        """The next message; a refusal is raised."""
        while not self._inbox:
            data = await self._channel.read()
            if not data:
                said = self._channel.said()
                raise Unreachable("the runner ended in the middle" + (f": {said[-500:]}" if said else ""),
                                  "its results are collected at the next contact")
            self._talk.receive(data)
            self._inbox.extend(self._talk.messages())
        message = self._inbox.popleft()
        if message["kind"] == "refused":
            raise HostRefused(message["error"], message["message"])
        return message
