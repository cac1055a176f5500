"""holdfast apply: hosts become what the documents say."""
from __future__ import annotations

from argparse import ArgumentParser, Namespace

from holdfast.cli.api import GetApi
from holdfast.cli.console import Console
from holdfast.cli.options import Filled, add_install_python, add_run, duration


def add(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.description = ("Make hosts what the documents say. What is in that state already is left alone. A failure "
                          "stops what depends on it on that host, and nothing else.\n\n"
                          "Ctrl-C once: the resources in hand are finished and the run is reported; twice: stop now.")
    parser.epilog = """\
examples:
  holdfast apply                                   all of playbooks/, on all hosts they target
  holdfast apply playbooks/webs.yml -t 'role=web and not env=prod'
  holdfast apply --batches 1,10%,100% --error-budget 5%
  holdfast apply --set version=2.1 --diff
  holdfast apply today.plan                        what `holdfast plan --out today.plan` has shown, and only that
  holdfast apply playbooks/firewall.yml --confirm 60s
  holdfast apply --resume last                     go on after an interruption; nothing is done twice"""
    add_run(parser, diff=False)
    add_install_python(parser)
    parser.add_argument("--confirm", metavar="TIME", type=duration, default=None,
                        help="each changed host is contacted anew; one that cannot be reached again within this time "
                             "takes the change back by itself, as in 60s")
    parser.add_argument("--resume", metavar="RUN", default="", action=Filled,
                        help="take up a run where it ended, on the hosts that are left; `last` is the newest "
                             "apply by hand")


def run(args: Namespace, console: Console, api: GetApi) -> int:
    """Carries it out."""
    from holdfast.cli.states import apply_saved, resume, run_states
    from holdfast.savedplan import is_saved_plan

    if args.resume:
        return resume(args, console, api)
    if any(map(is_saved_plan, args.documents)):
        return apply_saved(args, console, api)
    return run_states(args, console, api, "apply")
