"""Documents of kind `state`: what hosts should be."""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from holdfast.documents import kinds, references, schemas, structure
from holdfast.documents.arguments import argument_problems, unknown_type
from holdfast.documents.durations import seconds
from holdfast.documents.habits import IN_ITS_OWN_DOCUMENT, RESOURCE_KEYS
from holdfast.documents.model import (
    BUILT_IN_NAMES,
    SECRET_SOURCES,
    Document,
    Entries,
    Entry,
    Parameter,
    Resource,
    State,
    Use,
    holds_template,
    is_secret,
)
from holdfast.documents.parameters import parameter
from holdfast.documents.rollouts import rollout
from holdfast.documents.types import Types
from holdfast.problems import Problem
from holdfast.trees.tree import Node
from holdfast_host.values import describe

Made = TypeVar("Made", bound=State)


def load(node: Node, types: Types) -> tuple[Document | None, list[Problem]]:
    """A state document, and everything that is wrong in it."""
    problems = structure.check(node, schemas.STATE, "a state document")
    resources = declared(node.get("resources"), types, problems)
    return made(State, node, resources, problems), problems


def declared(node: Node | None, types: Types, problems: list[Problem]) -> list[Resource | Use]:
    """The resources of a list, without those that cannot be read. problems: takes what is wrong with them."""
    resources = []
    for element in _list(node):
        one, found = _resource_or_use(element, types)
        problems += found
        if one is not None:
            resources.append(one)
    return resources


def made(kind: type[Made], node: Node, resources: Sequence[Resource | Use], problems: list[Problem],
         own: Mapping[str, Parameter] | None = None, **more: Any) -> Made | None:
    """A document that declares resources, from its mapping, whose first key names its kind; None: it has no name. own:
    parameters that all documents of the kind have; more: fields that the kind adds. problems: takes what is wrong."""
    word, name = node.items()[0]
    if name.kind != "text":
        return None
    variables = _entries(node.get("vars"))
    for entry in variables.values():
        problems += secret_problems(entry.value)
    parameters = dict(own or {})
    for entry in _entries(node.get("parameters")).values():
        one, found = parameter(entry)
        problems += found
        if one is not None:
            if one.name in (own or {}):
                problems.append(Problem(f"each {word.value} has a parameter `{one.name}` already", one.place,
                                        "choose another name"))
                continue
            parameters[one.name] = one
            problems += secret_problems(one.default) if one.default is not None else []
    problems += _name_problems(variables, "a variable")
    problems += _name_problems(_entries(node.get("parameters")), "a parameter")
    problems += [Problem(f"`{both}` is a variable and a parameter", variables[both].key.place, "keep one of the two",
                         (("the parameter", parameters[both].place),))
                 for both in variables if both in parameters]
    problems += _target_problems(_texts(node.get("targets")))
    problems += _registered_twice(resources, variables | _entries(node.get("parameters")))
    description = node.get("description")
    rolls, found = rollout(node.get("rollout"))
    problems += found
    targets = tuple(one for one in _texts(node.get("targets")) if not holds_template(one) and one.value != "")
    return kind(str(word.value), str(name.value), name.place, str(description.value) if description else "", targets,
                variables, parameters, rolls, tuple(resources), **more)


kinds.register(kinds.Kind("state", "What hosts should be: their resources, and what they need.", load))


def _entries(node: Node | None) -> dict[str, Entry]:
    return {str(key.value): Entry(key, value) for key, value in node.items()} if node is not None else {}


def _list(node: Node | None) -> tuple[Node, ...]:
    return node.elements() if node is not None else ()


def _texts(node: Node | None) -> tuple[Node, ...]:
    if node is None:
        return ()
    return tuple(one for one in (node.elements() or (node,)) if one.kind == "text")


def _target_problems(targets: tuple[Node, ...]) -> list[Problem]:
    return [Problem("`targets` is no template: it is read before there is a host", one.place,
                    "name groups or tags, as in `role=web`, or say which hosts with -t")
            for one in targets if holds_template(one)]


def _name_problems(entries: Entries, what: str) -> list[Problem]:
    return [Problem(f"{what} cannot be called `{name}`: templates know that name already", entry.key.place,
                    "choose another name") for name, entry in entries.items() if name in BUILT_IN_NAMES]


def _registered_twice(resources: Sequence[Resource | Use], taken: Entries) -> list[Problem]:
    problems = []
    places = {name: entry.key.place for name, entry in taken.items()}
    for resource in resources:
        if not isinstance(resource, Resource) or not resource.register:
            continue
        at = resource.common["register"].value.place
        if resource.register in BUILT_IN_NAMES:
            problems.append(Problem(f"templates know the name `{resource.register}` already", at,
                                    "choose another name"))
        elif resource.register in places:
            problems.append(Problem(f"the name `{resource.register}` is taken", at, "choose another name",
                                    (("by this", places[resource.register]),)))
        places.setdefault(resource.register, at)
    return problems


# -- resources -----------------------------------------------------------------------------------------------------


