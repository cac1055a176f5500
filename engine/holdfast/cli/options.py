"""Options that several commands share."""
from __future__ import annotations

import re
from argparse import (
    SUPPRESS,
    Action,
    ArgumentError,
    ArgumentParser,
    ArgumentTypeError,
    BooleanOptionalAction,
    Namespace,
    RawDescriptionHelpFormatter,
)
from textwrap import wrap
from typing import Any

HELP_WIDTH = 110  # columns
COLOURS = ("auto", "always", "never")


DEEPEST = 2  # `holdfast inventory list`


def add_global(parser: ArgumentParser, depth: int) -> None:
    """Options that stand before or after the command's name. depth: of how many words the command consists so far;
    deeper ones leave what stands before them alone, and add to lists."""
    after = f"_{depth}" if depth else ""

    def default(value: Any) -> Any:
        return SUPPRESS if depth else value

    group = parser.add_argument_group("options of all commands")
    group.add_argument("-C", "--folder", metavar="FOLDER", default=default("."), action=Filled,
                       help="the project folder, with inventory/, playbooks/ and modules/ (default: the current one)")
    group.add_argument("-i", "--inventory", metavar="FILE", action="append", default=default([]),
                       dest="inventory" + after,
                       help="an inventory: a file or folder, Holdfast's, Ansible's or executable; may be repeated "
                            "(default: inventory/)")
    group.add_argument("--set", metavar="NAME=VALUE", action="append", type=variable, default=default([]),
                       dest="set" + after,
                       help="a variable that goes before all others; the value is read as YAML; may be repeated")
    group.add_argument("--json", action="store_true", default=default(False),
                       help="print one JSON object a line, as things happen")
    group.add_argument("--color", choices=COLOURS, default=default("auto"),
                       help="colours: auto (on terminals, unless NO_COLOR is set), always, never")
    group.add_argument("-v", "--verbose", action="count", default=default(0),
                       help="show more: resources in state, live output of programs")


def joined(args: Namespace) -> Namespace:
    """The global options of all places as one."""
    for name in ("inventory", "set"):
        deeper = [item for depth in range(1, DEEPEST + 1) for item in getattr(args, f"{name}_{depth}", [])]
        setattr(args, name, [*getattr(args, name), *deeper])
    return args


class Formatter(RawDescriptionHelpFormatter):
    """Help of the same width everywhere, so that it can be compared and read in a file; examples stay as written."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30, width=HELP_WIDTH)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join("\n".join(wrap(line, HELP_WIDTH)) if len(line) > HELP_WIDTH else line
                         for line in text.splitlines())


class Filled(Action):
    """A text that is not empty, as that of a shell's variable that is not set would be."""

    mend = ""

    def __call__(self, parser: ArgumentParser, namespace: Namespace, values: Any, option: str | None = None) -> None:
        if not values.strip():
            raise ArgumentError(self, "it is empty" + self.mend)
        setattr(namespace, self.dest, values)


class Expression(Filled):
    """A target expression; an empty one is not all hosts."""

    mend = "; write `all` for all hosts"


def add_action(actions: Any, name: str, does: str) -> ArgumentParser:
    """A second word of a command, with the global options. actions: what `add_subparsers` gave."""
    made: ArgumentParser = actions.add_parser(name, help=does, description=does[0].upper() + does[1:] + ".",
                                              formatter_class=Formatter, allow_abbrev=False)
    add_global(made, depth=2)
    return made


def add_targets(parser: ArgumentParser) -> None:
    """-t"""
    parser.add_argument("-t", "--targets", metavar="EXPRESSION", default="", action=Expression,
                        help="only these hosts: tags, groups, host globs and facts, as in 'role=web and not env=dev', "
                             "'group:db', 'web*', 'facts.os.family=debian'")


def add_kept_facts(parser: ArgumentParser) -> None:
    """--kept-facts"""
    parser.add_argument("--kept-facts", metavar="AGE", type=duration, default=0.0,
                        help="use facts that were gathered at most so long ago, as in 10m (default: ask the hosts)")


