"""Faults in the syntax of YAML, with what they most likely come from."""
from __future__ import annotations

import re

import yaml

from holdfast.problems import Place, Problem

_BARE_TEMPLATE = re.compile(r"(?:^\s*|[:\-]\s+|[\[,]\s*)(\{[{%#])")
_AROUND = re.compile(r"\s*\{[%#]")  # a statement or a comment of a template on a line of its own
_CONFLICT = re.compile(r"(?:<{7}|>{7})(?: |$)|={7}$")


def nested_too_deep(depth: int, place: Place) -> Problem:
    """More lists and mappings in one another than anybody writes."""
    return Problem(f"more than {depth} lists and mappings in one another", place, "make it flatter")


def bare_template(place: Place) -> Problem:
    """`{{ x }}` without quotes."""
    return Problem("a value that starts with `{` is a mapping to YAML, not a template", place,
                   'put the whole value in quotes: "{{ … }}"')


def statement_around(place: Place) -> Problem:
    """`{% if x %}` around keys or resources, as in Salt's files and Helm's."""
    return Problem("a document is no template: only its values are", place,
                   "for `{% for %}` a resource has `loop`, for `{% if %}` it has `when`, for `{% set %}` there is "
                   "`vars`; a remark begins with #")


def starts_template(line: str, place: Place) -> Problem:
    """A line in which a template starts outside quotes."""
    return statement_around(place) if _AROUND.match(line) else bare_template(place)


def merge_conflict(lines: tuple[str, ...], file: str) -> Problem | None:
    """The marks that git leaves where it could not merge; None: there are none."""
    marks = [number for number, line in enumerate(lines, 1) if _CONFLICT.match(line)]
    if len(marks) < 2:
        return None
    return Problem("here git could not merge two versions", Place(file, marks[0], 1, len(lines[marks[0] - 1])),
                   "keep what is right of the two, and remove the lines with <<<<<<<, ======= and >>>>>>>")


# Parts of what the YAML parsers say (libyaml's and PyYAML's own), and the mend. First match counts.
_INDENT = "indent this line as those above; a text with a quote in it needs quotes around all of it"
_TABS = "indent with spaces: YAML allows no tabs there"
_COMMA = "take the comma away: a line of its own ends without one"
_MENDS = (
    ("comment or line break", "the text begins on the next line, further in than its key; nothing else stands behind "
     "`|` or `>`"),
    ("node content", "a comma is too many, or a value is missing between two"),
    ("expected <document start>", "a second document begins after a line `---`; `...` ends one"),
    ("mapping values are not allowed", "a text that holds `: ` needs quotes; a key on its own line fits those above"),
    ("\\t", _TABS),
    ("alphabetic or numeric character", "a text that starts with `*`, `&` or `!` needs quotes"),
    ("cannot start any token", "a text that starts with `@`, `%` or a backtick needs quotes; indent with spaces"),
    ("unexpected end of stream", "the quote that is opened here is closed nowhere"),
    ("unexpected document", "the quote that is opened here is closed nowhere"),
    ("expected ':'", "write `key: value`; or close the quote in the line before"),
    ("nesting depth", "make it flatter"),
    ("escape", "in double quotes a backslash is written twice; or use single quotes"),
    ("expected ',' or", "the list or mapping that is opened here is closed nowhere, or misses a comma; a text with "
     "` #` in it needs quotes"),
    ("expected key", _INDENT),
    ("expected <block end>", _INDENT),
    ("block collections", "put a list or mapping in a block on a line of its own"),
    ("'-' indicator", "indent this line as those above"),
    ("block entries are not allowed", "put the list on a line of its own, below its key"),
)


# Faults that are better shown where the thing starts than where the parser noticed.
_AT_START = ("end of stream", "unexpected document", "expected ',' or", "alphabetic or numeric character")


def syntax_fault(error: yaml.YAMLError, lines: tuple[str, ...], file: str) -> Problem:
    """A fault in the syntax, with what it most likely comes from."""
    mark, context_mark = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    what, context = getattr(error, "problem", None) or str(error), getattr(error, "context", None) or ""
    conflict = merge_conflict(lines, file)
    if conflict is not None:
        return conflict
    if mark is None:
        return Problem(f"this is no YAML: {what}", Place(file), "save it as text in UTF-8, without control characters")
    for number in sorted({(context_mark or mark).line, mark.line - 1, mark.line}):
        bare = _BARE_TEMPLATE.search(lines[number]) if 0 <= number < len(lines) else None
        if bare and number <= mark.line and not lines[number].lstrip().startswith("#"):
            return starts_template(lines[number], Place(file, number + 1, bare.start(1) + 1, 2))
    at = context_mark if context_mark and any(part in what for part in _AT_START) else mark
    blank = lines[mark.line][:mark.column + 1] if mark.line < len(lines) else ""
    if "\u00a0" in blank:
        return Problem("this line is indented with a no-break space, which is no space to YAML",
                       Place(file, mark.line + 1, blank.index("\u00a0") + 1), "use plain spaces")
    tab = mark.line < len(lines) and "\t" in lines[mark.line][:mark.column + 1]
    mend = _TABS if tab else _COMMA if mark.line < len(lines) and lines[mark.line][mark.column:].strip() == "," else \
        next((mend for part, mend in _MENDS if part in what), "look at quotes, colons and indentation there")
    said = f"{what} {context}".strip() if context and context_mark is at else what
    row, column = min(at.line, max(0, len(lines) - 1)), at.column
    if lines and not tab and not lines[row][:column].strip() and lines[row].strip():
        column = max(column, len(lines[row]) - len(lines[row].lstrip()))  # of the indentation nothing is to be seen
    place = Place(file, row + 1, column + 1)
    return Problem(f"this is no YAML: {said}", place, mend)
