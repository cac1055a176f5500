"""Diffs without secrets, and without what stood in their places before. Nobody knows those any more, but a password
that is exchanged is often in use elsewhere."""
from __future__ import annotations

from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

from .redact import Redactor

HIDDEN = "«hidden»"
TRIED = 64  # stencils; with more of them nothing that is taken out is shown


class Stencil(NamedTuple):
    """A line with holes where it has secrets. parts: what stands around them; names: of the secrets."""

    parts: Tuple[str, ...]
    names: Tuple[str, ...]

    def masked(self, line: str, redactor: Redactor) -> Optional[str]:
        """A line that is the same but for the holes, with names in them; None: it is not."""
        values = self._in_holes(line)
        if values is None:
            return None
        shown = [self.parts[0]]
        for value, name, part in zip(values, self.names, self.parts[1:]):
            masked = redactor.text(value)
            shown += [masked if masked == "«%s»" % name else "«%s, before»" % name, part]
        return "".join(shown)

    def _in_holes(self, line: str) -> Optional[List[str]]:
        """What a line has in the holes, of which none is empty; None: it does not fit. Each but the last is as short as
        it can be: a pattern that tried all lengths would take the fourth power of a line's for four holes."""
        first, *between, last = self.parts
        if not line.startswith(first):
            return None
        found, begin, end = [], len(first), len(line) - len(last)
        for part in between:
            at = line.find(part, begin + 1, end)
            if at < 0:
                return None
            found.append(line[begin:at])
            begin = at + len(part)
        return [*found, line[begin:end]] if begin < end and line.endswith(last) else None


def masked(diff: str, redactor: Redactor) -> str:
    """A unified diff. A line that made room for one with a secret is shown but for what stood in the secret's place;
    where that is not to be seen, it is hidden."""
    rows = diff.split("\n")
    made = {at: stencil for at, row in enumerate(rows) for stencil in (_stencil(row, redactor),) if stencil}
    known = {one for one in made.values() if any(part.strip() for part in one.parts)}  # not just any line fits
    shown = [row[:1] + redactor.text(row[1:]) for row in rows]
    if made:
        for taken, put in _changes(rows):
            beside = {made[at] for at in put if at in made}
            for at in taken:
                shown[at] = "-" + _former(rows[at][1:], beside, known, redactor)
    return "\n".join(shown)


def _stencil(row: str, redactor: Redactor) -> Optional[Stencil]:
    parts, names = redactor.parts(row[1:]) if row.startswith("+") else ([], [])
    return Stencil(tuple(parts), tuple(names)) if names else None


def _changes(rows: Sequence[str]) -> Iterator[Tuple[List[int], List[int]]]:
    """What is taken out and what is put in at one place: positions of rows."""
    place: Dict[str, List[int]] = {"-": [], "+": []}
    for at, row in enumerate([*rows, " "]):
        if row[:1] == " " or row[:1] == "@" or (row[:1] == "-" and place["+"]):
            if place["-"]:
                yield place["-"], place["+"]
            place = {"-": [], "+": []}
        if row[:1] in place:
            place[row[:1]].append(at)


def _former(line: str, beside: Set[Stencil], known: Set[Stencil], redactor: Redactor) -> str:
    """A line that is taken out. beside, known: what is put in in its place, and anywhere."""
    if len(beside | known) > TRIED:
        return HIDDEN
    for stencil in (*sorted(beside), *sorted(known)):
        found = stencil.masked(line, redactor)
        if found is not None:
            return found
    _, names = redactor.parts(line)
    is_told = all(name in names for stencil in beside for name in stencil.names)
    return redactor.text(line) if is_told else HIDDEN
