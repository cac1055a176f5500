"""holdfast agents: how the agents of hosts stand, as it was told last."""
from __future__ import annotations

from argparse import ArgumentParser, Namespace

from holdfast.cli.api import GetApi
from holdfast.cli.console import Console
from holdfast.cli.options import add_targets


def add(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.description = ("List how the agents of hosts stood when plan, apply or drift asked last: present, healthy, "
                          "version, and since when. No host is contacted.")
    parser.epilog = """\
examples:
  holdfast agents
  holdfast agents -t role=web
  holdfast agents --json | jq -r 'select(.is_well | not) | .host + " " + .agent'"""
    add_targets(parser)


def run(args: Namespace, console: Console, api: GetApi) -> int:
    """Carries it out."""
    from holdfast.cli.loading import load_project
    from holdfast.reports.agents import agent_object, agents_table

    with load_project(args, console, api) as project:
        states = project.agents(args.targets)
    console.results(agents_table(states, console.style), map(agent_object, states))
    return 0
