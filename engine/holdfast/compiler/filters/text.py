"""Texts, paths and sizes."""
from __future__ import annotations

import os.path
import re
import shlex
from collections.abc import Callable, Iterable
from typing import Any

from holdfast.compiler.bounds import LARGEST, LONGEST
from holdfast.compiler.faults import Misused

_UNITS = ("", "K", "M", "G", "T", "P", "E")


def _compiled(pattern: str, ignorecase: bool, multiline: bool) -> re.Pattern[str]:
    try:
        return re.compile(pattern, (re.IGNORECASE if ignorecase else 0) | (re.MULTILINE if multiline else 0))
    except re.error as error:
        raise Misused(f"`{pattern}` is not a regular expression: {error}",
                      "escape special characters with \\") from None


def _searched(value: Any) -> str:
    """What a pattern is looked for in: what it has tried on the way takes far more memory than the text."""
    text = str(value)
    if len(text) > LONGEST:
        raise Misused(f"regular expressions take texts of at most {LONGEST} characters", "split it first")
    return text


def regex_replace(value: Any, pattern: str = "", replacement: str = "", ignorecase: bool = False,
                  multiline: bool = False, count: int = 0) -> str:
    """The text with what the pattern finds replaced."""
    found, text = _compiled(pattern, ignorecase, multiline), _searched(value)
    largest = len(replacement) + replacement.count("\\") * len(text)  # of what is put in one place
    if largest * (len(text) + 1) > LARGEST:
        _refuse_growth(found.finditer(text), replacement, largest)
    return found.sub(replacement, text, count=count)


def _refuse_growth(found: Iterable[re.Match[str]], replacement: str, largest: int) -> None:
    size = largest if largest > LARGEST else 0
    for one in found:
        # what refers to no group is as long as it is written; to expand it would mean to read it anew for each find
        size += len(one.expand(replacement)) if "\\" in replacement else len(replacement)
        if size > LARGEST:
            raise Misused("this would make a text of more than 16 MiB", "make less of it")


def regex_search(value: Any, pattern: str, *groups: str, ignorecase: bool = False, multiline: bool = False) -> Any:
    r"""What the pattern finds first, nothing (null) if it finds nothing; with '\\1' or '\\g<name>' a list of groups."""
    found = _compiled(pattern, ignorecase, multiline).search(_searched(value))
    if found is None:
        return None
    if not groups:
        return found.group()
    names = [re.sub(r"^\\(?:g<)?(\w+)>?$", r"\1", group) for group in groups]
    try:
        return [found.group(int(name) if name.isdecimal() else name) for name in names]
    except IndexError:
        raise Misused(f"`{pattern}` has no such group: {', '.join(names)}") from None


def regex_findall(value: Any, pattern: str, multiline: bool = False, ignorecase: bool = False) -> list[Any]:
    """All that the pattern finds."""
    return [list(one) if isinstance(one, tuple) else one
            for one in _compiled(pattern, ignorecase, multiline).findall(_searched(value))]


def regex_escape(value: Any) -> str:
    """The text as a pattern that finds just it."""
    return re.escape(str(value))


def split(value: Any, separator: str | None = None, maxsplit: int = -1) -> list[str]:
    """The parts of a text."""
    return str(value).split(separator, maxsplit)


def splitext(path: Any) -> list[str]:
    """`a.tar.gz` -> [`a.tar`, `.gz`]."""
    return list(os.path.splitext(str(path)))


def path_join(parts: Any) -> str:
    """Parts of a path as one."""
    return os.path.join(*parts) if isinstance(parts, (list, tuple)) else str(parts)


def relpath(path: Any, start: str) -> str:
    """The path as seen from another."""
    return os.path.relpath(str(path), start)


def commonpath(paths: Any) -> str:
    """The longest path that all have in common."""
    try:
        return os.path.commonpath([str(one) for one in paths])
    except (TypeError, ValueError) as error:
        raise Misused(f"`commonpath`: {error}", "it takes a list of paths, all absolute or none") from None


def comment(value: Any, style: str = "plain", decoration: str = "", prefix: str = "", postfix: str = "") -> str:
    """The text as a comment. style: plain (#), c (//), cblock, xml, erlang (%)."""
    styles = {"plain": ("", "# ", ""), "c": ("", "// ", ""), "erlang": ("", "% ", ""), "cblock": ("/*", " * ", " */"),
              "xml": ("<!--", " - ", "-->")}
    if style not in styles:
        raise Misused(f"`style` is {', '.join(styles)}, not `{style}`")
    first, mark, last = styles[style]
    mark = decoration or mark
    body = [(mark + line).rstrip() for line in str(value).splitlines()]
    around = ([first] if first else [], [last] if last else [])
    return "\n".join([*around[0], prefix or mark.rstrip(), *body, postfix or mark.rstrip(), *around[1]])


def human_readable(size: Any, isbits: bool = False, unit: str = "") -> str:
    """A size in words: 1048576 -> `1.00 MB`."""
    number, step = float(size), 0
    while (number >= 1024 and step < len(_UNITS) - 1 and not unit) or (unit and _UNITS[step] != unit[0].upper()):
        number /= 1024
        step += 1
        if step == len(_UNITS) - 1:
            break
    word = "bits" if isbits else "Bytes"
    return f"{number:.2f} {word}" if not step else f"{number:.2f} {_UNITS[step]}{'b' if isbits else 'B'}"


def human_to_bytes(text: Any, default_unit: str = "", isbits: bool = False) -> int:
    """`10 MB` -> 10485760."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", str(text))
    if found is None:
        raise Misused(f"`{text}` is not a size", "as in 10 MB")
    unit = found[2] or default_unit
    letter = "" if unit.lower() in ("", "b", "byte", "bytes", "bit", "bits") else unit[0].upper()
    if letter not in _UNITS:
        raise Misused(f"`{unit}` is not a unit", "one of K, M, G, T, P, E")
    return int(float(found[1]) * 1024 ** _UNITS.index(letter))


FILTERS: dict[str, Callable[..., Any]] = {
    "regex_replace": regex_replace, "regex_search": regex_search, "regex_findall": regex_findall,
    "regex_escape": regex_escape, "split": split, "splitext": splitext, "path_join": path_join, "relpath": relpath,
    "commonpath": commonpath, "normpath": lambda path: os.path.normpath(str(path)),
    "basename": lambda path: os.path.basename(str(path)), "dirname": lambda path: os.path.dirname(str(path)),
    "quote": lambda value: shlex.quote("" if value is None else str(value)), "comment": comment,
    "human_readable": human_readable, "human_to_bytes": human_to_bytes,
}
