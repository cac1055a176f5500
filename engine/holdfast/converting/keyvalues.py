"""Ansible's short form of arguments: `name=nginx state=present`, and the free form of `command`."""
from __future__ import annotations

import re

from holdfast.converting.model import Cannot

_PAIR = re.compile(r"([A-Za-z_]\w*)=(.*)\Z", re.DOTALL)
_OPENING = {"{{": "}}", "{%": "%}", "{#": "#}"}
FREE_WORDS = frozenset({"creates", "removes", "chdir", "executable", "stdin", "warn"})


def words(text: str) -> list[str]:
    """The text at its blanks, but not at those in quotes or templates; quotes stay. Raises Cannot."""
    found: list[str] = []
    current, quote, closing, at = "", "", "", 0
    while at < len(text):
        pair, one = text[at:at + 2], text[at]
        if closing:
            step = pair if pair == closing else one
            closing = "" if pair == closing else closing
        elif pair in _OPENING:
            step, closing = pair, _OPENING[pair]
        elif one == "\\" and len(pair) == 2:
            step = pair
        elif quote:
            step = one
            quote = "" if one == quote else quote
        elif one in "'\"":
            step = quote = one
        elif one.isspace():
            if current:
                found.append(current)
            current, step = "", ""
        else:
            step = one
        current += step
        at += max(1, len(step))
    if quote or closing:
        raise Cannot("quotes or braces in its arguments are not closed")
    return [*found, current] if current else found


def pairs(text: str) -> dict[str, str]:
    """All `key=value` of a text. Raises Cannot when there is anything else."""
    found = {}
    for word in words(text):
        pair = _PAIR.match(word)
        if pair is None:
            raise Cannot(f"`{word}` among its arguments is no key=value")
        found[pair[1]] = unquoted(pair[2])
    return found


def free(text: str) -> tuple[str, dict[str, str]]:
    """The command of a free form, and the options among its words. Raises Cannot."""
    options = {}
    for word in words(text):
        pair = _PAIR.match(word)
        if pair is not None and pair[1] in FREE_WORDS:
            options[pair[1]] = unquoted(pair[2])
            text = text.replace(word, "", 1)
    return (text.strip() if options else text.strip("\n")), options


def unquoted(text: str) -> str:
    """Without the quotes around the whole."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text
