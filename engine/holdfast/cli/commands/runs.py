"""holdfast runs: history."""
from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from holdfast.cli.api import GetApi
from holdfast.cli.console import Console
from holdfast.cli.options import add_action, count

if TYPE_CHECKING:
    from holdfast.store import Store


def add(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.description = "Runs that are kept: the list of them, one run, one host's result in it."
    parser.epilog = """\
examples:
  holdfast runs list --limit 5
  holdfast runs show last
  holdfast runs show ab12                          a run by the start or end of its id
  holdfast runs show ab12 web01 -v                 one host, resources in state included"""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = add_action(actions, "list", "the newest runs first")
    listing.add_argument("--limit", metavar="N", type=count, default=20, help="so many (default: 20)")
    listing.add_argument("--mode", choices=("plan", "apply", "drift"), default="", help="only these")
    show = add_action(actions, "show", "one run, or one host's result in it")
    show.add_argument("run", metavar="RUN", help="an id, its start or end, or `last`")
    show.add_argument("host", metavar="HOST", nargs="?", help="a host of that run")
    show.add_argument("--no-diff", dest="diff", action="store_false", help="without the content of text diffs")


def run(args: Namespace, console: Console, api: GetApi) -> int:
    """Carries it out."""
    from holdfast.cli.loading import load_contents

    with load_contents(args, api) as project:
        if args.action == "list":
            _list(args, console, project.store)
        elif args.host is None:
            _show_run(args, console, project.store)
        else:
            _show_host(args, console, project.store)
    return 0


def _list(args: Namespace, console: Console, store: Store) -> None:
    from holdfast.reports import history, objects

    runs = store.runs(args.limit, args.mode)
    console.results(history.runs_table(runs, console.style), map(objects.run_object, runs))


def _show_run(args: Namespace, console: Console, store: Store) -> None:
    from holdfast.reports import history, objects

    run = store.run(args.run)
    results = store.results(run)
    console.results(history.run_lines(run, results, console.style),
                    [objects.run_object(run), *(objects.of_run(run.id, objects.host_object(one)) for one in results)])


def _show_host(args: Namespace, console: Console, store: Store) -> None:
    from holdfast.reports import history, objects

    run = store.run(args.run)
    result = store.host_result(run, args.host)
    parts = [*(objects.resource_object(result.host, one) for one in result.results), objects.host_object(result)]
    console.results(history.host_lines(run, result, console.style, args.diff, console.verbose > 0),
                    (objects.of_run(run.id, part) for part in parts))
