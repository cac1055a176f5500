"""The document as YAML text, with comments that say where each resource came from and what could not be converted."""
from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from holdfast.converting.model import Item
from holdfast.trees import scalars

WIDTH = 120  # columns
_BREAKS = re.compile("[\n\r\x85\u2028\u2029]")  # all that ends a line, and so a comment, to YAML
_REFERENCES = ("notify", "watch", "requires")


class _Flow(dict):  # type: ignore[type-arg]  # a mapping that is written in one line
    pass


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> Any:
    style = None
    if "\n" in text and not any(line.endswith((" ", "\t")) for line in text.split("\n")) and text.strip("\n"):
        style = "|"
    elif not _stays_text(text) or ("'" in text and '"' not in text and "\\" not in text and (
            text[0] in "{'[*&!%@`" or ": " in text or " #" in text)):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _stays_text(text: str) -> bool:
    try:
        return isinstance(scalars.strict(text), str)
    except scalars.Unclear:
        return False


_Dumper.add_representer(str, _text)
_Dumper.add_representer(scalars.Unsafe, lambda dumper, text: _text(dumper, str(text)))
_Dumper.add_representer(_Flow, lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data.items(),
                                                                            flow_style=True))


@dataclass
class Page:
    """Lines, and which item each belongs to."""

    lines: list[str] = field(default_factory=list)
    owners: dict[int, Item | str] = field(default_factory=dict)  # by the line's number, from 1; a text: a variable

    def add(self, text: str, owner: Item | str | None = None) -> None:
        """Adds lines."""
        for line in text.rstrip("\n").split("\n"):
            self.lines.append(line)
            if owner is not None:
                self.owners[len(self.lines)] = owner

    def comment(self, text: str, indent: str = "", first: str = "# ", further: str = "#   ") -> None:
        """Adds a comment."""
        for paragraph in _BREAKS.split(text):
            self.add(textwrap.fill(paragraph, WIDTH, initial_indent=indent + first, subsequent_indent=indent + further,
                                   break_long_words=False, break_on_hyphens=False))

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"


def dumped(value: Any) -> str:
    """A mapping or list as YAML."""
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH,
                          default_flow_style=False)
    return text


def head(page: Page, keys: Mapping[str, Any], variables: Mapping[str, Any], parameters: Mapping[str, Any],
         notes: Sequence[str]) -> None:
    """What stands ahead of the resources."""
    for note in notes:
        page.comment(note)
    if not keys:
        return
    page.add(dumped(keys))
    for word, entries in (("parameters", parameters), ("vars", variables)):
        if entries:
            page.add(f"{word}:")
            for name, value in entries.items():
                shown = {name: _Flow(value)} if word == "parameters" and not _is_deep(value) else {name: value}
                page.add(textwrap.indent(dumped(shown), "  "), name)
    page.add("resources:")


def _is_deep(value: Any) -> bool:
    return isinstance(value, Mapping) and any(isinstance(one, (dict, list)) and one for one in value.values())


def item(page: Page, one: Item) -> None:
    """A task: its comments, and the resources it became."""
    page.add("")
    for line in one.task.comments:
        page.add("  " + _BREAKS.sub(" ", line))
    where = f"{one.task.place.file}:{one.task.place.line}:{one.task.place.column}"
    if one.why:
        page.comment(f"NOT CONVERTED {where} {one.task.label} ({one.task.module}): {one.why}", "  ")
        return
    page.comment(f"{one.task.label} ({where})", "  ")
    for lost in one.lost:
        page.comment(f"NOT CONVERTED of it: {lost}", "  ")
    for note in one.notes:
        page.comment(f"note: {note}", "  ")
    if one.into:
        page.comment(f"it is {one.into}", "  ")
    for resource in one.resources:
        arguments = {word: _references(value) if word in _REFERENCES else value
                     for word, value in resource.arguments.items()}
        page.add(textwrap.indent(dumped([{resource.type: resource.name, **arguments}]), "  "), one)


def _references(value: Any) -> Any:
    return [_Flow(one) for one in value] if isinstance(value, list) else _Flow(value)
