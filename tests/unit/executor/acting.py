"""Hosts that are played: real protocol, no network. What goes wrong with each is data."""
from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from holdfast.channels.boot import Archive
from holdfast.channels.model import Channel, Connection, Unreachable
from holdfast.compiler.model import HostGraph, Rollout
from holdfast.executor.model import Happening, HostResult, Job, Mode, RunDone
from holdfast.executor.run import Begin, execute
from holdfast.executor.stop import Stop
from holdfast.problems import Place
from holdfast_host import protocol
from holdfast_host.graph import Node

NODES = 3
FAULTS = ("", "unreachable", "failed", "lost", "held", "nonsense", "refused", "cut in a frame", "strange events")


class Player:
    """A channel to a runner that does as its part says."""

    def __init__(self, part: str, log: list[str], pause: float, unfinished: Sequence[Any] = ()) -> None:
        self._part, self._log, self._pause, self._unfinished = part, log, pause, unfinished
        self._talk = protocol.Connection(protocol.RUNNER)
        self._waiting: asyncio.Queue[bytes | Unreachable] = asyncio.Queue()
        self.is_closed = False

    async def write(self, data: bytes) -> None:
        self._talk.receive(data)
        for message in self._talk.messages():
            if message["kind"] == "hello":
                self._say({"kind": "hello", "major": 1, "minor": 1, "unfinished": list(self._unfinished)})
            elif message["kind"] == "done":
                self._log.append(f"may forget {message['run']}")
            elif message["kind"] == "graph":
                self._log.append("begun")
                await asyncio.sleep(self._pause)
                self._act(message["run"])
                self._log.append("ended")
            elif message["kind"] == "bye":
                self._waiting.put_nowait(b"")

    async def read(self) -> bytes:
        came = await self._waiting.get()
        if isinstance(came, Unreachable):
            raise came
        return came

    async def close(self) -> None:
        self.is_closed = True

    def said(self) -> str:
        return ""

    def _act(self, run: str) -> None:
        if self._part == "lost":
            self._say({"kind": "event", "events": [[0, "ok", 1], [1, "changed", 1]]})
            self._waiting.put_nowait(Unreachable("the connection was lost"))
        elif self._part == "nonsense":
            self._waiting.put_nowait(b"\xff" * 20)
        elif self._part == "cut in a frame":
            self._waiting.put_nowait(protocol.pack({"kind": "event", "events": [[0, "ok", 1]]})[:9])
            self._waiting.put_nowait(b"")
        elif self._part == "strange events":
            self._say({"kind": "event", "events": [[NODES, "ok", 1]]})
        elif self._part in ("held", "refused"):
            self._say({"kind": "refused", "error": "Held" if self._part == "held" else "Defect", "message": "no"})
        else:
            last = "failed" if self._part == "failed" else "changed"
            self._say({"kind": "event", "events": [[0, "ok", 1], [1, "changed", 1], [2, last, 1]]})
            self._say({"kind": "result", "run": run, "status": last})

    def _say(self, message: dict[str, Any]) -> None:
        self._waiting.put_nowait(self._talk.send(message))


@dataclass
class Stage:
    """A run on played hosts. parts: of each host; pauses: seconds that each works. log: by host, what it was given."""

    parts: Sequence[str]
    pauses: Sequence[float] = ()
    log: dict[str, list[str]] = field(default_factory=dict)
    told: list[Happening] = field(default_factory=list)
    kept: list[HostResult] = field(default_factory=list)
    players: list[Player] = field(default_factory=list)
    graph_text: dict[str, str] = field(default_factory=dict)  # by host, what its resources hold
    unfinished: Sequence[Any] = ()  # what each host brings of earlier runs
    keeps: Callable[[HostResult], bool] = lambda _: True  # a field's default; whether there is room in the store

    @property
    def hosts(self) -> list[str]:
        return [f"h{number}" for number in range(len(self.parts))]

    async def open(self, connection: Connection, _: Archive) -> Channel:
        number = int(connection.host[1:])
        await asyncio.sleep(0)
        if self.parts[number] == "unreachable":
            raise Unreachable("it is down", "switch it on")
        pause = self.pauses[number] if self.pauses else 0.0
        player = Player(self.parts[number], self.log.setdefault(connection.host, []), pause, self.unfinished)
        self.players.append(player)
        return player

    def run(self, rollout: Rollout, *, mode: Mode = "apply", stop: Stop | None = None,
            begin: Begin | None = None) -> RunDone:
        places = tuple(Place("site.yml", number + 1) for number in range(NODES))

        def graph(host: str, _: object = None) -> HostGraph:
            return HostGraph(host, tuple(Node(f"file: /{number}", "file", {"text": self.graph_text.get(host, "")})
                                         for number in range(NODES)), places)

        job = Job("run-1", mode, "ann@desk", {host: Connection(host) for host in self.hosts},
                  {host: graph(host) for host in self.hosts}, frozenset(), graph, lambda _: b"", rollout)

        async def keep(result: HostResult) -> None:
            if not self.keeps(result):
                raise OSError("no room")
            self.kept.append(result)

        async def collected(run: str, result: HostResult) -> bool:
            self.log[result.host].append(f"brings {run}")
            return self.keeps(result)

        return asyncio.run(execute(job, Archive("0" * 64, b"{}"), self.told.append, stop or Stop(), begin=begin,
                                   keep=keep, collected=collected, open_channel=self.open))
