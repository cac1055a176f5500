"""What the compiler gives to the executor."""
from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from holdfast.documents.model import HealthCheck, Part, State
from holdfast.problems import Place, Problem, Problems
from holdfast_host.graph import Node

_SHARE = re.compile(r"[0-9]+\Z|(?:100(?:\.0+)?|[0-9]{1,2}(?:\.[0-9]+)?)%\Z")


@dataclass(frozen=True, slots=True)
class Left:
    """A resource that is declared but not in this host's graph, because its `when` is false. is_alone: it is declared
    for the host, and left alone for now: what it is like is not looked at."""

    id: str
    place: Place
    why: str
    parts: tuple[Part, ...] = ()
    is_alone: bool = False


@dataclass(frozen=True, slots=True)
class HostGraph:
    """The task graph of one host. name: SHA-256 over the SHA-256 of each node's canonical JSON, in hex. places: where
    each node was declared, with `where_argument` for single arguments. secrets: the values that the graph refers to by
    name. parts: what each node is reported under; (): nothing is."""

    host: str
    nodes: tuple[Node, ...]
    places: tuple[Place, ...]
    left: tuple[Left, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    name: str = ""
    where_argument: Callable[[int, str], Place] | None = field(default=None, repr=False, compare=False)
    parts: tuple[tuple[Part, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Rollout:
    """How a run goes through its hosts. batches: sizes, each a number of hosts or a share of all ("10%"); the last one
    is repeated until all are done; (): all at once. error_budget: how many hosts may fail ("5%" or 3) before the run
    stops; None: it stops after a batch of which nothing came to be. at_once: hosts in hand at a time. host_s, run_s:
    time limits in seconds. pause_s: between two batches; health_check: what has to be well before the next one."""

    batches: tuple[str | int, ...] = ()
    error_budget: str | int | None = None
    at_once: int = 50
    host_s: float | None = None
    run_s: float | None = None
    pause_s: float | None = None
    health_check: HealthCheck | None = None

    def given(self, fields: Mapping[str, Any]) -> Rollout:
        """With these fields before its own. Raises Problems for values that no document may have either."""
        made = replace(self, **fields)
        wrong = [Problem(f"`{name}` cannot be {value!r}", None, f"write {mend}") for name, value, mend in made._wrong()]
        if wrong:
            raise Problems(wrong)
        return made

    def _wrong(self) -> Iterator[tuple[str, object, str]]:
        """Fields with the wrong value, and what may stand there."""
        if not isinstance(self.at_once, int) or self.at_once < 1:
            yield "at_once", self.at_once, "a number from 1"
        for size in self.batches if isinstance(self.batches, tuple | list) else ("not a list",):
            if not _SHARE.match(str(size)) or float(str(size).rstrip("%")) == 0:
                yield "batches", size, 'numbers or shares of all hosts: (1, "10%")'
        if self.error_budget is not None and not _SHARE.match(str(self.error_budget)):
            yield "error_budget", self.error_budget, 'a number or a share of all hosts: 3 or "5%"'
        for name, seconds in (("host_s", self.host_s), ("run_s", self.run_s)):
            if seconds is not None and (not isinstance(seconds, int | float) or seconds <= 0):
                yield name, seconds, "seconds, more than 0"


@dataclass(frozen=True, slots=True)
class Compiled:
    """Graphs for all hosts that the documents target, in inventory order.

    needs_facts: hosts whose graph cannot be made before their facts are known; for these `graph_of(host, facts)` makes
    it (raising Problems), for the others the graph is in `graphs`. blob: content by SHA-256. declared: for each
    host the documents that may give it resources, those used by others included.
    """

    graphs: Mapping[str, HostGraph]
    needs_facts: tuple[str, ...]
    graph_of: Callable[[str, Mapping[str, Any]], HostGraph]
    blob: Callable[[str], bytes]
    rollout: Rollout = Rollout()
    declared: Mapping[str, tuple[State, ...]] = field(default_factory=dict)
