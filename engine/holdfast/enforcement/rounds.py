"""One round of an association: look at its hosts, decide, put back what has drifted, and keep all of that."""
from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from holdfast.carrying import settle
from holdfast.compiler.model import HostGraph
from holdfast.declared import Digests, without
from holdfast.documents.association import Association
from holdfast.enforcement import events
from holdfast.enforcement.announcing import announce
from holdfast.enforcement.deciding import Findings, Known, Verdict, fight_s, findings, met, standing
from holdfast.executor.model import HostResult, Job, RunDone
from holdfast.executor.stop import Stop
from holdfast.project import Project, who
from holdfast.store import enforced, new_run_id, rows
from holdfast.store.model import ENFORCING, UNDECLARED, Episode, Standing
from holdfast_host.sealing import KEY_BYTES

LOOK_S = 600.0  # the longest time for one host where the documents say nothing
REPAIR_S = 3600.0
PATIENCE_S, TICK_S = 5.0, 0.05  # how long hosts are waited for that another association changes, and how that is seen
NOT_ASKED = frozenset({"untouched", "interrupted"})
Tell = Callable[[events.Event], None]


@dataclass(frozen=True, slots=True)
class RoundDone:
    """results: by host, the last that became of it: a look, or a repair. busy: hosts that another run held when
    something was to be put back there. run: the one that put things right; "": nothing was to be."""

    association: str
    results: Mapping[str, HostResult]
    standings: tuple[Standing, ...]
    busy: frozenset[str] = frozenset()
    run: str = ""


class NotOurs(Exception):
    """Another process keeps the association by now."""


