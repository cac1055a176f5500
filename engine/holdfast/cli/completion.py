"""What the shell offers when somebody presses Tab: commands, options, and names from the project at hand.

argcomplete does the work. The shell starts `holdfast` with `_ARGCOMPLETE` set, and `answer` then ends the process.
"""
from __future__ import annotations

from argparse import Action, ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import argcomplete
from argcomplete.completers import BaseCompleter, DirectoriesCompleter, FilesCompleter
from argcomplete.shell_integration import shellcode

from holdfast.cli.options import joined
from holdfast.cli.parser import build
from holdfast.problems import Problems

if TYPE_CHECKING:
    from holdfast.contents import Contents

RUNS = 20  # the newest ones are offered
Offer = Callable[["Contents"], Iterable[str]]


class OfProject(BaseCompleter):
    """Offers names that a project has; nothing while something is wrong with it."""

    def __init__(self, offer: Offer) -> None:
        self.offer = offer

    def __call__(self, *, prefix: str, action: Action, parser: ArgumentParser, parsed_args: Namespace) -> list[str]:
        from holdfast.contents import load_contents

        args = joined(parsed_args)
        try:
            with load_contents(args.folder, inventory=args.inventory) as project:
                return [name for name in self.offer(project) if name.startswith(prefix)]
        except Problems:
            return []


class Terms(OfProject):
    """Offers the term that an expression in quotes ends with: `'role=web and en` goes on with `env=prod`."""

    def __call__(self, *, prefix: str, action: Action, parser: ArgumentParser, parsed_args: Namespace) -> list[str]:
        begun = prefix[max(prefix.rfind(" "), prefix.rfind("(")) + 1:]
        before = prefix[:len(prefix) - len(begun)]
        return [before + term for term in super().__call__(prefix=begun, action=action, parser=parser,
                                                           parsed_args=parsed_args)]


def hosts(project: Contents) -> Iterator[str]:
    """All hosts by name."""
    yield from project.inventory.hosts


def targets(project: Contents) -> Iterator[str]:
    """The smallest expressions: tags with their values, groups, hosts."""
    inventory = project.inventory
    yield "all"
    yield from sorted({f"{key}={value}" for host in inventory.hosts.values() for key, value in host.tags.items()})
    yield from (f"group:{name}" for name in inventory.groups if name not in ("all", "ungrouped"))
    yield from inventory.hosts


def runs(project: Contents) -> Iterator[str]:
    """The newest ones."""
    yield "last"
    yield from (run.id for run in project.store.runs(RUNS))


def documented(project: Contents) -> Iterator[str]:
    """What `holdfast doc` tells of."""
    yield from project.types
    from holdfast.contents import kinds

    yield from kinds()


# By the name under which an argument is parsed; wherever it stands, it means the same.
COMPLETERS: Mapping[str, BaseCompleter] = {
    "documents": FilesCompleter(("yml", "yaml")), "inventory": FilesCompleter(), "key": FilesCompleter(),
    "folder": DirectoriesCompleter(), "path": DirectoriesCompleter(),
    "host": OfProject(hosts), "targets": Terms(targets), "run": OfProject(runs), "resume": OfProject(runs),
    "name": OfProject(documented),
}


def answer() -> None:
    """Answers the shell, and ends the process."""
    parser, commands = build()
    for command in commands.values():
        command.fill()
    attach(parser)
    argcomplete.autocomplete(parser)


def attach(parser: ArgumentParser) -> None:
    """Tells each argument, those of commands too, how it is completed."""
    for action in parser._actions:
        if isinstance(action, _SubParsersAction):
            for inner in action.choices.values():
                attach(inner)
        completer = COMPLETERS.get(action.dest.rstrip("_12"))
        if completer is not None:
            set_completer(action, completer)


def set_completer(action: Any, completer: BaseCompleter) -> None:
    """argcomplete looks for it there."""
    action.completer = completer


# What argcomplete has zsh do, and what is done instead: within quotes zsh gives the line without the quote that was
# opened, and `_describe` offers nothing that has blanks in it. Offered are words with a description after the last
# colon, other colons after backslashes.
IN_QUOTES = (
    ("local completions\n", """local completions line="$BUFFER" point="$CURSOR"
        if [[ -n "${compstate[quote]-}" ]]; then
            line="${BUFFER[1,$((CURSOR - $#PREFIX))]}${compstate[quote]}$PREFIX" point=$(($CURSOR + 1))
        fi
"""),
    ('COMP_LINE="$BUFFER"', 'COMP_LINE="$line"'),
    ('COMP_POINT="$CURSOR"', 'COMP_POINT="$point"'),
    ("if is-at-least 5.8;", """if [[ -n "${compstate[quote]-}" ]]; then
            compadd -S '' -- "${(@)${(@)completions%:*}//\\\\:/:}"
            return
        fi
        if is-at-least 5.8;"""),
)


def script(shell: str) -> str:
    """What a shell of this kind has to read, once a session."""
    code = shellcode(["holdfast"], shell=shell)
    for theirs, ours in IN_QUOTES if shell == "zsh" else ():
        code = code.replace(theirs, ours)
    return code
