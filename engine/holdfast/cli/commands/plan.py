"""holdfast plan: what apply would change."""
from __future__ import annotations

from argparse import ArgumentParser, Namespace

from holdfast.cli.api import GetApi
from holdfast.cli.console import Console
from holdfast.cli.options import Filled, add_run


def add(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.description = ("Show what apply would change, on which hosts, with diffs. Nothing is written on any host. "
                          "Equal changes of many hosts are shown once.")
    parser.epilog = """\
examples:
  holdfast plan                                    all of playbooks/, on all hosts they target
  holdfast plan playbooks/webs.yml -t env=dev
  holdfast plan --out today.plan                   then, once it has been read: holdfast apply today.plan
  holdfast plan --exit-code                        ends with 3 when something would change"""
    add_run(parser, diff=True)
    parser.add_argument("--out", metavar="FILE", default="", action=Filled,
                        help="keep the plan in a file: `holdfast apply FILE` then does just that, or says why not")


def run(args: Namespace, console: Console, api: GetApi) -> int:
    """Carries it out."""
    from holdfast.cli.states import run_states

    return run_states(args, console, api, "plan", save=args.out)
