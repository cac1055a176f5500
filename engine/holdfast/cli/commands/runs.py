"""holdfast runs: history."""
from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import Any

from holdfast.cli.api import GetApi
from holdfast.cli.console import Console
from holdfast.cli.options import add_action, count


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
    listing.add_argument("--mode", choices=("plan", "apply"), default="", help="only these")
    show = add_action(actions, "show", "one run, or one host's result in it")
    show.add_argument("run", metavar="RUN", help="an id, its start or end, or `last`")
    show.add_argument("host", metavar="HOST", nargs="?", help="a host of that run")
    show.add_argument("--no-diff", dest="diff", action="store_false", help="without the content of text diffs")


def run(args: Namespace, console: Console, api: GetApi) -> int:
    """Carries it out."""
    from holdfast.cli.running import load_project  # noqa: PLC0415 -- not needed for --help
    from holdfast.reports import history  # noqa: PLC0415
    from holdfast.reports.objects import host_object, resource_object, run_object  # noqa: PLC0415

    store = load_project(args, console, api).store
    if args.action == "list":
        runs = store.runs(args.limit, args.mode)
        console.results(history.runs_table(runs, console.style), map(run_object, runs))
        return 0
    found = store.run(args.run)
    if args.host is None:
        results = store.results(found)
        console.results(history.run_lines(found, results, console.style),
                        [run_object(found), *map(host_object, results)])
        return 0
    result = store.host_result(found, args.host)

    def objects() -> Iterator[dict[str, Any]]:
        yield from (resource_object(result.host, one) for one in result.results)
        yield host_object(result)

    console.results(history.host_lines(found, result, console.style, args.diff, console.verbose > 0), objects())
    return 0
