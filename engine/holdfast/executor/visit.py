"""One host in one run: contact, perhaps facts, its graph, its result. Whatever goes wrong is this host's result."""
from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from holdfast.channels.model import Channel, Unreachable
from holdfast.compiler.model import HostGraph
from holdfast_host.graph import APPLY, CHANGED, INTERRUPTED, OK, Event
from holdfast_host.planned import REFUSED
from holdfast_host.protocol import LocalProtocolError, RemoteProtocolError
from holdfast_host.runner import DEPARTS, NOT_AGAIN
from holdfast_host.values import Blob, from_wire

from .model import Happening, HostResult, Job, Noticed, OutputCame, ResourceDone, Result
from .results import OwedList, earlier, events_of, left_of, owed_of, paid_of, result_of, status_of
from .session import HostRefused, Order, Session
from .stop import Stop

AGAIN_S = 1.0  # between two tries to reach a host again
GOODBYE_S = 2.0  # how long a host that was told to stop now is listened to
HELD_MEND = "apply again when it has ended"
TOO_LARGE = "give large contents as files (`source`), and divide very long documents"
GOES_ON = "what it has in hand it finishes by itself; its results are collected at the next contact"


class Failure(Exception):
    """The contact or the work failed, in a way that has a name among the statuses of hosts."""

    def __init__(self, status: str, message: str, mend: str = "") -> None:
        self.status, self.message, self.mend = status, message, mend
        super().__init__(message)


class Around(Protocol):
    """What a visit needs of the run that it belongs to."""

    job: Job
    stop: Stop
    is_over_time: bool

    def emit(self, happening: Happening) -> None: ...

    async def open(self, host: str) -> Channel: ...

    async def collect(self, run: str, result: HostResult) -> bool:
        """Whether the results of an earlier run are kept now."""
        ...


