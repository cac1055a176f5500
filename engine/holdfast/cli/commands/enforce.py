"""holdfast enforce: hosts are kept as declared, by the schedules of associations."""
from __future__ import annotations

import asyncio
import os
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.cli import exits
from holdfast.cli.api import Emit, GetApi, Stop
from holdfast.cli.console import Console
from holdfast.cli.options import add_login, port

if TYPE_CHECKING:
    from holdfast.enforcement.current import Stands
    from holdfast.enforcement.keeping import Keeper
    from holdfast.enforcement.metrics import Metrics


def add(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.description = ("Keep hosts as declared: each `association:` in playbooks/ says which documents, where, "
                          "when, and whether drift is put back or only reported. Works in the foreground until it is "
                          "stopped.\n\nWhat drifts again and again is left alone after three repairs, and named; "
                          "what `holdfast hold` accepts is left alone too. A host that cannot be asked is asked "
                          "again, and never counts as good.")
    parser.epilog = """\
examples:
  holdfast enforce                                 all associations, until it is stopped
  holdfast enforce webs --once                     one round now
  holdfast enforce --status                        how hosts stand, without asking them
  holdfast enforce --metrics-port 9469
  holdfast enforce --unit > /etc/systemd/system/holdfast-enforce.service"""
    parser.add_argument("associations", metavar="ASSOCIATION", nargs="*", help="only these (default: all)")
    parser.add_argument("--once", action="store_true", help="one round of each, now, and end")
    parser.add_argument("--status", action="store_true", help="show how hosts stand, without asking them")
    parser.add_argument("--unit", action="store_true", help="print a systemd unit that does this for this project")
    parser.add_argument("--metrics-file", metavar="FILE", default="",
                        help="keep metrics in this file, for Prometheus' textfile collector; its name ends with .prom")
    parser.add_argument("--metrics-port", metavar="PORT", type=port, default=0,
                        help="answer Prometheus on this port of the loopback interface")
    add_login(parser)


def run(args: Namespace, console: Console, api: GetApi) -> int:
    """Carries it out."""
    from holdfast.cli.loading import load_project

    with load_project(args, console, api) as project:
        if args.unit:
            return _unit(args, console, project)
        if args.status:
            return _status(args.associations, project, console)
        try:
            return _enforce(args, console, api, project)
        finally:
            console.secrets.update(project.secrets)


def _unit(args: Namespace, console: Console, project: Any) -> int:
    from holdfast.enforcement.units import enforce_unit
    from holdfast.problems import Problem, Problems

    if args.set:
        raise Problems([Problem("a unit keeps no --set", None, "write it into the inventory, as a variable")])
    words = [word for path in args.inventory for word in ("-i", str(Path(path).resolve()))]
    words += ["enforce", *args.associations]
    for option, value in (("--metrics-file", args.metrics_file), ("--key", args.key)):
        words += [option, str(Path(value).resolve())] if value else []
    for option, value in (("--metrics-port", args.metrics_port), ("--user", args.user)):
        words += [option, str(value)] if value else []
    console.lines(enforce_unit(Path(args.folder).resolve(), words, is_host_here=project.is_host_here()))
    return exits.OK


def _enforce(args: Namespace, console: Console, api: GetApi, project: Any) -> int:
    from holdfast.cli.running import details_of_libraries, until_done
    from holdfast.enforcement.keeping import Keeper
    from holdfast.enforcement.metrics import Metrics, write
    from holdfast.reports.holding import event_lines

    def tell(event: dict[str, Any]) -> None:
        stamp = "" if console.style.colour or args.once else time.strftime("%Y-%m-%d %H:%M:%S ")
        console.results([stamp + line if not line.startswith(" ") else line
                         for line in event_lines(event, console.style)], [event])

    stop, is_replaced = api().Stop(), False
    keeper = Keeper(project, args.associations, tell, stop)  # type: ignore[arg-type]  # a Stop of the executor
    metrics = Metrics(project.store, keeper.due, lambda: keeper.associations, time.time)
    if args.metrics_file:
        keeper.show = lambda: write(metrics, args.metrics_file)

    async def start(_: Emit, __: Stop) -> int:
        nonlocal is_replaced
        if args.once:
            return _code(await keeper.once(), args)
        is_replaced = await keeper.keep()
        return exits.OK

    with details_of_libraries(args.folder, console), _shown(args, metrics, keeper):
        code, interrupted = asyncio.run(until_done(stop, start, lambda _: None, console))
    if is_replaced:
        tell({"event": "noticed", "message": "Holdfast has been replaced on disk, and begins anew"})
        project.close()
        sys.stdout.flush()
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  # the same command
    return exits.INTERRUPTED if interrupted and args.once else code


@contextmanager
def _shown(args: Namespace, metrics: Metrics, keeper: Keeper) -> Iterator[None]:
    """Metrics while it works. A file that nobody keeps true any more is taken away."""
    from holdfast.enforcement.metrics import remove, serve

    keeper.read()
    end = serve(metrics, args.metrics_port) if args.metrics_port else None
    try:
        yield
    finally:
        if end is not None:
            end()
        if args.metrics_file and not args.once:
            remove(args.metrics_file)


def _code(found: dict[str, Any], args: Namespace) -> int:
    """As that of a run."""
    from holdfast.executor.model import RunDone

    results = tuple(one for results in found.values() for one in results.values())
    return exits.of_run(RunDone("", results, "", 0.0), False, False)


def _status(names: Sequence[str], project: Any, console: Console) -> int:
    """names: only these associations; (): all."""
    from holdfast.enforcement.current import of_project
    from holdfast.enforcement.events import keeper, standing
    from holdfast.reports.holding import keeper_words, standing_lines
    from holdfast.reports.style import printable
    from holdfast.store.keepers import holders

    found, problems = of_project(project, time.time())
    if problems:
        console.problems(problems)
    keepers = [one for one in project.store.ask(holders) if not one.is_over]
    if names:
        _refuse_unknown(names, project, found)
        found = tuple(one for one in found if one.standing.association in names)
        keepers = [one for one in keepers if one.association in names]
    words = [printable(keeper_words(one.association, one.process.pid, one.who, one.since)) for one in keepers]
    lines = standing_lines([one.standing for one in found], console.style)
    console.results([*lines, *map(console.style.line, words)], [
        *({**standing(one.standing), "is_late": one.is_late} for one in found), *map(keeper, keepers)])
    return exits.OK


def _refuse_unknown(names: Sequence[str], project: Any, found: Iterable[Stands]) -> None:
    from holdfast.documents.association import Association
    from holdfast.problems import Problem, Problems
    from holdfast_host.values import did_you_mean

    declared = {name for name, one in project.documents()[0].items() if isinstance(one, Association)}
    known = declared | {one.standing.association for one in found}
    unknown = [Problem(f"there is no association `{name}`", None, did_you_mean(name, known))
               for name in names if name not in known]
    if unknown:
        raise Problems(unknown)
