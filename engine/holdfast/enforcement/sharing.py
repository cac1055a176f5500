"""Processes that share a store share the work: each association is kept by one, and the others stand by for it."""
from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection

from holdfast.enforcement import events
from holdfast.problems import Problem, Problems
from holdfast.project import who
from holdfast.reports.holding import keeper_words
from holdfast.store import Store
from holdfast.store.life import Controller

Tell = Callable[[events.Event], None]
SEEN_ANEW_S = 5.0  # how often it is looked whether somebody else's association is free now


class Share:
    """What this process keeps. tell: is told for which associations it stands by, each once for each keeper."""

    def __init__(self, store: Store, tell: Tell) -> None:
        self._store, self._tell = store, tell
        self._stood_by: dict[str, Controller] = {}
        self._taken: set[str] = set()
        self._looked = -SEEN_ANEW_S

    def keeps(self, association: str) -> bool:
        """Is it ours, and sure to be so for the next seconds?"""
        return self._store.keeps(association)

    async def take(self, associations: Collection[str]) -> list[str]:
        """Takes what nobody keeps, and lets go of what is not asked for any more; what is new. Raises Problems."""
        gone = self._taken.difference(associations)
        if gone:
            await asyncio.to_thread(self._store.let_go, tuple(gone))
            self._taken -= gone
        wanted = [name for name in associations if not self.keeps(name)]
        if not wanted or time.monotonic() - self._looked < SEEN_ANEW_S:
            return []
        self._looked = time.monotonic()
        return [name for name in wanted if await self._try(name)]

    async def take_all(self, associations: Collection[str]) -> None:
        """All of them, or none. Raises Problems."""
        problems = []
        for name in associations:
            holder = await asyncio.to_thread(self._store.keep_association, name, who())
            if holder.is_this_process:
                self._taken.add(name)
            else:
                problems.append(Problem(keeper_words(name, holder.process.pid, holder.who, holder.since), None,
                                        "leave it to that one, or end it first: two would repair the same hosts"))
        if problems:
            await self.let_go()
            raise Problems(problems)

    async def let_go(self) -> None:
        """Others may take what was ours."""
        taken, self._taken = tuple(self._taken), set()
        await asyncio.to_thread(self._store.let_go, taken)

    async def _try(self, name: str) -> bool:
        holder = await asyncio.to_thread(self._store.keep_association, name, who())
        if holder.is_this_process:
            self._taken.add(name)
            if self._stood_by.pop(name, None):
                self._tell(events.taken_over(name))
            return True
        if self._stood_by.get(name) != holder.process:
            self._stood_by[name] = holder.process
            self._tell(events.stands_by(holder))
        return False
