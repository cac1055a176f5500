"""What became of the tasks of a playbook."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from holdfast.problems import Place
from holdfast.reports.style import Style
from holdfast.reports.words import many, table

_PAINTS = {"converted": "", "in part": "strong", "not converted": "bad"}


class _Resource(Protocol):
    @property
    def type(self) -> str: ...
    @property
    def name(self) -> Any: ...


class _Task(Protocol):
    @property
    def place(self) -> Place: ...
    @property
    def label(self) -> str: ...
    @property
    def module(self) -> str: ...


class _Item(Protocol):
    """A task. why: it is not converted; lost: what is not of it; notes: what to know of it; into: what it became, if
    that is no resource."""

    @property
    def task(self) -> _Task: ...
    @property
    def status(self) -> str: ...
    @property
    def why(self) -> str: ...
    @property
    def lost(self) -> Sequence[str]: ...
    @property
    def notes(self) -> Sequence[str]: ...
    @property
    def into(self) -> str: ...
    @property
    def resources(self) -> Sequence[_Resource]: ...


class Converted(Protocol):
    """What `holdfast convert` has made."""

    @property
    def text(self) -> str: ...
    @property
    def items(self) -> Sequence[_Item]: ...
    @property
    def needs(self) -> Sequence[str]: ...
    @property
    def notes(self) -> Sequence[str]: ...


def table_of(made: Converted) -> list[tuple[str, str, str, str]]:
    """A row for each task: place, task, what became of it, why."""
    return [(f"{item.task.place.file}:{item.task.place.line}:{item.task.place.column}",
             f"{item.task.label} ({item.task.module})", item.status,
             item.why or "; ".join([*item.lost, *(f"note: {note}" for note in item.notes)])) for item in made.items]


def table_lines(made: Converted) -> list[str]:
    """The rows side by side; the reason stands on a line of its own."""
    lines = []
    rows = table_of(made)
    shown = table(("task", "", "became"), [(place, label, status) for place, label, status, _ in rows])
    for line, (_, _, _, why) in zip(shown[1:], rows, strict=True):
        lines += [line, *([f"    {why}"] if why else [])]
    return lines


def counts(made: Converted) -> dict[str, int]:
    """How many tasks became what; together all of them."""
    found = dict.fromkeys(_PAINTS, 0)
    for item in made.items:
        found[item.status] += 1
    return found


def summary(made: Converted, style: Style) -> list[str]:
    """The table for people."""
    said = ", ".join(f"{count} {status}" for status, count in counts(made).items())
    lines = table_lines(made) + [note for note in made.notes if note.startswith("NOT CONVERTED")]
    if made.needs:
        lines.append(f"the inventory has to give: {', '.join(made.needs)}")
    return [style.line(line) for line in [*lines, f"{many(len(made.items), 'task')}: {said}"]]


def objects(made: Converted, written: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The same for programs. written: files; (): the document is in the last object."""
    for item in made.items:
        place = item.task.place
        yield {"event": "task", "file": place.file, "line": place.line, "column": place.column,
               "task": item.task.label, "module": item.task.module, "status": item.status.replace(" ", "_"),
               **({"why": item.why} if item.why else {}), **({"lost": list(item.lost)} if item.lost else {}),
               **({"notes": list(item.notes)} if item.notes else {}),
               **({"into": item.into} if item.into else {}),
               **({"resources": [f"{one.type}: {one.name}" for one in item.resources]} if item.resources else {})}
    found = {status.replace(" ", "_"): count for status, count in counts(made).items()}
    yield {"event": "converted", "tasks": len(made.items), "counts": found, "needs": list(made.needs),
           "notes": list(made.notes), **({"files": list(written)} if written else {"document": made.text})}
