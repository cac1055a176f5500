"""Asking a run to stop: once to finish what is in hand, twice to stop now."""
from __future__ import annotations

import asyncio


class Stop:
    """A request to stop, made by a person (Ctrl-C), or by the run's own limits. To be used in one event loop."""

    def __init__(self) -> None:
        self.level = 0  # 0: go on; 1: finish the resource in hand on each host; 2: stop now
        self.why = ""
        self._asked = (asyncio.Event(), asyncio.Event())

    def request(self, why: str = "somebody asked to stop") -> None:
        """One step further. The first reason is kept."""
        self.raise_to(min(self.level + 1, 2), why)

    def raise_to(self, level: int, why: str) -> None:
        """At least to this level."""
        if level > self.level:
            self.why = self.why or why
            self.level = level
            for event in self._asked[:level]:
                event.set()

    async def wait(self, level: int) -> None:
        """Until somebody asks for this level."""
        await self._asked[level - 1].wait()
