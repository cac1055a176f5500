"""The arguments of a resource against what its type declares, as far as that can be seen in the document alone."""
from __future__ import annotations

from holdfast.documents.model import Resource, holds_secret, holds_template
from holdfast.documents.schemas import COMMON
from holdfast.documents.types import Types
from holdfast.problems import Place, Problem
from holdfast_host.errors import Refused
from holdfast_host.resource import Resource as ResourceType
from holdfast_host.resource import faults
from holdfast_host.values import did_you_mean

# What Ansible's users write first.
_ANSIBLE = {
    "apt": "package", "yum": "package", "dnf": "package", "apk": "package", "copy": "file", "lineinfile": "line",
    "systemd": "service", "systemd_service": "service", "shell": "command", "raw": "command", "debug": "",
    "set_fact": "", "include_tasks": "use", "import_tasks": "use", "include_role": "use", "import_role": "use",
}


def argument_problems(resource: Resource, types: Types) -> list[Problem]:
    """Unknown types and arguments, missing ones, and literal values that their argument does not accept."""
    if resource.type not in types:
        return [_unknown_type(resource, types)]
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
            problems.append(refusal(refused, entry.value.place))
            whole = False
    for name_node in resource.name.elements() or (resource.name,):
        if holds_template(name_node):
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
            return [refusal(refused, place)]
        given = {**given, found.named: name}
    if not whole:
        return []
    return [refusal(refused, resource.where(refused.argument)) for refused in faults(found, given)]


def refusal(refused: Refused, place: Place) -> Problem:
    """What a type says of its arguments, as a Problem."""
    what = f"`{refused.argument}` {refused.what}" if refused.argument else refused.what
    return Problem(what, place, refused.mend)


def _keys(resource: Resource, found: type[ResourceType]) -> list[Problem]:
    known = [*found._args_, *COMMON]
    problems = [Problem(f"unknown key `{name}` in {resource.type}", entry.key.place, did_you_mean(name, known))
                for name, entry in resource.arguments.items() if name not in found._args_]
    for name, declared in found._args_.items():
        if declared.required and name not in resource.arguments and name != found.named:
            problems.append(Problem(f"`{name}` is missing in {resource.type}", resource.place,
                                    f"add `{name}:` ({declared.doc})"))
    return problems


def _unknown_type(resource: Resource, types: Types) -> Problem:
    word = _ANSIBLE.get(resource.type.rpartition(".")[2])
    if word and (word == "use" or word in types):
        mend = f"Ansible's `{resource.type}` is `{word}` here"
    elif resource.type == "name":
        mend = "a task's name is `doc:` here; begin with the type: `- package: nginx`"
    else:
        mend = did_you_mean(resource.type, [*types, "use"])
    return Problem(f"unknown resource type `{resource.type}`", resource.key.place, mend)
