"""Where the values of a resource come from, for a person to follow with the finger."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from holdfast.compiler.explaining import Argument, Explanation, Name, Source
from holdfast.reports.hosts import masked
from holdfast.reports.style import Style, printable
from holdfast.reports.words import named, value
from holdfast_host.values import Blob, Join, Output, SecretRef, from_wire


def explained_lines(found: Explanation, style: Style) -> list[str]:
    """The resource, its arguments, and below each what it reads."""
    lines = [f"{style.paint(named(found.id), 'strong')} on {printable(found.host)}{_at(found.place, style)}"]
    for condition, names in found.conditions:
        lines += [f"  when `{printable(condition)}`", *_names(names, style, 2)]
    for argument in found.arguments:
        lines += _argument(argument, style)
    return [style.line(line) for line in lines]


def _argument(argument: Argument, style: Style) -> Iterator[str]:
    name = style.paint(argument.name, "strong")
    yield f"  {name}: {value(plain(argument.value))}{_at(argument.place, style)}"
    if argument.reads and isinstance(argument.written, str):
        yield f"      written `{value(argument.written)}`"
    yield from _names(argument.reads, style, 3)


def _names(names: Sequence[Name], style: Style, depth: int) -> Iterator[str]:
    before = "  " * depth
    for name in names:
        if not name.sources:
            yield f"{before}{printable(name.name)}: nothing gives it a value"
            continue
        first, *rest = name.sources
        yield f"{before}{style.paint(printable(name.name), 'strong')} = {_source(name.name, first, style)}"
        yield from (f"{before}    {style.paint('overrides', 'faint')} {_source(name.name, one, style)}" for one in rest)
        yield from _names(name.reads, style, depth + 2)


def _source(name: str, source: Source, style: Style) -> str:
    said = "" if source.written is None else value(masked(name, source.written)) + "  "
    return f"{said}{source.level}{_at(source.place, style)}"


def _at(place: Any, style: Style) -> str:
    return style.paint(f" ({place})", "faint") if place is not None else ""


def plain(wire: Any) -> Any:
    """An argument as the host gets it, in words: secrets by name, contents by size, outputs by reference."""
    return _plain(from_wire(wire))


def _plain(given: Any) -> Any:
    if isinstance(given, SecretRef):
        return f"«{given.name}»"
    if isinstance(given, Blob):
        return f"{given.size} bytes (SHA-256 {given.sha256[:12]}…)"
    if isinstance(given, Output):
        return f"output {given.key} of {named(given.id)}"
    if isinstance(given, Join):
        return "".join(str(_plain(part)) for part in given.parts)
    if isinstance(given, dict):
        return {name: _plain(one) for name, one in given.items()}
    return [_plain(one) for one in given] if isinstance(given, (list, tuple)) else given


def explained_object(found: Explanation) -> dict[str, Any]:
    """For programs."""
    return {"event": "explained", "host": found.host, "id": found.id, "file": found.place.file,
            "line": found.place.line, "column": found.place.column,
            "conditions": [{"when": text, "reads": _objects(names)} for text, names in found.conditions],
            "arguments": [{"name": one.name, "value": plain(one.value), "written": one.written,
                           "file": one.place.file, "line": one.place.line, "column": one.place.column,
                           "reads": _objects(one.reads)} for one in found.arguments]}


def _objects(names: Sequence[Name]) -> list[dict[str, Any]]:
    return [{"name": one.name, "sources": [_source_object(one.name, source) for source in one.sources],
             "reads": _objects(one.reads)} for one in names]


def _source_object(name: str, source: Source) -> dict[str, Any]:
    at = source.place
    return {"level": source.level, "written": masked(name, source.written),
            **({"file": at.file, "line": at.line, "column": at.column} if at else {})}
