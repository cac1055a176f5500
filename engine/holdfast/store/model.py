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
