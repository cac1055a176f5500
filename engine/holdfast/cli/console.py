"""Where the commands print: lines for people on one side, objects for programs on the other."""
from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TextIO

from holdfast.problems import Problem, explain
from holdfast.reports.style import Colour, Style, printable, style_of


@dataclass
class Console:
    """out: results; err: what stands beside them. secrets: masked in whatever is written about a defect. above: takes
    what is for err while the screen moves."""

    out: TextIO
    err: TextIO
    style: Style
    err_style: Style
    json: bool = False
    verbose: int = 0
    secrets: dict[str, str] = field(default_factory=dict)
    above: Callable[[str], None] | None = None
    is_cut_short: bool = False  # a result could not be written, though somebody wanted it
    _closed: set[int] = field(default_factory=set)  # streams that take nothing any more

    @classmethod
    def of(cls, out: TextIO, err: TextIO, colour: Colour = "auto", json: bool = False, verbose: int = 0,
           environment: Mapping[str, str] = os.environ) -> Console:
        """For these two streams."""
        return cls(out, err, style_of(out, colour, environment), style_of(err, colour, environment), json, verbose)

    def lines(self, lines: Iterable[str]) -> None:
        """Results for people."""
        self._write(self.out, [self.style.line(line) for line in lines])

    def object(self, thing: Mapping[str, Any]) -> None:
        """One result for programs, on a line of its own, at once."""
        from holdfast.reports.objects import line

        self._write(self.out, [line(thing)])

    def note(self, line: str, paint: str = "") -> None:
        """Something beside the results."""
        said = self.err_style.line(self.err_style.paint(line, paint))
        if self.above is not None and self.err.isatty():
            self.above(said)
        else:
            self._write(self.err, [said])

    def problems(self, problems: Iterable[Problem]) -> None:
        """All faults, and how many there are."""
        found = list(problems)
        if self.json:
            from holdfast.reports.objects import problem_object

            for problem in found:
                self.object(problem_object(problem))
            return
        sources: dict[str, list[str]] = {}
        for problem in found:
            first, *rest = map(printable, explain(problem, sources).splitlines())
            self.note(first, "strong")
            for line in rest:
                self.note(line)
        self.note("1 problem" if len(found) == 1 else f"{len(found):,} problems", "bad")

    def warnings(self, warnings: Iterable[Problem]) -> None:
        """What probably was not meant so, beside the results."""
        sources: dict[str, list[str]] = {}
        for warning in warnings:
            first, *rest = map(printable, explain(warning, sources).splitlines())
            self.note(f"warning: {first}", "strong")
            for line in rest:
                self.note(line)

    def results(self, lines: Iterable[str], objects: Iterable[Mapping[str, Any]]) -> None:
        """The same results for people or for programs."""
        if self.json:
            for thing in objects:
                self.object(thing)
        else:
            self.lines(lines)

    def finished(self, text: str) -> None:
        """A result as it is to stand there, for people or for programs."""
        self._write(self.out, [text])

    def asks(self, question: str) -> bool:
        """Whether a person says yes; where nobody can be asked it is no, and said so."""
        if not (sys.stdin.isatty() and self.err.isatty()):
            self.note("nobody can be asked here: nothing was done; say --yes to do it")
            return False
        self.err.write(f"{question} [y/N] ")
        self.err.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    def is_terminal(self) -> bool:
        """May the screen move?"""
        return self.out.isatty() and not self.json and os.environ.get("TERM") != "dumb"

    def _write(self, stream: TextIO, lines: list[str]) -> None:
        """A reader that has gone (`| head`) ends the output, not the run; neither does a disk that is full."""
        if not lines or id(stream) in self._closed:
            return
        try:
            stream.write("\n".join(lines) + "\n")
            stream.flush()
        except OSError as error:
            self._closed.add(id(stream))
            hush(stream)
            if not isinstance(error, BrokenPipeError) and stream is self.out:
                self.is_cut_short = True
                self.note(f"the output cannot be written any more: {error.strerror or error}", "bad")


def hush(stream: TextIO) -> None:
    """What is still to be flushed goes nowhere, so that Python does not complain at its end."""
    if stream in (sys.stdout, sys.stderr):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
