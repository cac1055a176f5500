"""Carries a job out on all its hosts: facts first where they are needed, then batches within the failure budget."""
from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from holdfast.channels.boot import Archive
from holdfast.channels.model import Channel, Connection
from holdfast.channels.opener import Opener
from holdfast.problems import Problem, Problems
from holdfast_host.graph import APPLY

from . import health
from .model import BAD, Asked, Happening, HostDone, HostResult, HostStarted, Job, Noticed, RunDone, RunStarted
from .rollout import batches, budget, is_spent, room
from .stop import Stop
from .visit import Failure, Visit

NOTHING = "by its facts nothing is declared for it"
KEPT_OPEN = 200  # connections that are held between facts and graph; the other hosts are contacted a second time
LAST_S = 10.0  # after the run's time limit: how long what is in hand may take to end by itself

Emit = Callable[[Happening], None]
Begin = Callable[[RunStarted], Awaitable[None]]
Keep = Callable[[HostResult], Awaitable[None]]
Collected = Callable[[str, HostResult], Awaitable[bool]]
Open = Callable[[Connection, Archive], Awaitable[Channel]]


async def execute(job: Job, archive: Archive, emit: Emit, stop: Stop, *, begin: Begin | None = None,
                  keep: Keep | None = None, collected: Collected | None = None,
                  open_channel: Open | None = None) -> RunDone:
    """Carries a job out; every host of it has exactly one result at the end.

    emit is told all that happens, in order. begin stores the run itself: no host is contacted before. keep stores a
    host's result before the host is told to forget it, and before HostDone; collected does so for a run (its id) that
    an earlier controller lost sight of, and says whether it has. Whatever these raise ends the run as one request to
    stop does, and is raised when no host is in hand.

    The graphs that need facts are made, all of them, before any host is given one: raises Problems when one cannot be,
    and nothing has been touched then. Batches and the budget hold for apply; a plan harms nobody and looks at all.
    When the budget is spent no host is given a graph any more; those in hand go on to their end (see rollout.room).
    """
    async with contextlib.AsyncExitStack() as stack:
        if open_channel is None:
            channels = {connection.channel for connection in job.connections.values()}
            opener = Opener(channels, lambda host, said: run.emit(Noticed(host, said)))
            open_channel = (await stack.enter_async_context(opener)).open
        run = _Run(job, archive, emit, stop, begin, keep, collected, open_channel)
        return await run.go()


