"""What happens and what is asked for, as JSON objects. The words are those of docs/reference/json.md: an `event` key
with the name of what it is, then its fields. What is empty is left out, except for what an object is about."""
from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any

from holdfast.executor.model import (
    Happening,
    HostDone,
    HostResult,
    HostStarted,
    Noticed,
    OutputCame,
    ResourceDone,
    Result,
    RunDone,
    RunStarted,
)
from holdfast.problems import Place, Problem
from holdfast.store.model import Run

Object = dict[str, Any]


def line(thing: Mapping[str, Any]) -> str:
    """One object on one line, in ASCII, so that any terminal and any pipe takes it."""
    return json.dumps(thing, separators=(", ", ": "), default=str)


def happening_object(happening: Happening, run: str) -> Object:
    """What happened in this run."""
    return of_run(run, OBJECTS[type(happening)](happening))


def of_run(run: str, thing: Object) -> Object:
    """An object with the id of the run that it belongs to."""
    return {"event": thing["event"], "run": run, **thing}


def facts_object(host: str, facts: Mapping[str, Any]) -> Object:
    """What a host says of itself."""
    return {"event": "facts", "host": host, "facts": facts}


def drifted_object(host: str, id_: str, since: float) -> Object:
    """Since when a resource has been seen not to be as declared."""
    return {"event": "drifted", "host": host, "id": id_, "first_seen": since}


def problem_object(problem: Problem) -> Object:
    """A fault."""
    also = [{"why": why, **_place(place)} for why, place in problem.also]
    return {"event": "problem", "what": problem.what, **_present(mend=problem.mend, also=also), **_place(problem.place)}


def host_object(result: HostResult) -> Object:
    """A host's result, without its resources."""
    owed = [{"id": id_, "since": since, "why": why} for id_, since, why in result.owed]
    return {"event": "host_done", "host": result.host, "status": result.status, "counts": dict(result.counts()),
            "seconds": round(result.seconds, 3),
            **_present(message=result.message, mend=result.mend, owed=owed, graph=result.graph)}


def resource_object(host: str, result: Result) -> Object:
    """A resource's result."""
    event = result.event
    fields = [{"name": name, "before": before, "after": after} for name, before, after in event.fields]
    diffs = [{"name": name, "diff": diff} for name, diff in event.diffs]
    return {"event": "resource_done", "host": host, "id": result.id, "status": event.status, "took_ms": event.took_ms,
            **_present(action=event.action, fields=fields, diffs=diffs, refreshed=event.refreshed, error=event.error,
                       message=event.message, mend=event.mend, argument=event.argument, outputs=dict(event.outputs)),
            **_place(result.place)}


def run_object(run: Run) -> Object:
    """A run of the store."""
    return {"event": "run", "run": run.id, "mode": run.mode, "who": run.who, "started": run.started, "ended": run.ended,
            "status": run.status, "counts": dict(run.counts), "host_count": run.host_count,
            **_present(stopped=run.stopped, documents=list(run.documents), targets=run.targets)}


def _run_started(started: RunStarted) -> Object:
    return {"event": "run_started", "run": started.run, "mode": started.mode, "hosts": list(started.hosts),
            "who": started.who, "started": started.started}


def _host_started(started: HostStarted) -> Object:
    return {"event": "host_started", "host": started.host, "resources": started.resources}


def _output_came(output: OutputCame) -> Object:
    return {"event": "output_came", **dataclasses.asdict(output)}


def _noticed(noticed: Noticed) -> Object:
    return {"event": "noticed", **_present(host=noticed.host), "message": noticed.message}


def _run_done(done: RunDone) -> Object:
    untouched = [result.host for result in done.results if result.status == "untouched"]
    return {"event": "run_done", "run": done.run, "counts": dict(done.counts()), "seconds": round(done.seconds, 3),
            **_present(stopped=done.stopped, untouched=untouched)}


OBJECTS: Mapping[type, Callable[[Any], Object]] = {
    RunStarted: _run_started,
    HostStarted: _host_started,
    ResourceDone: lambda done: resource_object(done.host, done.result),
    OutputCame: _output_came,
    HostDone: lambda done: host_object(done.result),
    Noticed: _noticed,
    RunDone: _run_done,
}


def _present(**values: Any) -> Object:
    return {name: value for name, value in values.items() if value}


def _place(place: Place | None) -> Object:
    if place is None:
        return {}
    return {"file": place.file, **_present(line=place.line, column=place.line and place.column)}
