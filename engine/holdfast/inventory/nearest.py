"""The known name that a mistyped one most likely meant."""
from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`did you mean `owner`?`, or the known names if none is near and they are few, or ""."""
    names = sorted(set(known))
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"known are {', '.join(f'`{each}`' for each in names)}" if 0 < len(names) <= 12 else ""
