"""Resource types and kinds of documents, as their declarations tell."""
from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from holdfast.documents import keys
from holdfast.problems import Problem
from holdfast.reports.style import Style
from holdfast.reports.words import table, value
from holdfast_host.resource import ALLOWED, ALWAYS, Arg, Resource, type_name

KINDS = {"str": "text", "int": "whole number", "float": "number", "bool": "true or false",
         "Blob": "path of a file here", "Tuple[str, ...]": "list of texts",
         "Dict[str, str]": "mapping of texts", "Any": "any value"}
WIDTH = 100  # columns of flowing text
LISTED = 80  # characters of a type in the list
Types = Mapping[str, type[Resource] | Problem]


def listing(types: Types, kinds: Mapping[str, str], style: Style) -> list[str]:
    """All of them, one a line."""
    rows = [(name, _first_sentence(found)) for name, found in types.items()]
    lines = table(("resource type", "what it declares"), rows)
    lines += ["", *table(("kind of document", "what it is for"), list(kinds.items()))] if kinds else []
    return [style.line(line) for line in lines]


def type_lines(found: type[Resource], style: Style) -> list[str]:
    """One type: what it is, its arguments, what else it can do, an example."""
    lines = [style.paint(type_name(found), "strong"), *_flow(inspect.getdoc(found) or "", "    ")]
    for name, argument in found._args_.items():
        lines += ["", f"  {style.paint(name, 'strong')}: {describe(argument)}"
                      + ("; the resource's name gives it" if name == found.named else ""),
                  *_flow(argument.doc, "      ")]
    lines += ["", *("  " + ability for ability in _abilities(found))]
    if found.example:
        lines += ["", "example:", *textwrap.indent(textwrap.dedent(found.example).strip("\n"), "    ").splitlines()]
    return [style.line(line) for line in lines]


def describe(argument: Arg) -> str:
    """`text, present or absent, default present`"""
    kind = argument.kind.removeprefix("Optional[").removesuffix("]") if argument.kind.startswith("Optional[") \
        else argument.kind
    parts = ["name of a module of Ansible" if argument.controller == "ansible" else KINDS.get(kind, kind)]
    if argument.choices:
        parts.append("one of " + ", ".join(argument.choices))
    parts.append("needed" if argument.required else
                 "default " + ("none" if argument.default is None else value(argument.default)))
    if argument.secret in (ALLOWED, ALWAYS):
        parts.append("may be a secret" if argument.secret == ALLOWED else "never shown")
    return ", ".join(parts)


def _abilities(found: type[Resource]) -> Iterator[str]:
    if found.refreshes:
        yield f"When notified: {found.refreshes}."
    if found.barrier:
        yield "What it does cannot be foreseen: what comes after it is looked at anew."
    if found.undo is Resource.undo:
        yield "A change by it cannot be undone by a later run."


def kind_lines(word: str, doc: str, style: Style) -> list[str]:
    """One kind of document: what it is for, and its keys."""
    lines = [style.paint(word, "strong"), *_flow(doc, "    ")]
    for name, said in keys.OF_KIND.get(word, {}).items():
        lines += ["", f"  {style.paint(name, 'strong')}", *_flow(said, "      ")]
    return [style.line(line) for line in lines]


def objects(types: Types, kinds: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """All of them, for programs; a type that cannot be imported with its reason."""
    for name, found in types.items():
        yield {"event": "resource_type", "type": name, "problem": found.what} if isinstance(found, Problem) \
            else type_object(found)
    for word, doc in kinds.items():
        yield kind_object(word, doc)


def type_object(found: type[Resource]) -> dict[str, Any]:
    """One type, for programs."""
    arguments = [{"name": name, "kind": argument.kind, "needed": argument.required, "doc": argument.doc,
                  "secret": argument.secret, **({"choices": list(argument.choices)} if argument.choices else {}),
                  **({} if argument.required else {"default": argument.default})}
                 for name, argument in found._args_.items()]
    return {"event": "resource_type", "type": type_name(found), "doc": inspect.getdoc(found) or "",
            "named": found.named, "refreshes": found.refreshes, "arguments": arguments,
            "example": textwrap.dedent(found.example).strip("\n")}


def kind_object(word: str, doc: str) -> dict[str, Any]:
    """One kind of document, for programs."""
    return {"event": "document_kind", "kind": word, "doc": doc}


def _first_sentence(found: type[Resource] | Problem) -> str:
    if isinstance(found, Problem):
        return found.what
    first = " ".join((inspect.getdoc(found) or "").split()).partition(". ")[0].rstrip(".")
    return textwrap.shorten(first, LISTED, placeholder=" …")


def _flow(text: str, before: str) -> list[str]:
    return textwrap.wrap(" ".join(text.split()), WIDTH, initial_indent=before, subsequent_indent=before)