class Visit:
    """One host's turn. `contact`, `facts` and `work` raise or return as they say; `leave` is always to be called."""

    def __init__(self, host: str, around: Around) -> None:
        self.host, self._around = host, around
        self._channel: Channel | None = None
        self._session: Session | None = None
        self._results: dict[int, Result] = {}
        self._boot = ""
        self._before: dict[int, Result] = {}  # what came of each resource before the host was booted anew
        self._is_whole = False  # the runner has said its last word on the graph
        self._spent_s, self._since = 0.0, 0.0

    async def contact(self) -> None:
        """Until the runner has said hello, and earlier results are safe here. Raises Failure."""
        with self._failing(), self._counted():
            async with asyncio.timeout(self._left_s()):
                self._channel = await self._around.open(self.host)
                self._session = Session(self._channel)
                greeting = await self._session.greet(self._around.job.who)
                self._boot = greeting.boot
                await self._collect(self._session, greeting.unfinished)
            for id, since, why in greeting.owed:
                self._around.emit(Noticed(self.host, f"{id} is owed a notification since {since}, of {why}"))

    async def ask(self) -> Mapping[str, Any]:
        """What the host says of itself, or which way leads back from a run. Raises Failure."""
        job = self._around.job
        with self._failing(), self._counted():
            assert self._session is not None
            async with asyncio.timeout(self._left_s()):
                if job.undoes is not None:
                    return await self._session.way_back(job.undoes)
                return await self._session.facts()

    async def work(self, graph: HostGraph) -> HostResult:
        """Carries the graph out. Never raises but for cancellation."""
        status, message, mend = "", "", ""
        owed: OwedList = ()
        try:
            with self._failing(), self._counted():
                ending = await self._carried_out(graph)
                while ending["status"] == DEPARTS:
                    await self._back_again(float(ending.get("back_s", 0.0)))
                    ending = await self._carried_out(graph)
                owed = owed_of(ending.get("owed", []))
                for said in paid_of(ending.get("paid", [])):
                    self._around.emit(Noticed(self.host, said))
                message = str(ending.get("message", ""))
                self._is_whole = True
                if ending.get("awaits"):
                    await self._confirmed()
                if ending["status"] == REFUSED:
                    raise Failure("refused", "it has changed since the plan, and was not touched", "plan anew")
        except Failure as failure:
            status, message, mend = failure.status, failure.message, failure.mend
        results = [*(self._results[node] for node in sorted(self._results)), *left_of(graph)]
        if not status:
            status = self._status(results)
            if status in ("interrupted", "timed_out"):  # the host knows only that it was told to stop
                message = self._why_early() or message
        return HostResult(self.host, status, tuple(results), message, mend, owed, graph.name, self.seconds())

    async def leave(self, is_kept: bool = False) -> None:
        """Closes the channel. is_kept: the results are safe, and the host may forget them."""
        if self._channel is None:
            return
        channel, self._channel = self._channel, None
        try:
            if self._session is not None:
                wrote = any(result.event.status != OK or result.event.action  # else there is no journal
                            for result in self._results.values())
                is_done = is_kept and wrote and self._is_whole and self._around.job.mode == APPLY
                async with asyncio.timeout(GOODBYE_S):
                    await self._session.leave(self._around.job.run if is_done else "")
        except (TimeoutError, Unreachable, LocalProtocolError):
            pass  # broken, or in the middle of something: closing says it all
        finally:
            await channel.close()

    # -- contact ---------------------------------------------------------------------------------------------------

    async def _collect(self, session: Session, unfinished: Sequence[Any]) -> None:
        for wire in unfinished:
            run, result = earlier(self.host, wire)
            if await self._around.collect(run, result):
                await session.forget([run])
                counts = ", ".join(f"{count} {status}" for status, count in sorted(result.counts().items()))
                what = f"results of run {run} were collected: {counts or 'none'}"
                told = result.message.partition("\n")[0] if result.status == "failed" else ""  # taken back, say
                self._around.emit(Noticed(self.host, f"{what}; {told}" if told else what))

    # -- work ------------------------------------------------------------------------------------------------------

    async def _carried_out(self, graph: HostGraph) -> Mapping[str, Any]:
        assert self._session is not None
        job, session = self._around.job, self._session
        held = job.held_to(graph) if not self._before else None  # the plan had no more to say from there on
        order = Order(job.run, job.mode, job.who, [node.to_wire() for node in graph.nodes], graph.secrets,
                      functools.cache(lambda: _blobs(graph)), job.blob, held, await self._earlier(graph), job.confirm_s,
                      job.seal)

        def on_events(wire: Sequence[Any]) -> None:
            for event in events_of(wire, len(graph.nodes)):
                if not self._is_told(event):
                    result = self._results[event.node] = result_of(graph, event)
                    self._around.emit(ResourceDone(self.host, result))

        def on_output(node: int, stream: str, text: str) -> None:
            if not 0 <= node < len(graph.nodes):
                raise RemoteProtocolError("output of a resource that is not in its graph")
            self._around.emit(OutputCame(self.host, graph.nodes[node].id, stream, text))

        try:
            async with asyncio.timeout(None) as patience:
                minding = asyncio.create_task(self._mind(session, patience))
                try:
                    return await session.carry_out(order, on_events, on_output)
                finally:
                    minding.cancel()
                    await asyncio.wait([minding])
        except TimeoutError:
            raise self._stopped(graph) from None
        except Unreachable as error:
            if patience.when() is not None:  # it was told to stop now, and did not say another word
                raise self._stopped(graph) from None
            raise Failure("unreachable", f"{error.what}; {GOES_ON}", error.mend) from None

    def _is_told(self, event: Event) -> bool:
        """Whether nothing new has come of a resource since the host was booted anew."""
        before = self._before.get(event.node)
        if before is None or before.event.status not in (OK, CHANGED):
            return False
        return event.status == OK or (event.status == CHANGED and event.message == NOT_AGAIN)

    async def _back_again(self, within_s: float) -> None:
        """Waits until the host has been booted anew, and greets it. Raises Failure."""
        assert self._channel is not None
        self._before = dict(self._results)
        self._around.emit(Noticed(self.host, f"is booted anew; it is waited for, {within_s:g} s at most"))
        await self._channel.close()
        self._channel = self._session = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_least(within_s, self._left_s())):
                while not await self._is_booted_anew():
                    if self._around.stop.level:
                        raise Failure("interrupted", f"{self._around.stop.why}; it was about to be booted anew", "")
                    await asyncio.sleep(AGAIN_S)
                return
        raise Failure("unreachable", f"it was to be booted anew, and was not back within {within_s:g} s",
                      "look at its console; `holdfast apply --resume` goes on from there")

    async def _is_booted_anew(self) -> bool:
        try:
            channel = await self._around.open(self.host)
        except Unreachable:
            return False
        self._channel, self._session = channel, Session(channel)
        with contextlib.suppress(Unreachable, RemoteProtocolError):
            greeting = await self._session.greet(self._around.job.who)
            if greeting.boot != self._boot:
                self._boot = greeting.boot
                return True
        await channel.close()
        self._channel = self._session = None
        return False

    async def _confirmed(self) -> None:
        """Reaches the host once more, over a new connection, and says so. Raises Failure."""
        assert self._channel is not None
        limit_s = self._around.job.confirm_s or 0.0
        await self._channel.close()
        self._channel = self._session = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                while True:
                    if await self._is_confirmed():
                        return
                    await asyncio.sleep(AGAIN_S)
        raise Failure("unreachable", f"it could not be reached again within {limit_s:g} s after the change, and takes "
                      "the change back by itself", "the next contact tells what came of it")

    async def _is_confirmed(self) -> bool:
        """False: try again. Raises Failure when it is too late."""
        try:
            channel = await self._around.open(self.host)
        except Unreachable:
            return False
        self._channel, self._session = channel, Session(channel)
        try:
            await self._session.greet(self._around.job.who)
            if await self._session.confirm(self._around.job.run):
                return True
        except (Unreachable, RemoteProtocolError):
            await channel.close()
            return False
        raise Failure("failed", "it was reached again too late, and has taken the change back")

    async def _earlier(self, graph: HostGraph) -> Mapping[int, Mapping[str, Any] | None]:
        ask = self._around.job.earlier
        known = await ask(self.host) if ask is not None else {}
        found = {number: known[node.id] for number, node in enumerate(graph.nodes) if node.id in known}
        found.update({number: result.event.outputs for number, result in self._before.items()
                      if result.event.status == CHANGED})
        return found

    async def _mind(self, session: Session, patience: asyncio.Timeout) -> None:
        """Passes requests to stop on to the host; the host's time limit is one to stop now."""
        stop = self._around.stop
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._left_s()):
                await stop.wait(1)
                await _cancel(session, now=False)
                await stop.wait(2)
        patience.reschedule(asyncio.get_running_loop().time() + GOODBYE_S)
        await _cancel(session, now=True)

    def _stopped(self, graph: HostGraph) -> Failure:
        known = f"{len(self._results)} of {len(graph.nodes)} resources have a result; {GOES_ON}"
        if self._is_late():
            return Failure("timed_out", f"{self._too_long()}; {known}")
        return Failure("timed_out" if self._around.is_over_time else "interrupted", f"{self._around.stop.why}; {known}")

    def _status(self, results: Sequence[Result]) -> str:
        status = status_of(results)
        if status == INTERRUPTED and (self._around.is_over_time or self._is_late()):
            return "timed_out"
        return status

    def _why_early(self) -> str:
        """Why a host that told all its results did not do all of them; "" when a resource's own limit was to blame."""
        if self._is_late():
            return self._too_long()
        return self._around.stop.why

    # -- time and failures -----------------------------------------------------------------------------------------

    def seconds(self) -> float:
        """How long this host has been busy for us; waiting for its turn does not count."""
        return self._spent_s + (time.monotonic() - self._since if self._since else 0.0)

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        self._since = time.monotonic()
        try:
            yield
        finally:
            self._spent_s, self._since = self.seconds(), 0.0

    @contextlib.contextmanager
    def _failing(self) -> Iterator[None]:
        """Whatever goes wrong becomes a Failure."""
        try:
            yield
        except Failure:
            raise
        except Unreachable as error:
            raise Failure("unreachable", error.what, error.mend) from None
        except HostRefused as error:
            is_held = error.error == "Held"
            raise Failure("refused" if is_held else "failed", str(error), HELD_MEND if is_held else "") from None
        except RemoteProtocolError as error:
            raise Failure("failed", f"the host answers nonsense: {error}") from None
        except LocalProtocolError as error:  # nothing of it was sent
            raise Failure("failed", f"cannot be told to the host: {error}", TOO_LARGE) from None
        except TimeoutError:
            raise Failure("timed_out", self._too_long()) from None
        except Exception as error:  # a defect of ours: reported as this host's result, the others go on
            raise Failure("failed", f"{type(error).__name__}: {error}", "this is a defect of Holdfast") from error

    def _too_long(self) -> str:
        return f"took longer than {self._around.job.rollout.host_s or 0.0:g} s"

    def _left_s(self) -> float | None:
        limit = self._around.job.rollout.host_s
        return None if limit is None else max(0.0, limit - self.seconds())

    def _is_late(self) -> bool:
        left = self._left_s()
        return left is not None and left <= 0


def _least(one: float, other: float | None) -> float:
    return one if other is None else min(one, other)


async def _cancel(session: Session, *, now: bool) -> None:
    """Asks a host to stop; one that takes no more words is not waited for."""
    with contextlib.suppress(TimeoutError, Unreachable):  # whoever reads is told the same
        async with asyncio.timeout(GOODBYE_S):
            await session.cancel(now=now)


def _blobs(graph: HostGraph) -> frozenset[str]:
    """The names of all contents that a graph refers to."""
    return frozenset(blob.sha256 for node in graph.nodes for blob in _blobs_in(from_wire(node.args)))


def _blobs_in(value: Any) -> Iterator[Blob]:
    if isinstance(value, Blob):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _blobs_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from _blobs_in(item)
