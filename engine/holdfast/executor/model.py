"""What a run is, what happens in it, and what comes of it."""
from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from holdfast.channels.model import Connection
from holdfast.compiler.model import HostGraph, Rollout
from holdfast.documents.model import Part, State
from holdfast.problems import Place
from holdfast_host.graph import Event
from holdfast_host.planned import Held
from holdfast_host.sealing import KEY_BYTES

Mode = Literal["plan", "apply"]
Asked = Literal["plan", "apply", "drift"]  # what a run is called; to look for drift is to plan
Earlier = Mapping[str, Mapping[str, Any] | None]

# What can become of a host. ok: in state; changed: was changed; pending: would be (plan); failed: at least one resource
# failed; unreachable: could not be asked; timed_out: took longer than allowed; interrupted: somebody stopped the run;
# refused: the host may not be changed now (another run holds it); untouched: the run stopped before it.
HOST_STATUSES = (
    "ok", "changed", "pending", "failed", "unreachable", "timed_out", "interrupted", "refused", "untouched")
CHANGES = frozenset({"changed", "pending", "unknown"})  # statuses of resources: not as declared, or not any more
BAD = frozenset({"failed", "unreachable", "timed_out", "refused"})  # these spend the error budget


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one resource: the host's event, with what the controller knows of it. parts: what it is reported
    under; is_alone: declared, and left alone for now; neither is known of results that the store gives back."""

    id: str
    place: Place | None
    event: Event
    parts: tuple[Part, ...] = ()
    is_alone: bool = False

    @property
    def status(self) -> str:
        """What became of it: a word of holdfast_host.graph."""
        return self.event.status

    @property
    def took_s(self) -> float:
        """How long it took, in seconds."""
        return self.event.took_ms / 1000

    def __str__(self) -> str:
        return f"{self.id}: {self.event.action or self.status}"


@dataclass(frozen=True, slots=True)
class HostResult:
    """What became of one host. message: for a person, when status is not ok/changed/pending. owed: notifications that
    are still to be carried out there, as [id, since, why]. seconds: from the first byte to the last."""

    host: str
    status: str
    results: tuple[Result, ...] = ()
    message: str = ""
    mend: str = ""
    owed: tuple[tuple[str, str, str], ...] = ()
    graph: str = ""
    seconds: float = 0.0

    @property
    def changes(self) -> tuple[Result, ...]:
        """The resources that were changed, or would be."""
        return tuple(one for one in self.results if one.status in CHANGES)

    def counts(self) -> Counter[str]:
        """How many resources have which status."""
        return Counter(result.event.status for result in self.results)


@dataclass(frozen=True, slots=True)
class WayBack:
    """What hosts are asked for to undo a run. seal: the key under which they kept it, as hexadecimal digits; only: ids
    of resources, (): all."""

    run: str
    seal: str = field(repr=False)
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """What the executor is asked to do. who: user@machine of the person or service that asked. graph_of is called with
    facts for the hosts in needs_facts. held_to: what a host's run is held to, or None. earlier: in a run
    that is resumed, asked once a host has been contacted: by id, the outputs of the resources that the run has changed
    there, None where it is not known whether it has. left_out: hosts that are not contacted, with the reason.
    folder: of the project, where health checks are run. undoes: hosts in needs_facts are asked for this way back
    instead of their facts. confirm_s: a host that is not reached again within so many seconds after a change takes it
    back. seal: hosts keep what it takes to undo the run under this key, which only the store keeps. declared: for each
    host the documents that may give it resources. is_for_drift: a plan that is told of as drift."""

    run: str
    mode: Mode
    who: str
    connections: Mapping[str, Connection]  # by host, in the order in which they are taken
    graphs: Mapping[str, HostGraph]
    needs_facts: frozenset[str]
    graph_of: Callable[[str, Mapping[str, Any]], HostGraph]
    blob: Callable[[str], bytes]
    rollout: Rollout = Rollout()
    held_to: Callable[[HostGraph], Held | None] = lambda _: None
    earlier: Callable[[str], Awaitable[Earlier]] | None = None
    undoes: WayBack | None = None
    confirm_s: float | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)
    folder: Path = Path()
    declared: Mapping[str, tuple[State, ...]] = field(default_factory=dict)
    seal: str = field(default_factory=lambda: secrets.token_hex(KEY_BYTES), repr=False)
    is_for_drift: bool = False


# -- what happens, in the order in which it happens; reports, the store and --json are fed from these ---------------


@dataclass(frozen=True, slots=True)
class RunStarted:
    """Before any host is touched."""

    run: str
    mode: Asked
    hosts: tuple[str, ...]
    who: str
    started: float  # seconds since the epoch


@dataclass(frozen=True, slots=True)
class HostStarted:
    """A host is being contacted."""

    host: str
    resources: int


@dataclass(frozen=True, slots=True)
class ResourceDone:
    """One resource of one host has its result."""

    host: str
    result: Result


@dataclass(frozen=True, slots=True)
class OutputCame:
    """A program's live output, secrets masked."""

    host: str
    id: str
    stream: str
    text: str


@dataclass(frozen=True, slots=True)
class HostDone:
    """A host has its result; it is in the store by the time this is shown."""

    result: HostResult


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something worth a line that is not a result: results collected of an earlier run, a stop, a new batch."""

    host: str
    message: str


@dataclass(frozen=True, slots=True)
class RunDone:
    """The end. stopped: why the run ended before all hosts were done, or "". declared: by host the documents that were
    held against it."""

    run: str
    results: tuple[HostResult, ...]
    stopped: str
    seconds: float
    facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    declared: Mapping[str, tuple[State, ...]] = field(default_factory=dict, repr=False)

    def counts(self) -> Counter[str]:
        """How many hosts have which status."""
        return Counter(result.status for result in self.results)


Happening = RunStarted | HostStarted | ResourceDone | OutputCame | HostDone | Noticed | RunDone
