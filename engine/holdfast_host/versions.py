"""Versions of Debian packages, in their order; and ranges of versions, of whatever order: `>= 1.2, < 2`."""
from __future__ import annotations

import re
from typing import Callable, List, Sequence, Tuple

from .errors import Refused

Range = Sequence[Tuple[str, str]]  # ("<=", "1.2"), all of which hold
Compare = Callable[[str, str], int]

_BOUND = re.compile(r"(>=|<=|>|<|=)\s*([0-9][A-Za-z0-9.+:~^_-]*)\Z")
_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]+)*\Z")
_HOLDS = {"<": (-1,), "<=": (-1, 0), "=": (0,), ">=": (0, 1), ">": (1,)}
_END = 1  # sorts above `~` and below all else


def read(text: str) -> Range:
    """The bounds of a range, which commas part. Raises Refused."""
    found: List[Tuple[str, str]] = []
    for part in text.split(","):
        bound = _BOUND.match(part.strip())
        if bound is None:
            raise Refused("", "`%s` is no bound of a range" % part.strip(), 'write it as ">= 1.2, < 2"')
        found.append((bound.group(1), bound.group(2)))
    for low, least in found:
        for high, most in found:
            is_plain = _PLAIN.match(least) and _PLAIN.match(most)
            if low[0] == ">" and high[0] == "<" and is_plain and compare(least, most) > 0:
                raise Refused("", "`%s` holds no version" % text, "turn it round: >= %s, < %s" % (most, least))
    return found


def matches(version: str, wanted: str, compare: Compare, releases: bool = False) -> bool:
    """Whether a version is exactly this one, fits this pattern, or is in this range. releases: what has no `-` in it
    is held against the upstream version, so that `1.2` is 1.2-3 too."""
    if wanted[0] in "<>=":
        return fits(version, read(wanted), compare)
    import fnmatch

    return fnmatch.fnmatchcase(_upstream(version) if releases and "-" not in wanted else version, wanted)


def fits(version: str, bounds: Range, compare: Compare) -> bool:
    """Whether a version is in the range. A bound without a revision (`1.2`, not `1.2-3`) is held against the upstream
    version alone: 1.2-3 is not above 1.2."""
    return all(compare(_upstream(version) if "-" not in bound else version, bound) in _HOLDS[sign]
               for sign, bound in bounds)


def compare(one: str, other: str) -> int:
    """-1, 0 or 1, by Debian's rules: epoch, upstream version, revision."""
    left, right = _key(one), _key(other)
    return (left > right) - (left < right)


def _upstream(version: str) -> str:
    return version.rpartition("-")[0] if "-" in version else version


def _key(version: str) -> Tuple[int, List[object], List[object]]:
    epoch, colon, rest = version.partition(":")
    if not colon or not epoch.isdecimal():
        epoch, rest = "0", version
    upstream, dash, revision = rest.rpartition("-")
    return int(epoch), _part(upstream if dash else rest), _part(revision if dash else "0")


def _part(text: str) -> List[object]:
    """Texts and numbers by turns; a text as its characters: `~` before the end, letters before the rest."""
    found: List[object] = []
    for chars, digits in re.findall(r"(\D*)(\d*)", text):
        if chars or digits or not found:
            found += [[_rank(char) for char in chars] + [_END], int(digits or 0)]
    return found if len(found) > 2 and found[-2:] != [[_END], 0] else [*found, [_END], 0]


def _rank(char: str) -> int:
    return 0 if char == "~" else ord(char) + (0 if char.isalpha() else 256) + 2
