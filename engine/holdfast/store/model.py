"""What the store gives back, and the ids of runs."""
from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# running: its controller lives; done: it came to its end; stopped: it ended early and said why; interrupted: its
# controller ended without a word, so that what is not in the store is not known here.
RUN_STATUSES = ("running", "done", "stopped", "interrupted")
# Of such hosts more may be known later; a host refuses who resumes a run while it still does the first part of it.
CUT_SHORT = frozenset({"interrupted", "unreachable", "timed_out", "untouched", "refused"})
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike


@dataclass(frozen=True, slots=True)
class Run:
    """One run as it is kept. started, ended: seconds since the epoch. counts: hosts by status, of those that have a
    result. hosts: their names, in the order taken; request: what is needed to resume it; both are left out in lists of
    runs, as is seal: the key of what hosts keep to undo it."""

    id: str
    mode: str
    who: str
    started: float
    ended: float | None
    status: str
    stopped: str
    documents: tuple[str, ...]
    targets: str
    host_count: int
    counts: Mapping[str, int]
    hosts: tuple[str, ...] = field(default=(), repr=False)
    request: Mapping[str, Any] | None = field(default=None, repr=False)
    seal: str = field(default="", repr=False)


def new_run_id(now: float) -> str:
    """An id that sorts by time and is short enough to type: 20261124-041500-ab12 (UTC). now: seconds since the
    epoch."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
    return f"{stamp}-{''.join(secrets.choice(_LETTERS) for _ in range(4))}"


Diff = tuple[tuple[Any, ...], ...]
UNDECLARED = "undeclared"  # what ended a drift of which nothing says any more how it should be
ENFORCING = "enforce "  # how `who` of a run begins that scheduled enforcement made
COMMAND = "run: "  # how the document of a run is called that was one command


@dataclass(frozen=True, slots=True)
class Episode:
    """A resource that was not as declared, for a time. first_seen, stopped, ended: seconds since the epoch; stopped:
    given up as a fight; ended None: it still is so. cause: `corrective`, the host moved; `intended`, the document did;
    "": not known. ended_by: the run that made it so, "" when it was found so; who: who made that run."""

    host: str
    id: str
    first_seen: float
    run: str
    association: str = ""
    cause: str = ""
    action: str = ""
    fields: Diff = ()
    diffs: Diff = ()
    stopped: float | None = None
    told: str = ""
    ended: float | None = None
    ended_by: str = ""
    who: str = ""
    number: int = 0

    @property
    def is_repair(self) -> bool:
        """Did scheduled enforcement put it back?"""
        return self.who.startswith(ENFORCING)


@dataclass(frozen=True, slots=True)
class Hold:
    """One drift that is accepted for a time. until, made: seconds since the epoch."""

    host: str
    id: str
    until: float
    owner: str
    why: str
    made: float


# How a host may stand to an association. good: seen to be as declared; held: but for drift that is accepted; drifted:
# it is not, and is not put back (only reported, or a fight); failed: it could not be made so, or looked at;
# unreachable, unknown: what it is now is not known.
STANDINGS = ("good", "held", "drifted", "failed", "unreachable", "unknown")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a host stands to an association. asked: the last time that somebody tried to; good: the last time that it
    was seen to be as declared; since: since when it stands so; told: the status that hooks have been told."""

    association: str
    host: str
    status: str
    asked: float
    good: float | None
    since: float
    message: str = ""
    told: str = ""
