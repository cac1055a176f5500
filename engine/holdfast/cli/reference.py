"""The reference of the command line, from the parsers themselves:
python -m holdfast.cli.reference > docs/reference/cli.md
"""
from __future__ import annotations

import sys
from argparse import Action, ArgumentParser, _SubParsersAction
from collections.abc import Container, Iterator

from holdfast.cli.parser import COMMANDS, build

HEAD = """\
# The command line

<!-- Made by `python -m holdfast.cli.reference`; a test holds it to the program. -->

    holdfast [OPTION …] COMMAND [OPTION …] [ARGUMENT …]

Exit codes are in [exit-codes.md](exit-codes.md), the objects of `--json` in [json.md](json.md).

`HOLDFAST_STORE` in the environment says where runs are kept instead of `.holdfast/holdfast.db` in the project
folder: a path, or `postgresql://user@host/name` (then install `psycopg[binary]` beside Holdfast). `NO_COLOR` turns
colours off.
"""


def reference() -> str:
    """The page, as Markdown."""
    parser, commands = build()
    lines = [HEAD, "## Options of all commands", "", "They may stand before or after the command.", "",
             *_options(parser), ""]
    known = {option for action in parser._actions for option in action.option_strings}
    for title, group in COMMANDS:
        lines += [f"## {title[0].upper()}{title[1:]}", ""]
        for name, _does in group:
            commands[name].fill()
            lines += [*_command(f"holdfast {name}", commands[name], known), ""]
    return "\n".join(lines).rstrip() + "\n"


def _command(words: str, parser: ArgumentParser, known: Container[str], level: int = 3) -> Iterator[str]:
    yield from (f"{'#' * level} {words}", "", parser.description or "", "")
    yield from _options(parser, known)
    if parser.epilog:
        yield from ("", "```", *(line.removeprefix("  ") for line in parser.epilog.splitlines()[1:]), "```")
    for action in parser._actions:
        if isinstance(action, _SubParsersAction):
            for name, inner in action.choices.items():
                yield ""
                yield from _command(f"{words} {name}", inner, known, level + 1)


def _options(parser: ArgumentParser, known: Container[str] = ("-h",)) -> Iterator[str]:
    """known: options that are told elsewhere."""
    for action in parser._actions:
        if isinstance(action, _SubParsersAction) or (action.option_strings and action.option_strings[0] in known):
            continue
        yield f"- `{_spelling(action)}`: {(action.help or '').replace('%%', '%')}"


def _spelling(action: Action) -> str:
    if not action.option_strings:
        word = str(action.metavar)
        return {"?": f"[{word}]", "*": f"[{word} …]"}.get(str(action.nargs), word)
    if action.nargs == 0:
        return ", ".join(action.option_strings)
    value = f" {action.metavar or '|'.join(map(str, action.choices or ()))}"
    return ", ".join(action.option_strings) + value


if __name__ == "__main__":
    sys.stdout.write(reference())
