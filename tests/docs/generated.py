"""The pages of the reference that are made from the program: python -m tests.docs.generated"""
from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from holdfast.compiler.filters import FILTERS, TESTS
from holdfast.documents.types import Types
from holdfast.reports.style import Style
from holdfast.reports.types import type_lines
from holdfast_host.resource import Resource

PLAIN = Style()
REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def types_page() -> str:
    """All resource types that come with Holdfast, as `holdfast doc` tells of them."""
    lines = ["# Resource types", "", _made(), "",
             "`holdfast doc TYPE` shows the same, for the types of your project too. Every resource may also have the",
             "keys that [documents.md](documents.md#keys-of-every-resource) tells of."]
    types = Types()
    for name in types:
        found = types[name]
        assert isinstance(found, type)
        assert issubclass(found, Resource)
        _, *told = type_lines(found, PLAIN)
        lines += ["", f"## {name}", "", "```text", *told, "```"]
    return "\n".join(lines) + "\n"


def filters_page() -> str:
    """Filters and tests that templates have."""
    return "\n".join([
        "# Filters and tests", "", _made(), "",
        "Templates have all of Jinja2's own, and these, which are named and work as Ansible's do.", "",
        "## Filters", "", *_table(FILTERS), "", "## Tests", "", *_table(TESTS)]) + "\n"


SHORT = {  # one line of Python each, without a docstring
    "basename": "The last part of a path.", "dirname": "A path without its last part.",
    "normpath": "A path without `.`, `..` and doubled slashes.", "quote": "The text as one word of a shell.",
    "md5": "The MD5 hash of a text, in hex.",
    "ipv4": "As `ipaddr`, for IPv4 only.", "ipv6": "As `ipaddr`, for IPv6 only.",
    "ipwrap": "An IPv6 address in brackets; all else as it is.", "any": "Is one of the elements true?",
    "all": "Are all of the elements true?",
}
PAGES: Mapping[str, Callable[[], str]] = {"types.md": types_page, "filters.md": filters_page}


def _made() -> str:
    return "<!-- Made by `python -m tests.docs.generated`; a test holds it to the program. -->"


def _table(functions: Mapping[str, Callable[..., Any]]) -> Iterator[str]:
    """Names of one function share a line."""
    names: dict[Callable[..., Any], list[str]] = {}
    for name, function in functions.items():
        names.setdefault(function, []).append(name)
    yield from ("| name | what it gives |", "| --- | --- |")
    for function, called in sorted(names.items(), key=lambda item: min(item[1])):
        said = " ".join((inspect.getdoc(function) or "").split()) if _is_own(function) else ""
        said = said or SHORT[called[0]]
        yield f"| {', '.join(f'`{name}`' for name in sorted(called))} | {said.replace('|', chr(92) + '|')} |"


def _is_own(function: Callable[..., Any]) -> bool:
    return getattr(function, "__module__", "").startswith("holdfast.")


def main() -> None:
    """Writes the pages."""
    for name, make in PAGES.items():
        (REFERENCE / name).write_text(make(), "utf-8")


if __name__ == "__main__":
    main()
