"""What plan, apply and drift have in common: they differ in the mode and in what is printed at the end."""
from __future__ import annotations

from argparse import Namespace

from holdfast.cli.api import Emit, GetApi, Stop
from holdfast.cli.console import Console
from holdfast.cli.options import rollout
from holdfast.cli.running import carry_out, code_of, load_project
from holdfast.executor.model import Mode, RunDone
from holdfast.reports.plans import changes
from holdfast.reports.summary import summary


def run_states(args: Namespace, console: Console, api: GetApi, mode: Mode, drift: bool = False) -> int:
    """Runs the documents, then prints what differs and the summary."""
    project = load_project(args, console, api)

    async def start(emit: Emit, stop: Stop) -> RunDone:
        return await project.run_async(mode=mode, documents=args.documents, targets=args.targets,
                                       rollout=rollout(args), emit=emit, stop=stop, fresh_facts=args.fresh_facts)

    done, interrupted = carry_out(args, console, api, project, start, drift=drift)
    if not console.json:
        if mode == "plan" or args.diff:
            console.lines(spaced(changes(done.results, console.style, args.diff)))
        console.lines(summary(done, mode, console.style, drift))
    return code_of(done, args, interrupted)


def spaced(lines: list[str]) -> list[str]:
    """Set off from what stands around them."""
    return ["", *lines, ""] if lines else []
