"""The pages that a user reads, and what stands in them."""
from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "inventory").glob("*.md")])
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A block of code. line: of its first line."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks() -> Iterator[Block]:
    """All fenced ones."""
    for page in PAGES:
        text = page.read_text("utf-8")
        for found in _FENCE.finditer(text):
            yield Block(name_of(page), text.count("\n", 0, found.start(2)) + 1, found[1], found[2])


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every `holdfast …` that stands at the start of a line of code, after `$ ` or not: where, and its arguments."""
    for page in PAGES:
        is_fenced = False
        for number, line in enumerate(page.read_text("utf-8").splitlines(), 1):
            is_fenced ^= line.startswith("```")
            code = line if is_fenced else line[4:] if line.startswith("    ") else ""
            found = re.match(r"\s*(?:\$ )?(?:[A-Z_]+=\S* )?holdfast (?!\[)(.*)", code)
            if found:
                for part in _parts("holdfast " + found[1]):
                    yield f"{name_of(page)}:{number}", part


def _parts(line: str) -> Iterator[list[str]]:
    """The calls of `holdfast` in a line of shell; what stands behind three blanks is a remark."""
    lexer = shlex.shlex(re.split(r"\s{3,}", line)[0], posix=True, punctuation_chars="|&;>")
    lexer.whitespace_split = True
    call: list[str] = []
    for word in [*lexer, ";"]:
        if set(word) <= set("|&;>"):
            if call and call[0] == "holdfast":
                yield call[1:]
            call = []
        else:
            call.append(word)


def links() -> Iterator[tuple[Path, str]]:
    """Those that lead to files of ours: the page and the target."""
    for page in PAGES:
        for target in _LINK.findall(_FENCE.sub("", page.read_text("utf-8"))):
            if not re.match(r"[a-z]+:", target):
                yield page, target


def anchors(page: Path) -> set[str]:
    """What `#…` can lead to there."""
    heads = re.findall(r"^#+ (.*)$", _FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def name_of(page: Path) -> str:
    """As seen from the checkout."""
    return str(page.relative_to(ROOT))
