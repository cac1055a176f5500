"""holdfast run: one command on many hosts."""
from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from holdfast.cli.api import Emit, GetApi, Stop
from holdfast.cli.console import Console
from holdfast.cli.options import add_install_python, add_login, add_rollout, add_targets

if TYPE_CHECKING:
    from holdfast.inventory.model import Inventory


def add(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.usage = "holdfast run [OPTION …] [-t EXPRESSION] (-- PROGRAM [ARGUMENT …] | --shell TEXT)"
    parser.description = ("Run one command on many hosts. Equal output of many hosts is shown once, with the exit code "
                          "and the hosts. A host whose command does not end with 0 counts as failed.")
    parser.epilog = """\
examples:
  holdfast run -t role=web -- uptime
  holdfast run -t 'group:db' -- systemctl is-active postgresql
  holdfast run --shell 'df -h / | tail -1'
  holdfast run --batches 1,100% --error-budget 0 -- apt-get update"""
    parser.add_argument("program", metavar="PROGRAM", nargs="*", help="the program and its arguments, no shell between")
    parser.add_argument("--shell", metavar="TEXT", help="a text for the host's shell instead of a program")
    add_targets(parser)
    add_install_python(parser)
    add_login(parser)
    add_rollout(parser)


def run(args: Namespace, console: Console, api: GetApi) -> int:
    """Carries it out."""
    from dataclasses import replace

    from holdfast.cli.loading import load_project
    from holdfast.cli.options import rollout
    from holdfast.cli.running import carry_out, code_of
    from holdfast.executor.model import RunDone
    from holdfast.problems import Problem, Problems
    from holdfast.reports.outputs import command_lines, judged
    from holdfast.reports.summary import SAID, total

    if bool(args.program) == (args.shell is not None):
        raise Problems([Problem("one command is needed", None, "write `-- PROGRAM …`, or --shell TEXT")])
    _refuse_line(args.program)
    with load_project(args, console, api) as project:
        if args.program and not args.targets:
            _refuse_host(args.program, project.inventory)

        async def start(emit: Emit, stop: Stop) -> RunDone:
            return await project.command_async(args.shell if args.shell is not None else args.program,
                                               targets=args.targets, rollout=rollout(args), emit=emit, stop=stop)

        done, interrupted = carry_out(args, console, api, project, start, quiet=True)
    done = replace(done, results=judged(done.results))
    if not console.json:
        console.lines(command_lines(done.results, console.style))
        if len(done.results) > 1 or done.stopped:
            console.lines(["", total(done, {**SAID, "changed": "done", "ok": "done"}, console.style)])
    return code_of(done, args, interrupted)


def _refuse_line(program: Sequence[str]) -> None:
    """`run 'uptime -p'` names one program, whose name has a blank in it. Raises Problems."""
    from holdfast.problems import Problem, Problems

    if len(program) == 1 and " " in program[0] and not program[0].startswith(("/", "./", "~")):
        raise Problems([Problem(f"`{program[0]}` is one word, and would be the name of a program", None,
                                f"write `--shell '{program[0]}'`, or the words one by one after `--`")])


def _refuse_host(program: Sequence[str], inventory: Inventory) -> None:
    """`run web1 uptime` would run a program `web1` on all hosts. Raises Problems."""
    from holdfast.problems import Problem, Problems

    name = program[0]
    meant = name if name in inventory.hosts else f"group:{name}" if name in inventory.groups else ""
    if meant:
        what = f"`{name}` is a {'host' if meant == name else 'group'}, and stands where the program for all hosts does"
        raise Problems([Problem(what, None, f"write `-t {meant} -- {' '.join(program[1:]) or 'PROGRAM …'}`; "
                                            "or `-t all` if that is the program")])