def add_login(parser: ArgumentParser) -> None:
    """Who to be on the hosts."""
    group = parser.add_argument_group("reaching hosts")
    group.add_argument("--user", metavar="NAME", action=Filled,
                       help="the user to log in as (default: as inventory and ssh say)")
    group.add_argument("--key", metavar="FILE", action=Filled, help="a private key (default: as inventory and ssh say)")
    group.add_argument("--ask-become-password", action="store_true",
                       help="ask for the password with which to become root; it is never part of a command line")


def add_install_python(parser: ArgumentParser) -> None:
    """--install-python"""
    parser.add_argument("--install-python", action="store_true",
                        help="where a host has no usable Python, install python3 first, as root: by apt-get, dnf, "
                             "zypper or apk, whichever is the system's own")


def add_rollout(parser: ArgumentParser) -> None:
    """How to go through the hosts."""
    group = parser.add_argument_group("how the run goes (before what documents say)")
    group.add_argument("--at-once", metavar="N", type=count, help="hosts in hand at a time (default: 50)")
    group.add_argument("--batches", metavar="SIZES", type=batches,
                       help="one batch after the other: numbers or shares of all hosts, as in 1,10%%,100%%; "
                            "the last is repeated")
    group.add_argument("--error-budget", metavar="N|N%", type=share,
                       help="stop when more hosts than this are bad, over the whole run (default: never)")
    group.add_argument("--host-limit", metavar="TIME", type=duration,
                       help="the longest time for one host, as in 90s, 5m, 1h30m")
    group.add_argument("--run-limit", metavar="TIME", type=duration, help="the longest time for the whole run")


def add_run(parser: ArgumentParser, diff: bool) -> None:
    """What plan, apply and drift share. diff: are diffs shown unless --no-diff is given?"""
    parser.add_argument("documents", metavar="FILE", nargs="*", help="documents (default: all of playbooks/)")
    add_targets(parser)
    parser.add_argument("--diff", action=BooleanOptionalAction, default=diff, help="show what is different in texts"
                        + ("" if diff else ", resource by resource"))
    parser.add_argument("--exit-code", action="store_true", help="end with 3 when changes were made or are pending")
    add_kept_facts(parser)
    add_login(parser)
    add_rollout(parser)


def rollout(args: Namespace) -> dict[str, Any]:
    """The fields of Rollout that were given."""
    given = {"at_once": args.at_once, "batches": args.batches, "error_budget": args.error_budget,
             "host_s": args.host_limit, "run_s": args.run_limit}
    return {name: value for name, value in given.items() if value is not None}


# -- values: each raises ArgumentTypeError with the mend ----------------------------------------------------------


def variable(text: str) -> tuple[str, Any]:
    """`name=value`, the value as YAML reads it."""
    name, equals, value = text.partition("=")
    if not equals or not re.fullmatch(r"[A-Za-z_]\w*", name):
        raise ArgumentTypeError(f"`{text}` is not NAME=VALUE")
    import yaml

    try:
        return name, yaml.safe_load(value)
    except yaml.YAMLError:
        raise ArgumentTypeError(f"the value of `{name}` is not YAML; put quotes around it") from None


def count(text: str) -> int:
    """A number of hosts, 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"`{text}` is not a number from 1")
    return int(text)


def port(text: str) -> int:
    """A port to listen on."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise ArgumentTypeError(f"`{text}` is no port, which is a number from 1 to 65535")
    return int(text)


def share(text: str) -> int | str:
    """`3` or `5%`."""
    if re.fullmatch(r"\d+", text):
        return int(text)
    if re.fullmatch(r"\d+(\.\d+)?%", text) and float(text[:-1]) <= 100:
        return text
    raise ArgumentTypeError(f"`{text}` is neither a number nor a share such as 5%")


def batches(text: str) -> tuple[int | str, ...]:
    """`1,10%,100%`."""
    found = tuple(share(part.strip()) for part in text.strip("[]").split(","))
    if any(part == 0 or (isinstance(part, str) and float(part[:-1]) == 0) for part in found):
        raise ArgumentTypeError("a batch has at least one host")
    return found


def duration(text: str) -> float:
    """`90s`, `5m`, `1h30m`; a number alone is seconds."""
    from holdfast.documents.durations import seconds

    found = seconds(text + "s" if text.isdecimal() else text)
    if found is None:
        raise ArgumentTypeError(f"`{text}` is not a time; write it as in 90s, 5m, 1h30m")
    return found
