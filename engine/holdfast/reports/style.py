"""How text may look where it goes: colours, signs beyond ASCII, width."""
from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TextIO

Colour = Literal["auto", "always", "never"]

# A paint is what the text means, not what it looks like.
PAINTS = {"good": "32", "change": "33", "bad": "31", "faint": "2", "strong": "1", "added": "32", "removed": "31",
          "hunk": "36"}
PAINT_OF = {  # by status of a host, resource or run
    "ok": "good", "changed": "change", "pending": "change", "unknown": "change", "failed": "bad", "unreachable": "bad",
    "timed_out": "bad", "interrupted": "bad", "refused": "bad", "skipped": "faint", "untouched": "faint",
    "done": "good", "stopped": "bad", "running": "change"}
ASCII = str.maketrans({"→": "->", "«": "<", "»": ">", "…": "...", "·": "-", "●": "*", "━": "=", "─": "-", "␀": "?",
                       "✔": "+", "✘": "x", "│": "|", "├": "|", "└": "`"})
# What a terminal would take for a command, and marks that turn the direction of text.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Style:
    """colour: escape codes may be used. signs: characters beyond ASCII may be used. width: columns; None: lines are
    not cut."""

    colour: bool = False
    signs: bool = True
    width: int | None = None

    def paint(self, text: str, paint: str) -> str:
        """The text in the colour of what it means. paint: a name of PAINTS, or ""."""
        return f"\x1b[{PAINTS[paint]}m{text}\x1b[0m" if self.colour and paint else text

    def line(self, text: str) -> str:
        """A finished line as the output takes it."""
        return text if self.signs else text.translate(ASCII).encode("ascii", "replace").decode("ascii")


def printable(text: str) -> str:
    """What a host or document says, without what would command the terminal."""
    return CONTROL.sub(lambda match: f"\\x{ord(match.group()):02x}", text)


def style_of(stream: TextIO, colour: Colour, environment: Mapping[str, str] = os.environ) -> Style:
    """How to write to this stream. NO_COLOR (any value but "") and TERM=dumb turn colours off unless they are asked
    for. See https://no-color.org."""
    terminal = stream.isatty()
    auto = terminal and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
    signs = "utf" in (stream.encoding or "").lower()
    return Style(colour == "always" or (colour == "auto" and auto), signs,
                 shutil.get_terminal_size().columns if terminal else None)
