"""Keeping associations: a round of each when it is due, hosts that were away again and again in between."""
from __future__ import annotations

import asyncio
import gc
import hashlib
import random
import time
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from holdfast.documents.association import Association, sound
from holdfast.documents.schedules import Schedule
from holdfast.enforcement.announcing import announce
from holdfast.enforcement.hooks import Postman
from holdfast.enforcement.replaced import Installation
from holdfast.enforcement.rounds import NotOurs, Round, RoundDone, Tell
from holdfast.enforcement.sharing import Share
from holdfast.executor.model import HostResult
from holdfast.executor.stop import Stop
from holdfast.problems import Problem, Problems
from holdfast.project import Project
from holdfast.store import enforced
from holdfast.store.life import since_boot
from holdfast_host.values import did_you_mean

AWAY = frozenset({"unreachable", "unknown"})  # hosts that stand so are asked again before the next round
AGAIN_S, AGAIN_MOST_S = 15.0, 600.0  # how soon, at first and later
LOOK_S = 1.0  # how often it is looked whether something is due
STORE_S = 5.0  # how soon a round is made again that the store could not keep
READ_S = 60.0  # how often documents are read where nothing is due
LAST_WORDS_S = 20.0  # how long hooks are waited for at the end


@dataclass
class _Away:
    """A host that could not be asked, or that another run held. next_try: in seconds since the boot, as all that no
    schedule says: clocks are set."""

    tries: int = 0
    next_try: float = 0.0


