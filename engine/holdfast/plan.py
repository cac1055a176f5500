"""What the Python API gives back beside runs: a plan, which can be applied, and drift."""
from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from holdfast.agents.model import AgentState
from holdfast.baselines.model import ControlResult
from holdfast.executor.model import HostResult, Result, RunDone
from holdfast.reports import objects


@dataclass(frozen=True, slots=True)
class Plan:
    """What `apply` would do; nothing has been written on any host. run: the id under which it is kept; hosts: what
    would become of each."""

    run: str
    hosts: tuple[HostResult, ...]
    _apply: Callable[[Mapping[str, Any]], Awaitable[RunDone]] = field(repr=False, compare=False)

    def apply(self, **rollout: Any) -> RunDone:
        """Does what this plan says, and nothing else: documents that say something else by now raise Problems, a host
        that has changed since is refused. rollout: fields of Rollout that go before those of the documents."""
        return asyncio.run(self.apply_async(**rollout))

    async def apply_async(self, **rollout: Any) -> RunDone:
        """`apply` in a loop that is running already."""
        return await self._apply(rollout)


@dataclass(frozen=True, slots=True)
class Difference:
    """A resource of a host that is not as declared. first_seen: when the first run saw that, in seconds since the
    epoch."""

    host: str
    result: Result
    first_seen: float


@dataclass(frozen=True, slots=True)
class Drift:
    """What is no longer as declared. hosts: what became of each that was asked: `ok`, `pending` (it has drifted), or
    why it is not known."""

    run: str
    hosts: tuple[HostResult, ...]
    differences: tuple[Difference, ...]

    def to_json(self) -> str:
        """As one object: `run`, `hosts` and `drifted`, with the words of docs/reference/json.md."""
        drifted = [{**objects.resource_object(one.host, one.result), "first_seen": one.first_seen}
                   for one in self.differences]
        return json.dumps({"run": self.run, "hosts": [objects.host_object(host) for host in self.hosts],
                           "drifted": drifted}, default=str)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the documents of a run have reported as one. remarks: what a reader has to know of it."""

    agents: tuple[AgentState, ...] = ()
    controls: tuple[ControlResult, ...] = ()
    remarks: tuple[str, ...] = ()


def drift_of(done: RunDone, since: Mapping[tuple[str, str], float]) -> Drift:
    """What a plan has seen. since: as Store.drift_since gives it."""
    seen = ((host.host, one) for host in done.results for one in host.results if one.event.status == "pending")
    return Drift(done.run, done.results, tuple(
        Difference(host, one, since[host, one.id]) for host, one in seen if (host, one.id) in since))
