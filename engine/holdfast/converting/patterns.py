"""Ansible's host patterns (`web:!staging:&prod`) to target expressions."""
from __future__ import annotations

import re
from collections.abc import Collection

from holdfast.converting.model import Cannot

_WORD = re.compile(r"[A-Za-z0-9_.*?-]+\Z")


def targets(patterns: list[str], groups: Collection[str] | None, hosts: Collection[str] | None) -> str:
    """The expression. groups, hosts: of the inventory; None: there is none, and a word is taken for a group. Raises
    Cannot."""
    parts = [part for text in patterns for part in re.split(r"[:,]", text) if part.strip()]
    joined: list[str] = []
    required: list[str] = []
    excluded: list[str] = []
    for part in map(str.strip, parts):
        sign, word = (part[0], part[1:]) if part[0] in "!&" else ("", part)
        {"": joined, "&": required, "!": excluded}[sign].append(_word(word, groups, hosts))
    if not joined:
        joined = ["all"]
    first = joined[0] if len(joined) == 1 else " or ".join(joined)
    if len(joined) > 1 and (required or excluded):
        first = f"({first})"
    return " and ".join([first, *required, *(f"not {one}" for one in excluded)])


def _word(word: str, groups: Collection[str] | None, hosts: Collection[str] | None) -> str:
    if not _WORD.match(word):
        raise Cannot(f"the hosts `{word}` cannot be said as a target expression")
    if word in ("all", "*"):
        return "all"
    if word == "localhost":
        return "localhost"
    is_group = word in groups if groups is not None else word not in (hosts or ())
    if is_group and not re.search(r"[*?.]", word):
        return f"group:{word}"
    return word