class Round:
    """One round. changing: hosts that are being changed now; what is to be put back there by another association waits
    for a moment, and then for its next try, so that one host which takes long holds up nothing elsewhere. keeps: is the
    association still ours?"""

    def __init__(self, project: Project, association: Association, tell: Tell, stop: Stop, changing: set[str],
                 keeps: Callable[[str], bool]) -> None:
        self._project, self._association, self._tell, self._stop = project, association, tell, stop
        self._store, self._changing, self._keeps = project.store, changing, keeps
        self._names = tuple(use.document for use in association.documents)
        self._asker = f"{ENFORCING}{association.name} by {who()}"
        self._graphs: dict[str, HostGraph] = {}
        self._looked: dict[str, HostResult] = {}
        self._known_of: dict[str, Known] = {}
        self._run = ""
        self._busy = frozenset[str]()
        self._ours: set[str] = set()  # of those that are being changed

    async def go(self, hosts: Collection[str] | None = None) -> RoundDone:
        """hosts: only these; None: all that the association means. Raises Problems, and nothing was touched then, and
        NotOurs, and nothing is touched or kept any more."""
        looked = await self._look(self._job(hosts))
        self._check_ours()
        found = await asyncio.to_thread(self._judge, looked)
        await asyncio.to_thread(self._keep_findings, looked, found, hosts is None)
        await self._announce()
        repaired = await self._repair(found)
        self._check_ours()
        busy = self._busy.union(one.host for one in repaired if one.status == "refused")  # they stand as they were seen
        results = {one.host: one for one in looked.results} | {one.host: one for one in repaired
                                                               if one.host not in busy}
        standings = await asyncio.to_thread(self._keep_standings, results, found)
        await self._announce()
        return RoundDone(self._association.name, results, standings, busy, self._run)

    def _check_ours(self) -> None:
        """Time may have passed: a machine slept, or the store was away."""
        if not self._keeps(self._association.name):
            raise NotOurs

    async def _announce(self) -> None:
        await asyncio.to_thread(announce, self._store, self._association, self._project.secrets, self._tell)

    # -- looking -----------------------------------------------------------------------------------------------------

    def _job(self, hosts: Collection[str] | None) -> Job:
        job = self._project.job_of(self._names, self._association.expression, self._asker)
        self._rollout = job.rollout
        job = replace(job, rollout=replace(job.rollout, host_s=job.rollout.host_s or LOOK_S))
        self._graphs = dict(job.graphs)
        make = job.graph_of

        def graph_of(host: str, facts: Mapping[str, Any]) -> HostGraph:
            self._graphs[host] = make(host, facts)
            return self._graphs[host]

        job = replace(job, graph_of=graph_of)
        if hosts is None:
            return job
        return replace(job, needs_facts=job.needs_facts.intersection(hosts), connections={
            host: connection for host, connection in job.connections.items() if host in hosts})

    async def _look(self, job: Job) -> RunDone:
        self._job_done = job
        return await self._project.look_async(job, lambda _: None, self._stop)

    # -- deciding ----------------------------------------------------------------------------------------------------

    def _judge(self, looked: RunDone) -> dict[str, Findings]:
        """By host, of those that have answered."""
        now, association = time.time(), self._association
        answered = [one for one in looked.results if one.results and one.host in self._graphs]
        known, digests = self._known(answered, now), Digests()
        self._looked, self._known_of = {one.host: one for one in answered}, known
        interval_s = association.schedule.interval_s(now)
        return {one.host: findings(
            one, self._graphs[one.host], digests.of(self._graphs[one.host]), known[one.host],
            association=association.name, is_reapplied=association.action == "reapply", damping=association.damping,
            interval_s=interval_s, now=now) for one in answered}

    def _known(self, answered: Sequence[HostResult], now: float) -> dict[str, Known]:
        store, held, hosts = self._store, self._project.holds(), [one.host for one in answered]
        differing = {host.host: ids for host in answered
                     if (ids := {one.id for one in host.results if one.status == "pending"})}
        settled = store.ask(lambda connection: enforced.settled_nodes(connection, hosts))
        opened: dict[str, dict[str, Episode]] = {host: {} for host in hosts}
        for one in store.ask(lambda connection: enforced.open_drift(connection, hosts)):
            opened[one.host][one.id] = one
        past: dict[str, dict[str, list[Episode]]] = {host: {} for host in hosts}
        since = now - fight_s(self._association.damping, self._association.schedule.interval_s(now))
        for one in store.ask(lambda connection: enforced.past(connection, differing, since)):
            past[one.host].setdefault(one.id, []).append(one)
        return {host: Known(opened[host], past[host], settled.get(host, {}), held.get(host, {})) for host in hosts}

    def _keep_findings(self, looked: RunDone, found: Mapping[str, Findings], is_whole: bool) -> None:
        """Drift that is there and drift that is over, in one transaction; then what was seen to be in state."""
        now, name = time.time(), self._association.name
        seen = [self._seen_row(host, verdict, looked.run, now) for host, one in found.items()
                for verdict in one.verdicts]
        over = [_over_row(episode, now, "") for one in found.values() for episode in one.over]
        over += [_over_row(episode, now, UNDECLARED) for one in found.values() for episode in one.undeclared]
        gone: list[dict[str, Any]] = []
        if is_whole:  # hosts that are not kept any more
            meant = self._job_done.connections
            gone = [{"association_": name, "host_": one.host} for one in self._store.ask(
                lambda connection: enforced.standings(connection, name)) if one.host not in meant]
            over += [_over_row(one, now, UNDECLARED) for one in self._store.ask(enforced.open_drift)
                     if one.association == name and one.host not in meant]
        self._store.write({"over": over, "gone": [{key: row[key] for key in ("host_", "digest_")} for row in over],
                           "seen": seen, "unkept": gone}).result()
        settle(self._project.store, self._graphs, [one for one in looked.results if one.host in self._graphs])

    def _seen_row(self, host: str, verdict: Verdict, run: str, now: float) -> dict[str, Any]:
        one = verdict.result
        return {"host": host, "digest": rows.digest_of(one.id), "id": one.id, "first_seen": now, "run": run,
                "association": self._association.name, "cause": verdict.cause, **rows.change_row(one.event),
                "stopped": verdict.stopped, "told": "drift" if verdict.decision == "held" else ""}

    # -- putting back ------------------------------------------------------------------------------------------------

    async def _repair(self, found: Mapping[str, Findings]) -> tuple[HostResult, ...]:
        """What became of the hosts on which something was to be put back. What is held, and what is fought over, is
        left alone."""
        wanted = [host for host, one in found.items() if one.wants_repair]
        if self._stop.level or self._association.action != "reapply":
            return ()
        self._busy = await self._changed_by_others(wanted)
        hosts = [host for host in wanted if host not in self._busy]
        if not hosts:
            return ()
        held = self._project.holds()
        graphs = {host: without(self._graphs[host], {
            **held.get(host, {}),
            **{one.result.id: "it drifts again and again, and is left alone" for one in found[host].of("fight")}})
            for host in hosts}
        before = self._job_done
        job = replace(before, run=new_run_id(time.time()), mode="apply", graphs=graphs, needs_facts=frozenset(),
                      connections={host: before.connections[host] for host in hosts},
                      seal=secrets.token_hex(KEY_BYTES),
                      rollout=replace(self._rollout, host_s=self._rollout.host_s or REPAIR_S))
        self._check_ours()
        self._run = job.run
        self._ours = set(hosts)
        self._changing |= self._ours
        try:
            done = await self._project.carry_out_async(job, self._names, self._association.expression, lambda _: None,
                                                       self._stop, lambda result: self._met_rows(result, job.run))
        finally:
            self._changing -= self._ours
        return done.results

    async def _changed_by_others(self, wanted: Collection[str]) -> frozenset[str]:
        """Those of these hosts on which another association puts something back, and is not soon done."""
        last = time.monotonic() + PATIENCE_S
        while time.monotonic() < last and not self._stop.level:
            if self._changing.isdisjoint(wanted):
                break
            await asyncio.sleep(TICK_S)
        return frozenset(self._changing.intersection(wanted))

    def _met_rows(self, repaired: HostResult, run: str) -> list[dict[str, Any]]:
        """Drift that came between the look and the repair, which was over as soon as it was seen."""
        host, now = repaired.host, time.time()
        self._changing.discard(host)  # others of this run may take long, and this one may be another's by its end
        self._ours.discard(host)
        graph = self._graphs[host]
        found = met(self._looked[host], repaired, graph, Digests().of(graph), self._known_of[host])
        return [{**self._seen_row(host, one, run, now), "ended": now, "ended_by": run} for one in found]

    # -- how hosts stand ---------------------------------------------------------------------------------------------

    def _keep_standings(self, results: Mapping[str, HostResult], found: Mapping[str, Findings]) -> tuple[Standing, ...]:
        now, name = time.time(), self._association.name
        before = {one.host: one for one in self._store.ask(lambda connection: enforced.standings(connection, name))}
        made = tuple(_standing(name, one, found.get(host), before.get(host), now) for host, one in results.items()
                     if not (self._stop.level and one.status in NOT_ASKED))  # who is stopped knows nothing new
        self._store.write({"kept": [{
            "association": one.association, "host": one.host, "status": one.status, "asked": one.asked,
            "good": one.good, "since": one.since, "message": one.message, "told": one.told} for one in made]}).result()
        return made


def _over_row(episode: Episode, now: float, by: str) -> dict[str, Any]:
    return {"host_": episode.host, "digest_": rows.digest_of(episode.id), "now_": now, "by_": by}


def _standing(association: str, result: HostResult, found: Findings | None, before: Standing | None,
              now: float) -> Standing:
    status, message = standing(result.status, found)
    if status in events.BAD:
        message = result.message or next((f"{one.id}: {one.event.message.partition(chr(10))[0]}"
                                          for one in result.results if one.status in ("failed", "timed_out")), "")
    is_same = before is not None and before.status == status
    good = now if status == "good" else before.good if before else None
    return Standing(association, result.host, status, now, good, before.since if before and is_same else now, message,
                    before.told if before else "")