class _Run:
    """One run's state; see execute."""

    def __init__(self, job: Job, archive: Archive, emit: Emit, stop: Stop, begin: Begin | None, keep: Keep | None,
                 collected: Collected | None, open_channel: Open) -> None:
        self.job, self.stop, self.is_over_time = job, stop, False
        self._archive, self._tell, self._begin, self._keep, self._collected = archive, emit, begin, keep, collected
        self._open = open_channel
        self._started = time.time()
        self._results: dict[str, HostResult] = {}
        self._graphs = dict(job.graphs)
        self._facts: dict[str, Mapping[str, Any]] = {}
        self._held: dict[str, Visit] = {}  # contacted for facts, waiting for their graph
        self._budget = budget(job.rollout.error_budget, len(job.connections)) if job.mode == APPLY else None
        self._bad, self._working = 0, 0
        self._stopped = ""  # why no host is given a graph any more
        self._no_more = asyncio.Event()
        self._moved = asyncio.Event()
        self._fault: Exception | None = None  # what begin, keep, collected or emit raised

    async def go(self) -> RunDone:
        """See execute."""
        job, began = self.job, time.monotonic()
        hosts = tuple(job.connections)
        asked: Asked = "drift" if job.is_for_drift else job.mode
        started = RunStarted(job.run, asked, (*hosts, *job.left_out), job.who, self._started)
        self.emit(started)
        async with self._accompanied():
            try:
                await self._unless_no_more(self._store(started))
                await self._gather_facts([host for host in hosts if host in job.needs_facts])
                sizes = job.rollout.batches if job.mode == APPLY else ()
                await self._go_through(batches(hosts, sizes))
            finally:
                for visit in list(self._held.values()):
                    await visit.leave()
        for host, why in job.left_out.items():
            await self._settle(HostResult(host, "untouched", message=why))
        for host in hosts:
            if host not in self._results:
                await self._settle(HostResult(host, "untouched", message=f"the run had stopped: {self._stopped}"))
        if self._fault is not None:
            raise self._fault
        done = RunDone(job.run, tuple(self._results[host] for host in (*hosts, *job.left_out)), self._stopped,
                       time.monotonic() - began, self._facts, job.declared)
        self.emit(done)
        return done

    # -- what a visit needs ------------------------------------------------------------------------------------------

    def emit(self, happening: Happening) -> None:
        """A report that breaks must leave no host half done: it stops the run in good order."""
        try:
            self._tell(happening)
        except Exception as error:  # raised again at the end of `go`
            self._break(error)

    async def open(self, host: str) -> Channel:
        """A channel to a host. Only who applies may have Python installed on it."""
        connection = self.job.connections[host]
        if self.job.mode != APPLY and connection.installs_python:
            connection = replace(connection, installs_python=False)
        return await self._open(connection, self._archive)

    async def collect(self, run: str, result: HostResult) -> bool:
        """Keeps what an earlier run left on a host."""
        if self._collected is None:
            return False
        try:
            return await self._collected(run, result)
        except Exception as error:  # raised again at the end of `go`
            self._break(error)
            return False

    # -- facts -------------------------------------------------------------------------------------------------------

    async def _gather_facts(self, hosts: Sequence[str]) -> None:
        if not hosts or self._no_more.is_set():
            return
        what = "the way back" if self.job.undoes else "its facts" if len(hosts) == 1 else "their facts"
        self.emit(Noticed("", f"asking {_hosts(len(hosts))} for {what}"))
        await self._each(self._ask, hosts)
        problems: list[Problem] = []
        for host in hosts:
            if host in self._facts and not self._no_more.is_set():
                try:
                    self._graphs[host] = self.job.graph_of(host, self._facts[host])
                except Problems as found:
                    problems += found.problems
                await asyncio.sleep(0)  # connections that wait are kept alive meanwhile
        if problems:
            raise Problems(dict.fromkeys(problems))

    async def _ask(self, host: str) -> None:
        visit = Visit(host, self)
        is_held = False
        try:
            await visit.contact()
            self._facts[host] = await visit.ask()
            if len(self._held) < KEPT_OPEN:
                self._held[host], is_held = visit, True
        except Failure as failure:
            if not self._no_more.is_set():
                self.emit(HostStarted(host, 0))
                await self._settle(_failed(host, failure, visit))
        finally:
            if not is_held:
                await visit.leave()

    # -- batches -----------------------------------------------------------------------------------------------------

    async def _go_through(self, rounds: Sequence[Sequence[str]]) -> None:
        for number, batch in enumerate(rounds, 1):
            hosts = [host for host in batch if host not in self._results]
            if len(rounds) > 1 and hosts and not self._no_more.is_set():
                self.emit(Noticed("", f"batch {number} of {len(rounds)}: {_hosts(len(batch))}"))
            await self._each(self._serve, hosts)
            self._heed_lost(batch, number, len(rounds))
            if number < len(rounds) and not self._no_more.is_set():
                await self._unless_no_more(self._between(number, len(rounds)))

    def _heed_lost(self, batch: Sequence[str], number: int, of: int) -> None:
        """Without a budget, a batch in which nothing went well is reason enough to stop."""
        bad = [host for host in batch if host in self._results and self._results[host].status in BAD]
        if self.job.mode == APPLY and self._budget is None and of > 1 and len(bad) == len(batch):
            self._end(f"all of batch {number} went wrong ({_hosts(len(bad))})" if len(bad) > 1
                      else f"{bad[0]}, all of batch {number}, went wrong")

    async def _between(self, number: int, of: int) -> None:
        """A pause, then the health check."""
        rollout = self.job.rollout
        if rollout.pause_s:
            self.emit(Noticed("", f"pausing for {rollout.pause_s:g} s after batch {number} of {of}"))
            await asyncio.sleep(rollout.pause_s)
        if rollout.health_check is None:
            return
        self.emit(Noticed("", f"health check after batch {number} of {of}"))
        environment = {"HOLDFAST_RUN": self.job.run, "HOLDFAST_BATCH": str(number),
                       "HOLDFAST_HOSTS": " ".join(host for host in self.job.connections if host in self._results)}
        said = await health.trouble(rollout.health_check, self.job.folder, environment)
        if said:
            self._end(f"the health check after batch {number} failed: {said}")

    async def _each(self, do: Callable[[str], Awaitable[None]], hosts: Sequence[str]) -> None:
        """For every host, so many at a time; none is begun once there are to be no more."""
        queue = iter(hosts)

        async def worker() -> None:
            for host in queue:
                if self._no_more.is_set():
                    return
                await do(host)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(max(1, self.job.rollout.at_once), len(hosts))):
                group.create_task(worker())

    async def _serve(self, host: str) -> None:
        """One host from contact to result."""
        graph = self._graphs[host]
        visit = self._held.pop(host, None)
        self.emit(HostStarted(host, len(graph.nodes)))
        is_contacted, visit = visit is not None, visit or Visit(host, self)
        is_kept = False
        try:
            if not is_contacted and not await self._unless_no_more(visit.contact()):
                return
            if not await self._admitted():
                return
            result = await visit.work(graph)
            if host in self.job.needs_facts and self.job.declared.get(host) and not graph.nodes:
                result = replace(result, message=NOTHING)
            self._working -= 1
            is_kept = await self._settle(result)
        except Failure as failure:
            if await self._admitted():  # it spends the budget too; if not, it is one of those that were not touched
                self._working -= 1
                await self._settle(_failed(host, failure, visit))
        finally:
            await visit.leave(is_kept)

    async def _unless_no_more(self, deed: Awaitable[None]) -> bool:
        """Whether it was done before there were to be no more. Raises what it raises."""
        making = asyncio.ensure_future(deed)
        ending = asyncio.ensure_future(self._no_more.wait())
        try:
            await asyncio.wait({making, ending}, return_when=asyncio.FIRST_COMPLETED)
            if making.done():
                making.result()
            return making.done()
        finally:
            for task in (making, ending):
                task.cancel()
            await asyncio.wait({making, ending})
            if not making.cancelled():
                making.exception()  # seen, also when it came together with the end

    async def _admitted(self) -> bool:
        """Waits for room within the budget; False when there is to be no more."""
        while not self._no_more.is_set():
            if room(self._budget, self._bad, self._working):
                self._working += 1
                return True
            await self._moved.wait()
        return False

    # -- results and endings -----------------------------------------------------------------------------------------

    async def _settle(self, result: HostResult) -> bool:
        """A host has its result; whether it is kept."""
        self._results[result.host] = result
        if result.status in BAD:
            self._bad += 1
            if is_spent(self._budget, self._bad):
                limit = self.job.rollout.error_budget
                self._end(f"{_hosts(self._bad)} went wrong, and the error budget is {limit} ({_hosts(self._budget)})")
        self._wake()
        is_kept = False
        if self._keep is not None:
            try:
                await self._keep(result)
                is_kept = True
            except Exception as error:  # raised again at the end of `go`; hosts keep what cannot be kept here
                self._keep = None
                self._break(error)
        self.emit(HostDone(result))
        return is_kept

    def _end(self, why: str) -> None:
        self._stopped = self._stopped or why
        self._no_more.set()
        self._wake()

    def _break(self, error: Exception) -> None:
        self._fault = self._fault or error
        self.stop.raise_to(1, f"the report or the store failed: {error}")
        self._end(self.stop.why)

    def _wake(self) -> None:
        """Whoever waits for room looks again."""
        self._moved.set()
        self._moved = asyncio.Event()

    @contextlib.asynccontextmanager
    async def _accompanied(self) -> AsyncIterator[None]:
        """Heeds requests to stop and the run's time limit meanwhile."""
        beside = [asyncio.create_task(one) for one in (self._heed(), self._keep_time())]
        try:
            yield
        finally:
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)

    async def _store(self, started: RunStarted) -> None:
        if self._begin is None:
            return
        try:
            await self._begin(started)
        except Exception as error:  # raised again at the end of `go`
            self._break(error)

    async def _heed(self) -> None:
        await self.stop.wait(1)
        self._end(self.stop.why)

    async def _keep_time(self) -> None:
        limit = self.job.rollout.run_s
        if limit is not None:
            await asyncio.sleep(limit)
            self.is_over_time = self.stop.level == 0
            self.stop.raise_to(1, f"the run took longer than {limit:g} s")
            await asyncio.sleep(LAST_S)
            self.stop.raise_to(2, self.stop.why)


def _failed(host: str, failure: Failure, visit: Visit) -> HostResult:
    return HostResult(host, failure.status, message=failure.message, mend=failure.mend, seconds=visit.seconds())


def _hosts(number: int | None) -> str:
    return "1 host" if number == 1 else f"{number or 0} hosts"
