"""The arguments of a resource against what its type declares, as far as that can be seen in the document alone."""
from __future__ import annotations

import re
from collections.abc import Iterator

from holdfast.documents import habits
from holdfast.documents.model import Entry, Resource, holds_secret, holds_template
from holdfast.documents.schemas import COMMON
from holdfast.documents.types import Types
from holdfast.patience import Patience, TookTooLong
from holdfast.problems import Place, Problem
from holdfast.trees.tree import Node
from holdfast_host.errors import Refused
from holdfast_host.resource import Arg, faults
from holdfast_host.resource import Resource as ResourceType
from holdfast_host.values import convert


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
            if entry.value.kind in ("list", "mapping") and not declared.controller and not holds_secret(entry.value):
                problems += _wrong_kind(declared, entry.value)
            continue
        given[name] = entry.value.plain()
        try:
            declared.accept(given[name])
        except Refused as refused:
            habit = _comment(entry) or habits.argument_value(resource.type, declared, given[name],
                                                             str(resource.name.plain()))
            problems.append(refusal(Refused(refused.argument, refused.what, habit or _as_written(entry, refused.mend)),
                                    word_in(entry.value, refused.what)))
            whole = False
    for name_node in resource.name.elements() or (resource.name,):
        if holds_template(name_node) or name_node.kind not in ("text", "number") or name_node.value == "":
            continue
        problems += _with_name(resource, found, given, str(name_node.plain()), name_node.place, whole)
    return problems


def _wrong_kind(declared: Arg, value: Node) -> list[Problem]:
    """A list or mapping where neither belongs, whatever the templates in it give."""
    if declared.kind.removeprefix("Optional[").rstrip("]") not in ("str", "int", "float", "bool"):
        return []
    try:
        convert(declared.name, declared.kind, value.plain())
    except Refused as refused:
        return [refusal(refused, value.place)]
    return []


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
    return [refusal(refused, place_of(resource, refused)) for refused in refusals]


def place_of(resource: Resource, refused: Refused) -> Place:
    """Where what a type refuses was written."""
    entry = resource.arguments.get(refused.argument)
    return word_in(entry.value, refused.what) if entry else resource.name.place


def word_in(value: Node, what: str) -> Place:
    """The place of the key or element that `what` names first in backquotes, when the value holds it just once; else
    that of the whole value: a type checks values and knows no places."""
    inner = list(_inner(value))
    if " of texts, and holds " in what:
        odd = [node for node in (*value.elements(), *(item for _, item in value.items()))
               if node.kind not in ("text", "number") or isinstance(node.value, float)]
        return odd[0].place if odd else value.place
    for word in re.findall(r"`([^`]+)`", what):
        found = [node.place for node in inner if str(node.value) == word]
        if found:
            return found[0] if len(found) == 1 else value.place
    return value.place


def _inner(value: Node) -> Iterator[Node]:
    """All scalars below a list or mapping, keys too."""
    for node in (*value.elements(), *(node for pair in value.items() for node in pair)):
        if node.kind in ("list", "mapping"):
            yield from _inner(node)
        else:
            yield node


def refusal(refused: Refused, place: Place) -> Problem:
    """What a type says of its arguments, as a Problem."""
    what = f"`{refused.argument}` {refused.what}" if refused.argument else refused.what
    return Problem(what, place, refused.mend)


def _keys(resource: Resource, found: type[ResourceType]) -> list[Problem]:
    meant = {name: habits.resource_key(resource.type, name, found._args_, COMMON)
             for name in resource.arguments if name not in found._args_}
    problems = [Problem(f"unknown key `{name}` in {resource.type}", resource.arguments[name].key.place, mend)
                for name, mend in meant.items()]
    for name, declared in found._args_.items():
        if any(mend in (f"did you mean `{name}`?", habits.renamed(wrong, name)) for wrong, mend in meant.items()):
            continue  # it is there, under the wrong name
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


def _as_written(entry: Entry, mend: str) -> str:
    """The mend with a number as it stands in the file: `1e3`, not the 1000.0 that it means."""
    node = entry.value
    if not isinstance(node.value, float) or node.style != "plain" or node.place.line > len(node.source):
        return mend
    written = node.source[node.place.line - 1][node.place.column - 1:][:node.place.width]
    return mend.replace(f'"{node.value}"', f'"{written}"')


def _comment(entry: Entry) -> str:
    """The mend for a value that is nothing because a comment starts where it should be; "": it is not so."""
    place = entry.value.place
    line = entry.key.source[place.line - 1] if place.line <= len(entry.key.source) else ""
    if entry.value.kind == "null" and line[place.column - 1:].lstrip().startswith("#"):
        return "a `#` starts a comment: put the value in quotes"
    return ""
