"""Exit codes: what a script learns of a command without reading its output."""
from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holdfast.executor.model import RunDone

OK, INTERNAL, REFUSED, CHANGES, FAILED, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

MEANING: Mapping[int, str] = {
    OK: "done; every host is in state (without --exit-code also: changes were made, or are pending)",
    INTERNAL: ("a defect of Holdfast, whose details are in a file that the message names; or the output could not be "
               "written"),
    REFUSED: "refused before any host was touched: wrong usage, documents, inventory, targets or store",
    CHANGES: "changes were made (apply) or are pending (plan, drift); only with --exit-code",
    FAILED: "a host failed, timed out or refused, or the run stopped before all hosts were done",
    UNREACHABLE: "a host could not be reached, and none failed",
    INTERRUPTED: ("interrupted by Ctrl-C, SIGTERM or a terminal that was closed; what was done until then is reported "
                  "and kept"),
}


def of_run(done: RunDone, changes_count: bool, interrupted: bool) -> int:
    """The code of a run: the first of interrupted, failed, unreachable, changes, done that holds. changes_count: was
    --exit-code given? interrupted: did somebody ask the run to stop?"""
    found = done.counts()
    if interrupted:
        return INTERRUPTED
    if any(found[status] for status in ("failed", "timed_out", "refused", "interrupted")):
        return FAILED
    if found["unreachable"]:
        return UNREACHABLE
    if found["untouched"]:
        return FAILED
    return CHANGES if changes_count and (found["changed"] or found["pending"]) else OK
