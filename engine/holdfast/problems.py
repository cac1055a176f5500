"""Faults as data: where, what, and the mend. Text is made at the very end."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a file. `file` as the user named it; line and column count from 1, in characters; width is that of
    what the caret marks. line 0: the file as a whole. text: what is meant where it is no file, as with an argument of
    the command line; `file` is then the name of that."""

    file: str
    line: int = 0
    column: int = 0
    width: int = 1
    text: str = field(default="", compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault. `mend` says what to write instead ("did you mean `owner`?"). `also`: further places and why they
    matter ("the other one is here")."""

    what: str
    place: Place | None = None
    mend: str = ""
    also: tuple[tuple[str, Place], ...] = ()


class Problems(Exception):
    """All faults that were found, in the order of their places. Nothing has been touched."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.place is None, p.place or Place(""), p.what)))
        super().__init__("\n".join(f"{p.place or 'holdfast'}: {p.what}" for p in self.problems))


def explain(problem: Problem, sources: dict[str, list[str]] | None = None) -> str:
    """The fault as a person reads it: place and what, the line itself, a caret with the mend.

    sources: remembers files' lines between calls.
    """
    place = problem.place
    if place is None:
        return f"holdfast: {problem.what}" + (f"\n  {problem.mend}" if problem.mend else "")
    text = [f"{place}  {problem.what}"]
    line = _line(place, {} if sources is None else sources)
    if line is not None:
        number = str(place.line).rjust(5)
        expanded = line.expandtabs(1)
        room = max(1, min(place.width, len(expanded) - place.column + 1))
        mark = " " * (place.column - 1) + "^" * room
        text += [f"{number} | {expanded}", f"{' ' * len(number)} | {mark} {problem.mend}".rstrip()]
    elif problem.mend:
        text.append(f"      {problem.mend}")
    text += [f"      {why}: {where}" for why, where in problem.also]
    return "\n".join(text)


def _line(place: Place, sources: dict[str, list[str]]) -> str | None:
    if not place.line:
        return None
    if place.text:
        return (place.text.splitlines() or [""])[place.line - 1]
    if place.file not in sources:
        try:
            sources[place.file] = Path(place.file).read_text("utf-8", "replace").splitlines()
        except OSError:
            sources[place.file] = []
    lines = sources[place.file]
    return lines[place.line - 1] if place.line <= len(lines) else None
