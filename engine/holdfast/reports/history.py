"""Runs that are kept: the list, one run, one host of it."""
from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import tzinfo

from holdfast.executor.model import HostResult, RunDone
from holdfast.reports.details import change_lines, said_lines
from holdfast.reports.style import PAINT_OF, Style, printable
from holdfast.reports.summary import SAID, counted, summary
from holdfast.reports.words import duration, many, moment, named, short_list, table, where
from holdfast.store.model import Run

MOST_DOCUMENTS = 2  # named in the list of runs
WIDEST = 40  # characters of that column
OUTPUTS_SHOWN = ("stdout", "stderr")


def runs_table(runs: Sequence[Run], style: Style, zone: tzinfo | None = None) -> list[str]:
    """One line a run, the newest first."""
    if not runs:
        return ["no runs are kept yet"]
    plain = Style(signs=style.signs)
    rows = [(run.id, moment(run.started, zone), run.mode, _what(run), printable(run.who), f"{run.host_count:,}",
             _status(run) + counted(Counter(run.counts), SAID, plain)) for run in runs]
    return [style.line(line) for line in table(("run", "started", "mode", "of", "by", "hosts", "result"), rows)]


def _what(run: Run) -> str:
    text = short_list([printable(name.replace("\n", " ")) for name in run.documents], MOST_DOCUMENTS) or "-"
    return text if len(text) <= WIDEST else text[:WIDEST - 1] + "…"


def _status(run: Run) -> str:
    return "" if run.status == "done" else f"{run.status}: "


def run_lines(run: Run, results: tuple[HostResult, ...], style: Style, zone: tzinfo | None = None) -> list[str]:
    """One run: what was asked, and what came of it."""
    seconds = (run.ended or run.started) - run.started
    head = [f"run {run.id}: {run.mode} by {printable(run.who)}, {moment(run.started, zone)}",
            f"status: {style.paint(run.status, PAINT_OF[run.status])}"
            + (f": {printable(run.stopped)}" if run.stopped else ""),
            f"documents: {', '.join(map(printable, run.documents)) or 'none'}"
            + (f"; targets: {printable(run.targets)}" if run.targets else ""), ""]
    done = RunDone(run.id, results, run.stopped, seconds)
    return [style.line(line) for line in head] + summary(done, _how(run), style, run.mode == "drift")


def _how(run: Run) -> str:
    """What it was asked for, as a key of TO_SHOW."""
    if run.mode != "apply" or run.request is not None:
        return run.mode
    first = run.documents[0].partition(": ")[0] if run.documents else ""
    return {"run": "command", "undo": "undone"}.get(first, "saved plan")


def host_lines(run: Run, result: HostResult, style: Style, diff: bool = True, everything: bool = False) -> list[str]:
    """One host of a run, resource by resource; those in state only when `everything` is wanted."""
    status = style.paint(SAID[result.status], PAINT_OF[result.status])
    lines = [f"{printable(result.host)} in run {run.id} ({run.mode}): {status}, {duration(result.seconds)}"]
    lines += ["    " + printable(line) for line in (result.message.splitlines() + result.mend.splitlines())]
    for one in result.results:
        event = one.event
        if event.status == "ok" and not everything:
            continue
        action = f" ({event.action})" if event.action else ""
        status = style.paint(event.status.replace("_", " "), PAINT_OF[event.status])
        lines.append(f"{status}{action} {named(one.id)}{style.paint(where(one.place), 'faint')} {event.took_ms} ms")
        lines += ("    " + line for line in change_lines(event, style, diff))
        lines += ("    " + line for line in said_lines(event, style))
        lines += (f"    {name}: {printable(text)}" for name in OUTPUTS_SHOWN
                  for text in str(event.outputs.get(name, "")).splitlines())
    in_state = result.counts()["ok"]
    if in_state and not everything:
        lines.append(f"{many(in_state, 'resource')} in state; -v shows them")
    lines += [f"owed: {named(id_)} since {since} ({printable(why)})" for id_, since, why in result.owed]
    return [style.line(line) for line in lines]
