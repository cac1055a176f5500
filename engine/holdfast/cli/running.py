"""Carrying out a run: telling of it as it happens, and stopping it when somebody asks."""
from __future__ import annotations

import asyncio
import logging
import signal
from argparse import Namespace
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from holdfast.cli import exits
from holdfast.cli.api import Emit, GetApi, Project, Stop
from holdfast.cli.console import Console
from holdfast.cli.details import keep_details
from holdfast.executor.model import Happening, Noticed, RunDone, RunStarted
from holdfast.reports.lines import lines, output_lines

T = TypeVar("T")
Start = Callable[[Emit, Stop], Awaitable[RunDone]]
FINISHING = "stopping: the resources in hand are finished first; press Ctrl-C again to stop at once"
NOW = "stopping at once"


def carry_out(args: Namespace, console: Console, api: GetApi, project: Project, start: Start, *,
              drift: bool = False, quiet: bool = False) -> tuple[RunDone, bool]:
    """The end of the run, and whether somebody asked it to stop. quiet: lines for every host are not wanted. Raises
    Problems."""
    with telling(console, drift, quiet) as emit, details_of_libraries(args.folder, console):
        try:
            return asyncio.run(until_done(api().Stop(), start, emit, console))
        finally:
            console.secrets.update(project.secrets)


async def until_done(stop: Stop, start: Callable[[Emit, Stop], Awaitable[T]], emit: Emit,
                     console: Console) -> tuple[T, bool]:
    """What comes of it, and whether somebody asked it to stop."""
    asked = 0
    task = asyncio.ensure_future(start(emit, stop))

    def on_signal() -> None:
        nonlocal asked
        asked += 1
        console.note(FINISHING if asked == 1 else NOW, "bad")
        if asked <= 2:
            stop.request("somebody asked to stop")
        else:
            task.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` wants it
            loop.add_signal_handler(number, on_signal)
    try:
        return await task, asked > 0
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


@contextmanager
def telling(console: Console, drift: bool, quiet: bool) -> Iterator[Emit]:
    """What to call with everything that happens."""
    if console.json:
        yield _as_objects(console)
    elif console.is_terminal():
        from holdfast.reports.live import Screen

        with Screen(console.out, console.style, drift, console.verbose > 0) as screen:
            console.above = screen.say
            try:
                yield screen
            finally:
                console.above = None
    elif quiet:
        yield lambda happening: console.lines(
            lines(happening, console.style) if isinstance(happening, Noticed) and happening.host
            else output_lines(happening, console.style) if console.verbose else ())
    else:
        yield lambda happening: console.lines(lines(happening, console.style, drift, console.verbose > 0))


def _as_objects(console: Console) -> Emit:
    """Each happening as an object, with the id of the run that it belongs to."""
    from holdfast.reports.objects import happening_object

    run = ""

    def emit(happening: Happening) -> None:
        nonlocal run
        if isinstance(happening, RunStarted):
            run = happening.run
        console.object(happening_object(happening, run))

    return emit


@contextmanager
def details_of_libraries(folder: str, console: Console) -> Iterator[None]:
    """What libraries log as wrong goes where the details of defects go, not onto the screen; what their threads log
    later goes nowhere."""

    class Details(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            keep_details(self.format(record), folder, console.secrets)

    handler = Details(logging.ERROR)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        logging.lastResort = logging.NullHandler()


def code_of(done: RunDone, args: Namespace, interrupted: bool) -> int:
    """The exit code."""
    return exits.of_run(done, getattr(args, "exit_code", False), interrupted)