def _resource_or_use(node: Node, types: Types) -> tuple[Resource | Use | None, list[Problem]]:
    if node.kind != "mapping" or not node.items():
        return None, [_no_mapping(node)]
    (key, name), *rest = node.items()
    common = schemas.USE if key.value == "use" else schemas.COMMON
    mapping = {str(k.value): Entry(k, v) for k, v in rest}
    problems = _common_problems(node, mapping, common)
    if key.value == "use":
        return _use(key, name, mapping, problems)
    if str(key.value) in schemas.COMMON:
        return None, [Problem(f"a resource begins with its type, not with `{key.value}`", key.place,
                              "put the type and name first: `- package: nginx`")]
    if str(key.value) not in types and holds_template(key):
        return None, [*problems, Problem("the type of a resource is no template", key.place,
                                         "declare one of each type, and choose by `when`")]
    if str(key.value) not in types:
        return None, [*problems, unknown_type(key, types)]
    if name.kind not in ("text", "number", "list") or not name.value or any(
            one.kind not in ("text", "number") for one in name.elements()):
        return None, [*problems, _no_name(key, name)]
    register, limit = mapping.get("register"), mapping.get("time_limit")
    requires, notify, watch = (references.read(mapping, word, problems) for word in ("requires", "notify", "watch"))
    resource = Resource(
        str(key.value), key, name, {k: entry for k, entry in mapping.items() if k not in schemas.COMMON},
        _conditions(mapping), mapping["loop"].value if "loop" in mapping else None, requires, notify, watch,
        str(register.value.value) if register else "", seconds(str(limit.value.value)) if limit else None,
        {k: entry for k, entry in mapping.items() if k in schemas.COMMON})
    if register and (resource.loop is not None or name.kind == "list"):
        problems.append(Problem("`register` stands for one resource, and this declares several", register.key.place,
                                "declare the one whose outputs are needed by itself"))
    for value in (*(entry.value for entry in resource.arguments.values()), *([resource.loop] if resource.loop else [])):
        problems += secret_problems(value)
    return resource, problems + argument_problems(resource, types)


def _no_mapping(node: Node) -> Problem:
    mend = "begin it with its type and name: `- package: nginx`"
    glued = re.match(r"(\w+):(\S.*)", str(node.value)) if node.kind == "text" else None
    if glued:
        mend = f"a space after the colon is missing: `- {glued[1]}: {glued[2]}`"
    if node.kind == "mapping":
        return Problem("this resource has no type", node.place, mend)
    return Problem(f"a resource is a mapping, not {describe(node.plain())}", node.place, mend)


def _no_name(key: Node, name: Node) -> Problem:
    """The name is missing, or stands where Ansible's modules have it."""
    if name.kind == "mapping":
        inner = next((inner for word in ("path", "dest", "name") if (inner := name.get(word))), None)
        shown = inner.plain() if inner is not None and inner.kind == "text" else "NAME"
        return Problem(f"`{key.value}` is followed by its name, not by a mapping", name.place,
                       f"write `- {key.value}: {shown}`, and the arguments below, as far in as `{key.value}`")
    if any(one.kind == "mapping" for one in name.elements()):
        return Problem(f"`{key.value}` is followed by its name, not by resources", name.place, IN_ITS_OWN_DOCUMENT)
    return Problem(f"the name of a resource is text or a list of texts, not {describe(name.plain())}", name.place,
                   f"as in `- {key.value}: NAME`")


def _common_problems(node: Node, mapping: Entries, common: dict[str, Any]) -> list[Problem]:
    """What is wrong in the keys that all resources have."""
    picked = tuple((entry.key, entry.value) for word, entry in mapping.items() if word in common)
    only = Node(picked, node.place, node.style, "mapping", node.source)
    return structure.check(only, common, "a resource")


def _use(key: Node, name: Node, mapping: Entries, problems: list[Problem]) -> tuple[Use | None, list[Problem]]:
    for word, entry in mapping.items():
        if word not in schemas.USE:
            problems.append(Problem(f"unknown key `{word}` in `use`", entry.key.place, _use_mend(word)))
    if name.kind != "text" or holds_template(name):
        problems.append(Problem(f"`use` names a state document, not {describe(name.plain())}", name.place,
                                "write the name as it stands after `state:`"))
        return None, problems
    if "parameters" in mapping and mapping["parameters"].value.kind != "mapping":
        return None, problems
    parameters = _entries(mapping["parameters"].value if "parameters" in mapping else None)
    parameters |= {word: entry for word, entry in mapping.items() if word not in schemas.USE}  # so they are not missing
    for entry in parameters.values():
        problems += secret_problems(entry.value)
    return Use(key, name, parameters, _conditions(mapping), mapping["loop"].value if "loop" in mapping else None,
               references.read(mapping, "requires", problems)), problems


def _use_mend(word: str) -> str:
    if word in ("vars", "with", "params"):
        return "what a used document is given is `parameters` here"
    if word in schemas.COMMON:
        return "put it on a resource inside the used document"
    return RESOURCE_KEYS.get(word) or f"give it as a parameter: `parameters: {{{word}: …}}`"


def _conditions(mapping: Entries) -> tuple[Node, ...]:
    if "when" not in mapping:
        return ()
    node = mapping["when"].value
    return node.elements() if node.kind == "list" else (node,)


def secret_problems(node: Node) -> list[Problem]:
    """What is wrong in the secrets that stand anywhere in a value."""
    if not is_secret(node):
        inner = [*node.elements(), *(value for _, value in node.items())]
        return [problem for one in inner for problem in secret_problems(one)]
    problems = structure.check(node, schemas.SECRET, "a secret")
    given = [key for key, _ in node.items() if key.value in SECRET_SOURCES]
    if len(given) != 1 and not problems:
        problems.append(Problem("a secret comes from one of env, file, command", node.place,
                                "as in {secret: db_password, env: DB_PASSWORD}"))
    return problems

