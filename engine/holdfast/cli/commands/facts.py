"""holdfast facts: what hosts say of themselves."""
from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from holdfast.cli.api import Emit, GetApi, Stop
from holdfast.cli.console import Console
from holdfast.cli.options import add_kept_facts, add_login, add_rollout, add_targets


def add(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.description = "Show what hosts say of themselves: system, memory, addresses and so on, by name."
    parser.epilog = """\
examples:
  holdfast facts -t web01
  holdfast facts -t role=web os memory             only these, and what is below them
  holdfast facts --json | jq -r 'select(.event == "facts") | .host + " " + .facts.os.name'"""
    parser.add_argument("names", metavar="NAME", nargs="*", help="facts to show, as in os or os.family (default: all)")
    add_targets(parser)
    add_kept_facts(parser)
    add_login(parser)
    add_rollout(parser)


def run(args: Namespace, console: Console, api: GetApi) -> int:
    """Carries it out."""
    from holdfast.cli.loading import load_project
    from holdfast.cli.options import rollout
    from holdfast.cli.running import carry_out, code_of
    from holdfast.executor.model import RunDone
    from holdfast.reports.facts import facts_lines, picked
    from holdfast.reports.objects import facts_object, of_run
    from holdfast.reports.summary import summary

    _refuse_unknown(args.names)
    with load_project(args, console, api) as project:
        async def start(emit: Emit, stop: Stop) -> RunDone:
            return await project.facts_async(targets=args.targets, rollout=rollout(args), emit=emit, stop=stop,
                                             kept_facts_s=args.kept_facts)

        done, interrupted = carry_out(args, console, api, project, start, quiet=True)
    facts = {host: picked(found, args.names) for host, found in done.facts.items()}
    console.results(facts_lines(facts, console.style),
                    (of_run(done.run, facts_object(host, found)) for host, found in facts.items()))
    code = code_of(done, args, interrupted)
    if code and not console.json:
        console.lines(["", *summary(done, "facts", console.style)])
    return code


def _refuse_unknown(names: Sequence[str]) -> None:
    """Before any host is asked for what none has. Raises Problems."""
    from holdfast.compiler.facts import fault
    from holdfast.problems import Problem, Problems

    faults = [found for found in (fault(name.split(".")) for name in names) if found is not None]
    if faults:
        raise Problems([Problem(what, None, mend) for what, mend in faults])
