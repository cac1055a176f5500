"""holdfast undo: hosts go back to what was before a run."""
from __future__ import annotations

from argparse import ArgumentParser, Namespace

from holdfast.cli.api import GetApi
from holdfast.cli.console import Console
from holdfast.cli.options import add_login, add_rollout, add_targets


def add(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.description = ("Go back to what was observed before a run of apply. What that changes is shown first, and "
                          "what cannot be undone is named; then it asks, or does it with --yes.\n\n"
                          "Hosts keep what it takes for their last 20 runs that changed something.")
    parser.epilog = """\
examples:
  holdfast undo last                               show, ask, do
  holdfast undo last -t web1 --resource 'file: /etc/motd'
  holdfast undo 20261124-183200-ab12 --yes"""
    parser.add_argument("run", metavar="RUN", help="a run's id, its end, or `last`: the newest of apply by hand")
    add_targets(parser)
    parser.add_argument("--resource", metavar="ID", action="append", default=[],
                        help="only this resource, as in 'file: /etc/motd'; may be repeated")
    parser.add_argument("--yes", action="store_true", help="do it without asking")
    parser.add_argument("--exit-code", action="store_true", help="end with 3 when changes were made or are pending")
    add_login(parser)
    add_rollout(parser)


def run(args: Namespace, console: Console, api: GetApi) -> int:
    """Carries it out."""
    from holdfast.cli.states import undo

    return undo(args, console, api)
