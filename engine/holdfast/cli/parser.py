"""The command line as argparse reads it. A command's own module is loaded only when that command is given."""
from __future__ import annotations

import importlib
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Any, NoReturn

from holdfast.cli import exits
from holdfast.cli.options import Formatter, add_global, joined

# (group, ((command, what it does), …)); the module of a command is holdfast.cli.commands.COMMAND.
COMMANDS = (
    ("start", (("init", "make a project folder to begin with"),
               ("validate", "check documents and inventory, touching no host"),
               ("test", "try documents on throwaway hosts"),
               ("convert", "an Ansible playbook or role as a document"))),
    ("keep hosts as declared", (("plan", "show what apply would change, with diffs"),
                                ("apply", "make hosts what the documents say"),
                                ("drift", "show what is no longer as declared"),
                                ("enforce", "keep hosts as declared, by the schedules of associations"),
                                ("pull", "fetch a project, verify it, and apply what is for this host"),
                                ("sign", "sign a project, for hosts that pull it"),
                                ("hold", "accept one drift for a time, list and end such holds"),
                                ("undo", "go back to what was before a run"))),
    ("ask hosts", (("facts", "show what hosts say of themselves"),
                   ("run", "run one command on many hosts"))),
    ("look up", (("agents", "how the agents of hosts stand"),
                 ("inventory", "list and show hosts, and what an expression selects"),
                 ("explain", "where each value of a resource comes from"),
                 ("graph", "the task graph of a host"),
                 ("runs", "history: runs, one run, one host's result"),
                 ("doc", "resource types and kinds of documents"),
                 ("schema", "a JSON Schema of documents, for editors"),
                 ("completion", "what makes Tab work in bash, zsh and fish"))),
)
EXAMPLES = """\
examples:
  holdfast init site && cd site
  holdfast plan
  holdfast apply -t 'role=web and not env=prod'
  holdfast apply playbooks/webs.yml --batches 1,10%,100% --error-budget 5%
  holdfast run -t group:db -- uptime
  holdfast -i hosts.ini inventory list --format ansible"""


class Parser(ArgumentParser):
    """Says the mend with what is wrong, where one is known."""

    def error(self, message: str) -> NoReturn:
        from holdfast.cli.usage import mend

        said = mend(message, [name for _, commands in COMMANDS for name, _ in commands])
        super().error(f"{message.partition(' (choose from')[0]}\n  {said}" if said else message)


class Lazy(Parser):
    """A command's parser, which asks the command for its options once it is used."""

    command = ""

    def fill(self) -> None:
        """Once."""
        if self.command:
            module = command_module(self.command)
            self.command = ""
            module.add(self)
            add_global(self, depth=1)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        self.fill()
        return super().parse_known_args(args, namespace)


def command_module(command: str) -> Any:
    """The module with `add(parser)` and `run(args, console, api) -> int`."""
    return importlib.import_module(f"holdfast.cli.commands.{command}")


def build() -> tuple[ArgumentParser, dict[str, Lazy]]:
    """The whole parser, and the commands' parsers by name."""
    parser = Parser("holdfast", formatter_class=Formatter, allow_abbrev=False, description=(
        "Holdfast: declare in YAML what hosts should be, make it so, keep it so.\n\n" + grouped()),
        epilog=EXAMPLES + "\n\nexit codes:\n" + codes() + "\n\n`holdfast COMMAND --help` tells more of a command.")
    add_global(parser, depth=0)
    parser.add_argument("--version", action="store_true", help="print the version and end")
    parsers = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Lazy,
                                    help="one of the commands above")
    made: dict[str, Lazy] = {}
    for _, commands in COMMANDS:
        for name, _does in commands:
            made[name] = parsers.add_parser(name, formatter_class=Formatter, allow_abbrev=False)
            made[name].command = name
    return parser, made


def grouped() -> str:
    """The commands by what they are for."""
    return "\n".join(f"{title}:\n" + "\n".join(f"  {name:<11}{does}" for name, does in commands)
                     for title, commands in COMMANDS)


def codes() -> str:
    """The exit codes."""
    return "\n".join(f"  {code:<5}{meaning}" for code, meaning in exits.MEANING.items())


def parse(argv: Sequence[str]) -> tuple[ArgumentParser, Namespace]:
    """Raises SystemExit as argparse does: 0 after help, 2 for wrong usage."""
    parser, _ = build()
    return parser, joined(parser.parse_args(argv))
