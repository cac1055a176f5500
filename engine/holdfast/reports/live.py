"""The moving part of a terminal. Imported only when there is one, for rich is slow to load."""
from __future__ import annotations

import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

from holdfast.executor.model import Happening
from holdfast.reports.lines import output_lines, troubles
from holdfast.reports.progress import FEW, Progress, draw
from holdfast.reports.style import Style

A_SECOND = 8  # times the screen is drawn
MOST_TROUBLES = 30  # lines above the moving part; the summary has all, folded


class Screen:
    """Shows a run while it goes on. Use it in `with`; call it with what happens."""

    def __init__(self, stream: TextIO, style: Style, drift: bool = False, output: bool = False) -> None:
        """output: programs' live output is shown too."""
        self._style, self._drift, self._output = style, drift, output
        self._progress, self._lock, self._told = Progress(), threading.Lock(), 0
        console = Console(file=stream, force_terminal=True, no_color=not style.colour, highlight=False, soft_wrap=False)
        self._live = Live(console=console, get_renderable=self._render, refresh_per_second=A_SECOND, transient=True,
                          redirect_stdout=False, redirect_stderr=False, vertical_overflow="crop")

    def __enter__(self) -> Screen:
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        with suppress(OSError):
            self._live.stop()

    def say(self, line: str) -> None:
        """Something beside the run, which stays above the moving part. A terminal that is gone is no reason to stop."""
        with suppress(OSError):
            self._live.console.print(Text.from_ansi(line), soft_wrap=True)

    def __call__(self, happening: Happening) -> None:
        """Takes what happened; what is worth it stays above the moving part."""
        with self._lock:
            self._progress.take(happening, time.monotonic())
            many = len(self._progress.hosts) > FEW
        for line in output_lines(happening, self._style) if self._output else ():
            self.say(line)
        for line in troubles(happening, self._style):
            self._told += 1
            if not many or self._told < MOST_TROUBLES:
                self.say(line)
            elif self._told == MOST_TROUBLES:
                self.say("more of this is in the summary")

    def _render(self) -> Text:
        with self._lock:
            drawn = draw(self._progress, time.monotonic(), self._style, self._drift)
        return Text("\n", no_wrap=True, overflow="ellipsis", end="").join(map(Text.from_ansi, drawn))
