"""The store as the rest of Holdfast sees it. One thread writes: what many hosts bring at once becomes one transaction.

A write gives a Future that is done when the rows are durable: `.result()` waits, `await asyncio.wrap_future(…)` waits
in a loop. Reads are made in the calling thread. Nothing here masks secrets: what arrives is masked at its source.
"""
from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from holdfast.agents.model import AgentState
from holdfast.executor.model import HostResult, RunDone, RunStarted
from holdfast.problems import Problem, Problems
from holdfast.store import rows
from holdfast.store.life import SIGN_EVERY_S, SILENT_AFTER_S, since_boot, this_controller
from holdfast.store.model import Run

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from holdfast.store.database import Database
    from holdfast.store.keepers import Holder
    from holdfast.store.writing import Job

T = TypeVar("T")
MOST_AT_ONCE = 256  # jobs in one transaction
END = None  # what the writer takes for "no more"


class Store:
    """An open store. Close it, or use it in `with`: what is under way is kept first."""

    def __init__(self, where: str) -> None:
        self.where = where
        self._jobs: SimpleQueue[tuple[Job, Future[None]] | None] = SimpleQueue()
        self._opened: Future[Database] = Future()
        self._kept: dict[str, set[str]] = {}  # of runs in hand: the hosts that have a result
        self._keeping: dict[str, float] = {}  # associations that this process keeps: its last sign, by since_boot
        self._thread = threading.Thread(target=self._work, name="holdfast-store", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, where: str | Path) -> Store:
        """where: a path, or a URL of PostgreSQL. Returns at once; the database is opened meanwhile, and what is wrong
        with it comes out of the first use, or of `ready`."""
        return cls(str(where))

    def ready(self) -> None:
        """Waits until the database is open. Raises Problems."""
        self._opened.result()

    def close(self) -> None:
        """Keeps what is under way, then lets go of the database."""
        self._jobs.put(END)
        self._thread.join()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    # -- runs ----------------------------------------------------------------------------------------------------

    def begin_run(self, started: RunStarted, documents: Sequence[str] = (), targets: str = "",
                  request: Mapping[str, Any] | None = None, seal: str = "") -> Future[None]:
        """To be durable before any host is touched. documents: their names; targets: the expression; request: what is
        needed to resume it; seal: the key of what hosts keep to undo it."""
        controller = this_controller()
        self._kept[started.run] = set()
        return self._put({"begin": [{
            "id": started.run, "mode": started.mode, "who": started.who, "started": started.started, "ended": None,
            "status": "running", "stopped": "", "documents": list(documents), "targets": targets,
            "host_count": len(started.hosts), "hosts": list(started.hosts), "machine": controller.machine,
            "boot": controller.boot, "pid": controller.pid, "born": controller.born, "last_sign": started.started,
            "request": request, "seal": seal}]})

    def reopen_run(self, run: str, now: float) -> Future[None]:
        """This process goes on with a run that has ended early. now: seconds since the epoch."""
        controller = this_controller()
        self._kept[run] = set()
        return self._put({"reopen": [{"id_": run, "machine_": controller.machine, "boot_": controller.boot,
                                      "pid_": controller.pid, "born_": controller.born, "last_sign_": now}]})

    def keep(self, run: str, *results: HostResult, agents: Sequence[AgentState] = (),
             met: Sequence[rows.Row] = ()) -> Future[None]:
        """Results of hosts; those that are there already are replaced. agents: how they stand there now; met: drift
        that was over as soon as it was seen."""
        self._kept.get(run, set()).update(result.host for result in results)
        now = time.time()
        return self._put({**_job(run, results), "met": list(met),
                          "agents": [rows.agent_row(run, one, now) for one in agents]})

    async def kept(self, run: str, result: HostResult, agents: Sequence[AgentState] = (),
                   met: Sequence[rows.Row] = ()) -> None:
        """`keep`, and wait until it is durable."""
        import asyncio  # noqa: PLC0415  # who looks up runs needs no loop

        await asyncio.wrap_future(self.keep(run, result, agents=agents, met=met))

    def end_run(self, done: RunDone, ended: float) -> Future[None]:
        """With the results of hosts that were not kept one by one (untouched ones, for the most part)."""
        kept = self._kept.pop(done.run, set())
        job = _job(done.run, [result for result in done.results if result.host not in kept])
        job["end"] = [{"id_": done.run, "ended_": ended, "status_": "stopped" if done.stopped else "done",
                       "stopped_": done.stopped}]
        return self._put(job)

    def collected(self, run: str, result: HostResult) -> bool:
        """Keeps what a host brings of a run whose controller had ended; waits until it is durable. A result that is
        whole already is left as it is. False: the run is not in this store, so the host should keep it for whoever
        asks next."""
        try:
            known = self.run(run)
        except Problems:
            return False
        if known.id != run or result.host not in known.hosts:
            return False
        before = self._database.results(run, [result.host]).get(result.host)
        if before is None or not rows.is_whole(before):
            self.keep(run, rows.with_places(result, before)).result()
        return True

    async def collect(self, run: str, result: HostResult) -> bool:
        """`collected`, without holding up the loop."""
        import asyncio  # noqa: PLC0415

        return await asyncio.to_thread(self.collected, run, result)

    def runs(self, limit: int = 20, applied: bool = False) -> tuple[Run, ...]:
        """The newest first, without the names of their hosts. applied: only those by which somebody applied something:
        no single commands, and none that enforcement has made."""
        return self._database.runs(time.time(), limit, applied)

    def run(self, word: str, applied: bool = False) -> Run:
        """The run with this id, or whose id starts or ends so; `last` is the newest, of those `applied` if there is
        one. Raises Problems."""
        found = self._database.matching(time.time(), self._last(applied) if word == "last" else word)
        if len(found) == 1:
            return found[0]
        if not found:
            raise Problems([Problem("no runs are kept yet" if word == "last" else f"there is no run `{word}`", None,
                                    "" if word == "last" else "see `holdfast runs list`")])
        raise Problems([Problem(f"`{word}` may be one of several runs", None,
                                "say more of it: " + ", ".join(run.id for run in found))])

    def _last(self, applied: bool) -> str:
        return next((run.id for run in self.runs(1, applied) or self.runs(1)), "last")

    def results(self, run: Run) -> tuple[HostResult, ...]:
        """What became of each host of a run, in the order taken. A host without a result is `interrupted` if the run
        is (what the host did will be collected at the next contact), else `untouched`."""
        found = self._database.results(run.id, None)
        return tuple(found.get(host) or _missing(run, host) for host in run.hosts)

    def host_result(self, run: Run, host: str) -> HostResult:
        """What became of one host. Raises Problems when the run does not have it."""
        if host not in run.hosts:
            raise Problems([Problem(f"run {run.id} has no host `{host}`", None, f"see `holdfast runs show {run.id}`")])
        return self._database.results(run.id, [host]).get(host) or _missing(run, host)

    def drift_since(self, hosts: Sequence[str]) -> dict[tuple[str, str], float]:
        """Since when resources of these hosts have been seen not to be as declared, by host and id: the time (seconds
        since the epoch) of the first of the runs that saw it, after the last one that saw or made it right."""
        return self._database.drift_since(hosts)

    def ask(self, question: Callable[[Connection], T]) -> T:
        """What a question, as those of enforced.py, finds in one reading transaction."""
        return self._database.ask(question)

    def alter(self, change: Callable[[Connection], T]) -> T:
        """Makes a change, as those of keepers.py, in one transaction in the calling thread, and waits for it."""
        return self._database.alter(change)

    def write(self, job: Job) -> Future[None]:
        """Rows by the names of the statements in writing.py; they become durable together."""
        return self._put(job)

    def agents(self, hosts: Sequence[str]) -> tuple[AgentState, ...]:
        """How the agents of these hosts stood when that was told last, in the order of the hosts."""
        from holdfast.store.reading import agents_of  # noqa: PLC0415 -- SQLAlchemy

        return self.ask(lambda connection: agents_of(connection, hosts))

    # -- keeping associations ------------------------------------------------------------------------------------

    def keep_association(self, association: str, who: str) -> Holder:
        """Who keeps it from now on: this process, if nobody did or if whoever did has ended."""
        from holdfast.store import keepers  # noqa: PLC0415 -- SQLAlchemy

        now = since_boot()
        holder = self.alter(lambda connection: keepers.take(connection, association, who))
        if holder.is_this_process:
            self._keeping[association] = now
        return holder

    def keeps(self, association: str) -> bool:
        """Does this process keep it, and has nobody been able to take its place?"""
        return since_boot() - self._keeping.get(association, -SILENT_AFTER_S) < SILENT_AFTER_S - SIGN_EVERY_S

    def let_go(self, associations: Sequence[str]) -> None:
        """This process does not keep these any more."""
        from holdfast.store import keepers  # noqa: PLC0415 -- SQLAlchemy

        for association in associations:
            self._keeping.pop(association, None)
        self.alter(lambda connection: keepers.let_go(connection, associations))

    # -- facts ---------------------------------------------------------------------------------------------------

    def keep_facts(self, facts: Mapping[str, Mapping[str, Any]], gathered: float) -> Future[None]:
        """Facts by host; older ones are replaced."""
        return self._put({"facts": [{"host": host, "facts": dict(values), "gathered": gathered}
                                    for host, values in facts.items()]})

    def facts(self, hosts: Sequence[str], newer_than_s: float) -> dict[str, Mapping[str, Any]]:
        """The facts of those hosts that are younger than so many seconds."""
        return self._database.facts(hosts, time.time() - newer_than_s)

    # -- the thread ----------------------------------------------------------------------------------------------

    @property
    def _database(self) -> Database:
        return self._opened.result()

    def _put(self, job: Job) -> Future[None]:
        future: Future[None] = Future()
        future.set_running_or_notify_cancel()  # whoever waits may be cancelled, the write is not
        self._jobs.put((job, future))
        return future

    def _work(self) -> None:
        database = self._open()
        going, last_sign = True, time.monotonic()
        while going:
            taken = self._take()
            going = END not in taken
            jobs = [item for item in taken if item is not END]
            if isinstance(database, Exception):
                for _, future in jobs:
                    future.set_exception(database)
                continue
            if jobs:
                database.write(jobs)
            if time.monotonic() - last_sign >= SIGN_EVERY_S:
                self._give_sign(database)
                last_sign = time.monotonic()
        if not isinstance(database, Exception):
            database.close()

    def _give_sign(self, database: Database) -> None:
        now = since_boot()
        signed = database.give_sign(list(self._kept), list(self._keeping), time.time())
        for association in signed & self._keeping.keys():
            self._keeping[association] = now

    def _open(self) -> Database | Exception:
        try:
            from holdfast.store.database import Database  # noqa: PLC0415 -- SQLAlchemy: 0.15 s

            database = Database(self.where)
        except Exception as error:  # to whoever uses the store first
            self._opened.set_exception(error)
            return error
        self._opened.set_result(database)
        return database

    def _take(self) -> list[tuple[Job, Future[None]] | None]:
        """All that waits; nothing when nothing came until it is time for a sign of life."""
        taken: list[tuple[Job, Future[None]] | None] = []
        try:
            taken.append(self._jobs.get(timeout=SIGN_EVERY_S))
            while len(taken) < MOST_AT_ONCE:
                taken.append(self._jobs.get_nowait())
        except Empty:
            pass
        return taken


def _job(run: str, results: Sequence[HostResult]) -> Job:
    """The hosts' rows; resources' rows that are there already go first."""
    now = time.time()
    of_hosts = [{"run_": run, "host_": result.host} for result in results]
    return {"hosts": [rows.host_row(run, result) for result in results], "forget": of_hosts, "healed": of_hosts,
            "history": [{**row, "now_": now} for row in of_hosts],
            "resources": [row for result in results for row in rows.resource_rows(run, result)],
            "drifted": [row for result in results for row in rows.drift_rows(run, result, now)]}


def _missing(run: Run, host: str) -> HostResult:
    if run.status == "interrupted":
        return HostResult(host, "interrupted", message="the controller ended before this host's result was kept",
                          mend="apply again: what the host did is collected at the next contact")
    return HostResult(host, "untouched", message="not done yet" if run.status == "running" else "")
