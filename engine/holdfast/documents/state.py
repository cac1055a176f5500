"""Documents of kind `state`: what hosts should be."""
from __future__ import annotations

from typing import Any

from holdfast.documents import kinds, schemas, structure
from holdfast.documents.arguments import argument_problems
from holdfast.documents.durations import seconds
from holdfast.documents.model import (
    BUILT_IN_NAMES,
    SECRET_SOURCES,
    Document,
    Entries,
    Entry,
    Reference,
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


def load(node: Node, types: Types) -> tuple[Document | None, list[Problem]]:
    """A state document, and everything that is wrong in it."""
    problems = structure.check(node, schemas.STATE, "a state document")
    name = node.get("state")
    if name is None or name.kind != "text":
        return None, problems
    variables = _entries(node.get("vars"))
    for entry in variables.values():
        problems += secret_problems(entry.value)
    parameters = {}
    for entry in _entries(node.get("parameters")).values():
        made, found = parameter(entry)
        problems += found
        if made is not None:
            parameters[made.name] = made
    problems += _name_problems(variables, "a variable")
    problems += _name_problems(_entries(node.get("parameters")), "a parameter")
    problems += [Problem(f"`{both}` is a variable and a parameter", variables[both].key.place, "keep one of the two",
                         (("the parameter", parameters[both].place),))
                 for both in variables if both in parameters]
    resources = []
    for element in _list(node.get("resources")):
        one, found = _resource_or_use(element, types)
        problems += found
        if one is not None:
            resources.append(one)
    problems += _registered_twice(resources, variables | _entries(node.get("parameters")))
    description = node.get("description")
    rolls, found = rollout(node.get("rollout"))
    problems += found
    return State("state", str(name.value), name.place, str(description.value) if description else "",
                 _texts(node.get("targets")), variables, parameters, rolls,
                 tuple(resources)), problems


kinds.register(kinds.Kind("state", "What hosts should be: their resources, and what they need.", load))


def _entries(node: Node | None) -> dict[str, Entry]:
    return {str(key.value): Entry(key, value) for key, value in node.items()} if node is not None else {}


def _list(node: Node | None) -> tuple[Node, ...]:
    return node.elements() if node is not None else ()


def _texts(node: Node | None) -> tuple[Node, ...]:
    if node is None:
        return ()
    return tuple(one for one in (node.elements() or (node,)) if one.kind == "text")


def _name_problems(entries: Entries, what: str) -> list[Problem]:
    return [Problem(f"{what} cannot be called `{name}`: templates know that name already", entry.key.place,
                    "choose another name") for name, entry in entries.items() if name in BUILT_IN_NAMES]


def _registered_twice(resources: list[Resource | Use], taken: Entries) -> list[Problem]:
    problems = []
    places = {name: entry.key.place for name, entry in taken.items()}
    for resource in resources:
        if not isinstance(resource, Resource) or not resource.register:
            continue
        at = resource.key_place("register")
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
        return None, [Problem(f"a resource is a mapping, not {describe(node.plain())}", node.place,
                              "begin it with its type and name: `- package: nginx`")]
    (key, name), *rest = node.items()
    common = schemas.USE if key.value == "use" else schemas.COMMON
    mapping = {str(k.value): Entry(k, v) for k, v in rest}
    problems = _common_problems(node, mapping, common)
    if key.value == "use":
        return _use(key, name, mapping, problems)
    if str(key.value) in schemas.COMMON:
        return None, [Problem(f"a resource begins with its type, not with `{key.value}`", key.place,
                              "put the type and name first: `- package: nginx`")]
    if name.kind not in ("text", "number", "list") or not name.value or any(
            one.kind not in ("text", "number") for one in name.elements()):
        problems.append(Problem(f"the name of a resource is text or a list of texts, not {describe(name.plain())}",
                                name.place, f"as in `- {key.value}: NAME`"))
    register, limit = mapping.get("register"), mapping.get("time_limit")
    requires, notify, watch = (_references(mapping, word, problems) for word in ("requires", "notify", "watch"))
    resource = Resource(
        str(key.value), key, name, {k: entry for k, entry in mapping.items() if k not in schemas.COMMON},
        _conditions(mapping), mapping["loop"].value if "loop" in mapping else None, requires, notify, watch,
        str(register.value.value) if register else "", seconds(str(limit.value.value)) if limit else None,
        {k: entry for k, entry in mapping.items() if k in schemas.COMMON})
    if register and (resource.loop is not None or name.kind == "list"):
        problems.append(Problem("`register` stands for one resource, and this declares several", register.key.place,
                                "declare the one whose outputs are needed by itself"))
    for entry in resource.arguments.values():
        problems += secret_problems(entry.value)
    return resource, problems + argument_problems(resource, types)


def _common_problems(node: Node, mapping: Entries, common: dict[str, Any]) -> list[Problem]:
    """What is wrong in the keys that all resources have."""
    picked = tuple((entry.key, entry.value) for word, entry in mapping.items() if word in common)
    only = Node(picked, node.place, node.style, "mapping", node.source)
    return structure.check(only, common, "a resource")


def _use(key: Node, name: Node, mapping: Entries, problems: list[Problem]) -> tuple[Use | None, list[Problem]]:
    for word, entry in mapping.items():
        if word not in schemas.USE:
            mend = f"give it as a parameter: `parameters: {{{word}: …}}`" if word not in schemas.COMMON else \
                "put it on a resource inside the used document"
            problems.append(Problem(f"unknown key `{word}` in `use`", entry.key.place, mend))
    if name.kind != "text" or holds_template(name):
        problems.append(Problem(f"`use` names a state document, not {describe(name.plain())}", name.place,
                                "write the name as it stands after `state:`"))
        return None, problems
    parameters = _entries(mapping["parameters"].value if "parameters" in mapping else None)
    for entry in parameters.values():
        problems += secret_problems(entry.value)
    return Use(key, name, parameters, _conditions(mapping), mapping["loop"].value if "loop" in mapping else None,
               _references(mapping, "requires", problems)), problems


def _conditions(mapping: Entries) -> tuple[Node, ...]:
    if "when" not in mapping:
        return ()
    node = mapping["when"].value
    return node.elements() if node.kind == "list" else (node,)


def _references(mapping: Entries, word: str, problems: list[Problem]) -> tuple[Reference, ...]:
    """`{service: nginx}`, or a list of such."""
    if word not in mapping:
        return ()
    node, found = mapping[word].value, []
    for one in node.elements() if node.kind == "list" else (node,):
        if one.kind != "mapping" and node.kind != "list":
            continue  # the schema has found it
        if one.kind != "mapping":
            text = str(one.plain())
            shape = f"{{{text}}}" if ": " in text else "{service: nginx}"
            problems.append(Problem(f"`{word}` is a reference, not {describe(one.plain())}", one.place,
                                    f"write {shape}, the type and the name"))
        for key, name in one.items():
            if name.kind not in ("text", "number", "list"):
                problems.append(Problem(f"`{word}` names a resource, not {describe(name.plain())}", name.place,
                                        f"write {{{key.value}: NAME}}"))
            else:
                found.append(Reference(str(key.value), name, key.place))
    return tuple(found)


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

