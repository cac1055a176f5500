"""From what a host answered to how its controls stand, and which of them are excepted; pure."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from holdfast.baselines.model import EXCEPTED, FAIL, NOT_APPLICABLE, NOT_KNOWN, PASS, ControlResult
from holdfast.documents.baselines import unknown_controls
from holdfast.documents.model import Baseline, Control, Part, State, Use
from holdfast.problems import Problem
from holdfast_host.graph import CHANGED, FAILED, OK, PENDING, SKIPPED

if TYPE_CHECKING:
    from holdfast.executor.model import HostResult, Result

Excepted = Mapping[Part, str]  # with who answers for it, and why
ANSWERED = frozenset({"ok", "changed", "pending", "failed"})


def control_results(result: HostResult, declared: Iterable[State], excepted: Excepted) -> tuple[ControlResult, ...]:
    """All controls of a host after a run. declared: the documents that may give it resources."""
    by_part: dict[Part, list[Result]] = {}
    for one in result.results:
        for part in one.parts:
            by_part.setdefault(part, []).append(one)
    found = []
    for baseline in declared:
        for control in baseline.controls if isinstance(baseline, Baseline) else ():
            part = Part("baseline", baseline.name, control.id)
            status, why = (EXCEPTED, excepted[part]) if part in excepted else _judged(result, by_part.get(part, []))
            found.append(ControlResult(result.host, baseline.name, control, status, why))
    return tuple(found)


def _judged(host: HostResult, results: Sequence[Result]) -> tuple[str, str]:
    there = [one for one in results if not _is_left(one)]
    if host.status not in ANSWERED and not there:
        return NOT_KNOWN, host.message or f"the host is {host.status}"
    if not there:
        return NOT_APPLICABLE, results[0].event.message if results else ""
    for statuses, verdict in (((FAILED, PENDING), FAIL), ((OK, CHANGED), "")):
        wrong = next((one for one in there if (one.status in statuses) == bool(verdict)), None)
        if wrong is not None:
            return verdict or NOT_KNOWN, _why(wrong)
    return PASS, ""


def _is_left(one: Result) -> bool:
    return one.status == SKIPPED and not one.is_alone and not one.event.message.startswith("needs ")


def _why(one: Result) -> str:
    fields = ", ".join(f"{name} is {before!r}" for name, before, _ in one.event.fields[:2] if before is not None)
    doing = f"to {one.event.action}" if one.event.action else one.status
    return f"{one.id}: {one.event.message.split(chr(10), 1)[0] or fields or doing}"


def excepted_on(host: str, declared: Sequence[State], today: date, selects: Callable[[str, str], bool]) -> Excepted:
    """The controls that are not asked for on a host. selects: whether an expression selects a host."""
    documents = {one.name: one for one in declared}
    found: dict[Part, str] = {}
    for baseline in declared:
        for one in baseline.exceptions if isinstance(baseline, Baseline) else ():
            if today > one.expires or (one.targets and not selects(one.targets, host)):
                continue
            for part, _ in _controls(baseline, documents):
                if part.name == one.control:
                    found[part] = f"until {one.expires} by {one.owner}: {one.reason}"
    return found


def expired(declared: Iterable[State], today: date) -> list[str]:
    """What is to be told of exceptions that count no more."""
    return [f"the exception from {one.control} by {one.owner} has expired on {one.expires}"
            for baseline in declared if isinstance(baseline, Baseline) for one in baseline.exceptions
            if today > one.expires]


def problems(declared: Sequence[State]) -> list[Problem]:
    """Exceptions from controls that neither the baseline nor those it uses have."""
    documents = {one.name: one for one in declared}
    return [problem for one in declared if isinstance(one, Baseline)
            for problem in unknown_controls(list(one.exceptions), [part.name for part, _ in _controls(one, documents)])]


def _controls(baseline: State, documents: Mapping[str, State]) -> list[tuple[Part, Control]]:
    """The baseline's own controls, and those of documents that it uses."""
    waiting, seen, found = [baseline.name], set[str](), []
    while waiting:
        name = waiting.pop()
        document = documents.get(name)
        if document is None or name in seen:
            continue
        seen.add(name)
        found += [(Part("baseline", name, one.id), one) for one in document.controls] \
            if isinstance(document, Baseline) else []
        waiting += [one.document for one in document.resources if isinstance(one, Use)]
    return found