@dataclass
class Keeper:
    """Keeps a project's associations. names: only these; (): all. tell: is told all that happens. show: is called after
    each round, and at least once a minute."""

    project: Project
    names: Sequence[str]
    tell: Tell
    stop: Stop
    show: Callable[[], None] = lambda: None
    associations: dict[str, Association] = field(default_factory=dict)
    _all: dict[str, Association] = field(default_factory=dict)  # those that are not asked for too
    _due: dict[str, float] = field(default_factory=dict)
    _away: dict[str, dict[str, _Away]] = field(default_factory=dict)
    _in_hand: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _read_at: float = -READ_S
    _shown_at: float = -READ_S
    _changing: set[str] = field(default_factory=set)  # hosts on which one of the associations puts something back
    _unsound: bool = False  # is something wrong in the text of an association?
    _faults: dict[str, str] = field(default_factory=dict)  # what was told last to be wrong, by association

    async def once(self) -> dict[str, dict[str, HostResult]]:
        """One round of each, now; what became of each host, by association. Raises Problems."""
        faults = self.read()
        if self._unsound and not self.names:
            raise Problems(faults)
        self._tell_faults(faults)
        async with self._sharing() as share:
            await share.take_all(self.associations)
            postman = self._postman(share)
            found = {}
            for name, association in self.associations.items():
                if self.stop.level:
                    break
                found[name] = dict((await self._round(association, None)).results)
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORDS_S):
                    await postman.work(until_told=True)
            return found

    async def keep(self) -> bool:
        """Until it is stopped: False; or until Holdfast itself has been replaced on disk and is to be begun anew: True.
        Raises Problems when it cannot begin; what is wrong later is told, and what was right before goes on. What
        another process keeps is left to it, until that has ended."""
        installation, is_replaced = Installation(), False
        self._tell_faults(self.read())
        await asyncio.to_thread(self.project.store.ready)
        async with self._sharing() as share:
            postman = self._postman(share)
            delivering = asyncio.create_task(postman.work())
            try:
                while not self.stop.level:
                    if not self._is_time() or not installation.is_replaced():
                        await self._begin_due(postman, share)
                    elif not self._in_hand and installation.is_settled():
                        is_replaced = True
                        break
                    with suppress(TimeoutError):
                        async with asyncio.timeout(LOOK_S):
                            await self.stop.wait(1)
                if self._in_hand:
                    await asyncio.wait(self._in_hand.values())
            finally:
                delivering.cancel()
                await asyncio.wait([delivering])
            return is_replaced

    @asynccontextmanager
    async def _sharing(self) -> AsyncIterator[Share]:
        self._share = Share(self.project.store, self.tell)
        try:
            yield self._share
        finally:
            with suppress(Problems):  # what cannot be said now is known by our end
                await self._share.let_go()

    def due(self) -> Mapping[str, float]:
        """When the next round of each association begins, in seconds since the epoch."""
        return {name: self._begins(name) for name in self.associations
                if name in self._due and self.project.store.keeps(name)}

    # -- documents ---------------------------------------------------------------------------------------------------

    def read(self) -> Sequence[Problem]:
        """Reads documents and inventory anew; what is wrong in documents. An association that cannot be read stays what
        it was; one that is not there any more is not kept. Raises Problems when there is none that can be kept."""
        self._read_at = since_boot()
        self.project.read_anew()
        documents, problems = self.project.documents()
        found = sound(documents, problems)
        self._unsound = any(isinstance(one, Association) and name not in found for name, one in documents.items())
        unread = {problem.place.file for problem in problems if problem.place}
        self._all = {name: one for name, one in self._all.items() if one.place.file in unread} | found
        self.associations = {name: one for name, one in self._all.items() if not self.names or name in self.names}
        missing = [Problem(f"there is no association `{name}`", None, did_you_mean(name, self._all))
                   for name in self.names if name not in self._all]
        if not self._all:
            missing.append(Problem("no association is in playbooks/", None,
                                   "write one: `association: NAME`, `documents: …`, `every: 30m`"))
        if missing:
            raise Problems([*problems, *([] if problems else missing)])
        return problems

    def _read_again(self) -> None:
        try:
            self._tell_faults(self.read())
        except Problems as problems:
            self._refused("", problems)

    def _tell_faults(self, found: Sequence[Problem]) -> None:
        """Of documents: what uses them is refused, and all else is kept."""
        if found:
            self._refused("", Problems(found))
        else:
            self._faults.pop("", None)

    def _refused(self, association: str, problems: Problems) -> None:
        """Told once, not at each look."""
        said = str(problems)
        if said != self._faults.get(association):
            self._faults[association] = said
            for problem in problems.problems:
                self.tell({"event": "refused", "association": association, "what": problem.what,
                           "place": str(problem.place or ""), "mend": problem.mend})

    # -- what is due -------------------------------------------------------------------------------------------------

    def _recall(self, names: Collection[str]) -> None:
        """When rounds are due, and who was away, as the store has it: of what this process keeps from now on."""
        store, now = self.project.store, time.time()
        before = store.ask(enforced.rounds_due)
        for name in names:
            self._due[name] = self.associations[name].schedule.after(before[name]) if name in before else now
            self._away[name] = {one.host: _Away() for one in store.ask(enforced.standings)
                                if one.association == name and one.status in AWAY}
            announce(store, self.associations[name], self.project.secrets, self.tell)  # of right before an end

    def _is_time(self) -> bool:
        """Is there anything to read, or to begin?"""
        now, up = time.time(), since_boot()
        return (up - self._read_at > READ_S or any(self._begins(name) <= now for name in self.associations)
                or any(one.next_try <= up for hosts in self._away.values() for one in hosts.values()))

    async def _begin_due(self, postman: Postman, share: Share) -> None:
        now, up = time.time(), since_boot()
        is_due = any(self._begins(name) <= now for name in self.associations
                     if name not in self._in_hand and share.keeps(name))
        if up - self._read_at > READ_S or (is_due and up - self._read_at > LOOK_S):
            self._read_again()
            postman.associations, postman.known = self.associations, frozenset(self._all)
        if up - self._shown_at > READ_S:
            self._show()
        try:
            taken = await share.take(self.associations)
            if taken:
                await asyncio.to_thread(self._recall, taken)
        except Problems as problems:  # the store is away
            self._refused("", problems)
            return
        for name, association in self.associations.items():
            if name in self._in_hand or not share.keeps(name):
                continue
            if self._begins(name) <= now:
                self._take(name, self._whole(association))
                continue
            hosts = [host for host, one in self._away.get(name, {}).items() if one.next_try <= up]
            if hosts:
                self._take(name, self._again(association, hosts))

    def _begins(self, name: str) -> float:
        """With splay; one that is late by more than that begins at once. Later than the next one after now it never is:
        then the clock was set back, or rounds have become more frequent."""
        now, schedule = time.time(), self.associations[name].schedule
        due = self._due[name] = min(self._due.get(name, now), schedule.after(now))
        return due + splay_s(name, due, schedule)

    def _take(self, name: str, work: Coroutine[None, None, None]) -> None:
        self._in_hand[name] = asyncio.create_task(work)
        self._in_hand[name].add_done_callback(lambda task: self._let_go(name, task))

    def _let_go(self, name: str, task: asyncio.Task[None]) -> None:
        """A round that could not be kept is made again soon. One that broke is a defect: it is told, and the next one
        is begun a while later."""
        self._in_hand.pop(name, None)
        gc.collect()  # what a round has left goes before the next one needs as much: else memory grows for hours
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Problems):  # the store is away
            self._refused(name, error)
            self._due[name] = time.time() + STORE_S
        elif error is not None:
            self.tell({"event": "noticed", "message": f"a round of {name} broke: {type(error).__name__}: {error}"})
            self._due[name] = time.time() + READ_S

    async def _whole(self, association: Association) -> None:
        """A whole round. That it was is kept at its end, so that one that was killed is made again."""
        due = self._due[association.name]
        try:
            await self._tried(association, None)
        except NotOurs:
            return  # whoever keeps it now looks for himself
        if self.stop.level:
            return  # perhaps not of all hosts: it is made again at the next start
        nominal = last_due(association.schedule, due, time.time())
        await asyncio.wrap_future(self.project.store.write({"round": [{"association": association.name,
                                                                        "due": nominal}]}))
        self._due[association.name] = association.schedule.after(nominal)

    async def _again(self, association: Association, hosts: Collection[str]) -> None:
        with suppress(NotOurs):
            await self._tried(association, hosts)

    async def _tried(self, association: Association, hosts: Collection[str] | None) -> None:
        """A round; what stops it is told, and ends nothing. Raises NotOurs."""
        try:
            done = await self._round(association, hosts)
        except Problems as problems:
            self._refused(association.name, problems)
            await asyncio.to_thread(self._not_asked, association, problems.problems)
            return
        self._faults.pop(association.name, None)
        self._remember_away(association, done)

    async def _round(self, association: Association, hosts: Collection[str] | None) -> RoundDone:
        began = time.time()
        done = await Round(self.project, association, self.tell, self.stop, self._changing, self._share.keeps).go(hosts)
        counts: dict[str, int] = {}
        for one in done.standings:
            counts[one.status] = counts.get(one.status, 0) + 1
        changed = sum(one.status == "changed" for one in done.results.values())
        self.tell({"event": "round_done", "association": association.name, "began": began,
                   "seconds": round(time.time() - began, 3), "counts": counts, "is_whole": hosts is None,
                   **({"run": done.run, "changed": changed} if done.run else {})})
        self._show()
        return done

    def _show(self) -> None:
        self._shown_at = since_boot()
        try:
            self.show()
        except Problems as problems:  # hosts stand as they do, whether that can be shown or not
            self._refused("", problems)

    def _not_asked(self, association: Association, why: Sequence[Problem]) -> None:
        """Nobody was asked, so nobody is known to be good."""
        store, now, name = self.project.store, time.time(), association.name
        message = f"refused: {Problems(why[:1])}" + (f", and {len(why) - 1} more" if len(why) > 1 else "")
        rows = [{"association": name, "host": one.host, "status": "unknown", "asked": now, "good": one.good,
                 "since": one.since if one.status == "unknown" else now, "message": message,
                 "told": one.told}
                for one in store.ask(lambda connection: enforced.standings(connection, name))]
        store.write({"kept": rows}).result()
        announce(store, association, self.project.secrets, self.tell)

    def _remember_away(self, association: Association, done: RoundDone) -> None:
        up, before = since_boot(), self._away.setdefault(association.name, {})
        most_s = min(AGAIN_MOST_S, association.schedule.interval_s(time.time()))
        for one in done.standings:
            if one.status not in AWAY and one.host not in done.busy:
                before.pop(one.host, None)
                continue
            away = before.setdefault(one.host, _Away())
            wait_s = min(most_s, AGAIN_S * 2 ** min(away.tries, 10)) * random.uniform(0.75, 1.25)  # noqa: S311  # no secret
            away.tries, away.next_try = away.tries + 1, up + wait_s

    # -- telling -----------------------------------------------------------------------------------------------------

    def _postman(self, share: Share) -> Postman:
        postman = Postman(self.project.store, self.project.folder,
                          lambda said: self.tell({"event": "noticed", "message": said}), share.keeps)
        postman.associations, postman.known = self.associations, frozenset(self._all)
        return postman


def splay_s(name: str, due: float, schedule: Schedule) -> float:
    """How much later than due a round begins: for each association and time another share of the splay, for one always
    the same."""
    digest = hashlib.sha256(f"{name} {due:.3f}".encode()).digest()
    return schedule.splay_s * int.from_bytes(digest[:4]) / 2**32


def last_due(schedule: Schedule, due: float, now: float) -> float:
    """The time from which the next round is reckoned, after a round that was due then: what was missed meanwhile is
    made up for by the one round."""
    return now if schedule.after(due) <= now else due
