"""Taking up a run where it ended: which hosts are left, what was done there already, and one result of both parts."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from holdfast.executor.model import Earlier, HostResult, Result
from holdfast.executor.results import status_of
from holdfast.problems import Problem, Problems
from holdfast.store.model import Run
from holdfast_host.graph import CHANGED, INTERRUPTED, OK, TIMED_OUT

WHOLE = frozenset({"ok", "changed"})  # hosts of these statuses are not contacted again


def refuse(run: Run) -> None:
    """Raises Problems for a run that cannot be resumed."""
    if run.status == "running":
        raise Problems([Problem(f"run {run.id} is still going on", None, "wait for its end, or end its process")])
    if run.mode != "apply" or run.request is None:
        what = f"is a {run.mode}" if run.mode != "apply" else "did not apply documents, or applied a saved plan"
        raise Problems([Problem(f"run {run.id} {what}: there is nothing to take up", None,
                                "see `holdfast runs list` for those of apply")])


def left(results: Iterable[HostResult]) -> tuple[str, ...]:
    """The hosts that are not what the documents say yet, in the order of the run."""
    return tuple(result.host for result in results if result.status not in WHOLE)


def earlier(before: HostResult) -> Earlier:
    """Of each resource that the run has changed on this host its outputs, None where it is not known whether it has. An
    event without an action tells of what was not begun."""
    found: dict[str, dict[str, object] | None] = {}
    for one in before.results:
        if one.event.status == CHANGED:
            found[one.id] = dict(one.event.outputs)
        elif one.event.status in (INTERRUPTED, TIMED_OUT) and one.event.action:
            found[one.id] = None
    return found


def joined(result: HostResult, before: HostResult) -> HostResult:
    """What the run as a whole has done to a host: what was changed in its first part stays told."""
    changed = {one.id: one for one in before.results if one.event.status == CHANGED}
    results = tuple(_joined(one, changed.get(one.id)) for one in result.results)
    status = status_of(results) if result.status in WHOLE else result.status
    return replace(result, results=results, status=status, seconds=result.seconds + before.seconds)


def _joined(now: Result, before: Result | None) -> Result:
    if before is None or now.event.status != OK:
        return now
    return replace(before, place=now.place)
