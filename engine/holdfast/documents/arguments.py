"""The arguments of a resource against what its type declares, as far as that can be seen in the document alone."""
from __future__ import annotations

import re

from holdfast.documents import habits
from holdfast.documents.model import Entry, Resource, holds_secret, holds_template
from holdfast.documents.schemas import COMMON
from holdfast.documents.types import Types
from holdfast.patience import Patience, TookTooLong
from holdfast.problems import Place, Problem
from holdfast.trees.tree import Node
from holdfast_host.errors import Refused
from holdfast_host.resource import Resource as ResourceType
from holdfast_host.resource import faults


def unknown_type(key: Node, types: Types) -> Problem:
    """A type that there is none of."""
    return Problem(f"unknown resource type `{key.value}`", key.place,
                   habits.unknown_type(str(key.value), tuple(types)))


def argument_problems(resource: Resource, types: Types) -> list[Problem]:
    """Unknown arguments, missing ones, and literal values that their argument does not accept."""
    found = types[resource.type]
    if isinstance(found, Problem):
        return [found]
    problems = _keys(resource, found)
    given: dict[str, object] = {}
    whole = not problems
    for name, entry in resource.arguments.items():
        declared = found._args_.get(name)
        if declared is None:
            continue
        if declared.controller or holds_template(entry.value) or holds_secret(entry.value):
            whole = False
            continue
        given[name] = entry.value.plain()
        try:
            declared.accept(given[name])
        except Refused as refused:
            habit = _comment(entry) or habits.argument_value(resource.type, name, given[name],
                                                             str(resource.name.plain()))
            problems.append(refusal(Refused(refused.argument, refused.what, habit or refused.mend), entry.value.place))
            whole = False
    for name_node in resource.name.elements() or (resource.name,):
        if holds_template(name_node) or name_node.kind not in ("text", "number") or name_node.value == "":
            continue
        problems += _with_name(resource, found, given, str(name_node.plain()), name_node.place, whole)
    return problems


def _with_name(resource: Resource, found: type[ResourceType], given: dict[str, object], name: str, place: Place,
               whole: bool) -> list[Problem]:
    """What is wrong with a name, and when everything else is known too, between the arguments."""
    if found.named and found.named not in resource.arguments:
        try:
            found._args_[found.named].accept(name)
        except Refused as refused:
            return [refusal(Refused(refused.argument, refused.what, _several(resource, name) or refused.mend), place)]
        given = {**given, found.named: name}
    if not whole:
        return []
    patience = Patience()
    try:
        with patience.watching(), patience:
            refusals = faults(found, given)
    except TookTooLong as slow:
        return [Problem(slow.what, place, slow.mend)]
    return [refusal(refused, resource.where(refused.argument)) for refused in refusals]


def refusal(refused: Refused, place: Place) -> Problem:
    """What a type says of its arguments, as a Problem."""
    what = f"`{refused.argument}` {refused.what}" if refused.argument else refused.what
    return Problem(what, place, refused.mend)


def _keys(resource: Resource, found: type[ResourceType]) -> list[Problem]:
    problems = [Problem(f"unknown key `{name}` in {resource.type}", entry.key.place,
                        habits.resource_key(resource.type, name, found._args_, COMMON))
                for name, entry in resource.arguments.items() if name not in found._args_]
    for name, declared in found._args_.items():
        if declared.required and name not in resource.arguments and name != found.named:
            problems.append(Problem(f"`{name}` is missing in {resource.type}", resource.place,
                                    f"add `{name}:` ({declared.doc})"))
    return problems


def _several(resource: Resource, name: str) -> str:
    """The mend for a name that holds what is more than a name; "": it does not look so."""
    if re.match(r"\w+=\S", name) and resource.type != "package":
        return f"write the name alone, and each argument as a key on a line of its own: `- {resource.type}: NAME`"
    words = re.split(r"[\s,]+", name.strip())
    if len(words) > 1 and all(re.fullmatch(r"[\w.+:@-]+", word) for word in words):
        return f"for several write a list: [{', '.join(words)}]"
    return ""


def _comment(entry: Entry) -> str:
    """The mend for a value that is nothing because a comment starts where it should be; "": it is not so."""
    place = entry.value.place
    line = entry.key.source[place.line - 1] if place.line <= len(entry.key.source) else ""
    if entry.value.kind == "null" and line[place.column - 1:].lstrip().startswith("#"):
        return "a `#` starts a comment: put the value in quotes"
    return ""
