"""holdfast drift: what is no longer as declared."""
from __future__ import annotations

from argparse import ArgumentParser, Namespace

from holdfast.cli.api import GetApi
from holdfast.cli.console import Console
from holdfast.cli.options import add_run


def add(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.description = ("Show what is no longer as declared, on which hosts, with diffs from what is to what should "
                          "be. Nothing is written on any host.")
    parser.epilog = """\
examples:
  holdfast drift
  holdfast drift -t env=prod --exit-code           ends with 3 when something has drifted
  holdfast drift --json | jq 'select(.event == "resource_done" and .status == "pending")'"""
    add_run(parser, diff=True)


def run(args: Namespace, console: Console, api: GetApi) -> int:
    """Carries it out."""
    from holdfast.cli.states import run_states  # noqa: PLC0415 -- not needed for --help

    return run_states(args, console, api, "plan", drift=True)
