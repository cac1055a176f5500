"""`holdfast`: reads the command line, calls the command, and turns whatever happens into an exit code."""
from __future__ import annotations

import gc
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import TextIO

from holdfast.cli import exits
from holdfast.cli.api import Api, GetApi
from holdfast.cli.console import Console
from holdfast.cli.parser import command_module, parse
from holdfast.problems import Problems


def entry() -> None:
    """The console script."""
    open_standard_streams()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    if "_ARGCOMPLETE" in os.environ:  # the shell asks what may come next
        from holdfast.cli.completion import answer

        answer()
    code = main(sys.argv[1:], sys.stdout, sys.stderr)
    gc.freeze()  # the process ends here: to look for garbage among all that is loaded would cost 0.1 s more
    sys.exit(code)


def open_standard_streams() -> None:
    """What the caller has closed leads nowhere: else the next file that is opened, the store say, would be in its
    place."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free, which is this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8", closefd=False))  # noqa: SIM115  # for good


def the_api() -> Api:
    """The Python API, imported when a command needs it: --help does not."""
    import holdfast

    api: Api = holdfast  # type: ignore[assignment]  # a module is what the protocol asks for
    return api


def main(argv: Sequence[str], out: TextIO, err: TextIO, api: GetApi = the_api) -> int:
    """Returns the exit code."""
    try:
        parser, args = parse(argv)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else exits.REFUSED
    console = Console.of(out, err, args.color, args.json, args.verbose)
    if args.version:
        console.lines([f"holdfast {version()}"])
        return exits.INTERNAL if console.is_cut_short else exits.OK
    if args.command is None:
        parser.print_help(err)
        return exits.REFUSED
    return guarded(args, console, api)


def guarded(args: Namespace, console: Console, api: GetApi) -> int:
    """The command, and what becomes of what it raises."""
    try:
        code: int = command_module(args.command).run(args, console, api)
    except Problems as problems:
        console.problems(problems.problems)
        return exits.REFUSED
    except KeyboardInterrupt:
        console.note("interrupted")
        return exits.INTERRUPTED
    except Exception:  # the boundary: a traceback never reaches a user
        return _defect(args, console)
    return exits.INTERNAL if code == exits.OK and console.is_cut_short else code


def _defect(args: Namespace, console: Console) -> int:
    import traceback

    from holdfast.cli.details import keep_details

    text = traceback.format_exc()
    path = keep_details(f"holdfast {args.command}\n{text}", args.folder, console.secrets)
    where = f"the details are in {path}" if path else "the details could not be written anywhere"
    console.note(f"holdfast: a defect of Holdfast ({sys.exc_info()[0].__name__}); {where}", "bad")  # type: ignore[union-attr]
    return exits.INTERNAL


def version() -> str:
    """Of the installed package."""
    from importlib import metadata

    try:
        return metadata.version("holdfast")
    except metadata.PackageNotFoundError:
        return "(not installed)"


