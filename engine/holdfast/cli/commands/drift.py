"""holdfast drift: what is no longer as declared."""
from __future__ import annotations

from argparse import ArgumentParser, Namespace

from holdfast.cli.api import GetApi
from holdfast.cli.console import Console
from holdfast.cli.options import add_run, duration

WEEK_S = 7 * 86_400.0


def add(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.description = ("Show what is no longer as declared, on which hosts, with diffs from what is to what should "
                          "be. Nothing is written on any host.")
    parser.epilog = """\
examples:
  holdfast drift
  holdfast drift -t env=prod --exit-code           ends with 3 when something has drifted
  holdfast drift --history --since 7d              what has drifted, when, and what made it right
  holdfast drift --json | jq 'select(.event == "resource_done" and .status == "pending")'"""
    add_run(parser, diff=True)
    history = parser.add_argument_group("looking back, without asking hosts")
    history.add_argument("--history", action="store_true",
                         help="what has drifted: first seen, healed when and by what, and the diff")
    history.add_argument("--since", metavar="AGE", type=duration, default=WEEK_S,
                         help="what ended at most so long ago (default: 7d); what goes on is always shown")


def run(args: Namespace, console: Console, api: GetApi) -> int:
    """Carries it out."""
    if args.history:
        return _history(args, console, api)
    from holdfast.cli.states import run_states

    return run_states(args, console, api, "drift", drift=True)


def _history(args: Namespace, console: Console, api: GetApi) -> int:
    import time

    from holdfast.cli.loading import load_project
    from holdfast.enforcement.current import of_project
    from holdfast.enforcement.events import episode, standing
    from holdfast.problems import Problem, Problems
    from holdfast.reports.holding import dark_lines, history_lines
    from holdfast.store import enforced

    if args.documents:
        raise Problems([Problem("--history tells of hosts, whatever document", None, "leave the files out; use -t")])
    with load_project(args, console, api) as project:
        stands, _ = of_project(project, time.time())  # type: ignore[arg-type]  # the real one
        hosts = project.select(args.targets) if args.targets else None
        since = time.time() - args.since
        found = [*project.store.ask(lambda connection: enforced.open_drift(connection, hosts)),
                 *project.store.ask(lambda connection: enforced.history(connection, hosts, since))]
    found.sort(key=lambda one: one.first_seen)
    dark = [one.standing for one in stands if not one.is_known and (hosts is None or one.standing.host in hosts)]
    console.results([*history_lines(found, console.style, args.diff), *dark_lines(dark, console.style)],
                    [*map(episode, found), *map(standing, dark)])
    return 0
