"""Documents of kind `agent`: one program on hosts with all that belongs to it, expanded to resources."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from holdfast.documents import keys, kinds, looking, schemas, structure
from holdfast.documents.arguments import argument_problems
from holdfast.documents.model import (
    Agent,
    Document,
    Entry,
    Parameter,
    Part,
    Reference,
    Resource,
    Use,
)
from holdfast.documents.state import declared, made
from holdfast.documents.types import Types
from holdfast.problems import Place, Problem
from holdfast.trees.tree import Node

STATE = "agent_state"  # the parameter that all agents have
REMOVED = {  # types that are taken away with the agent: as what, and by which of their arguments
    "file": ("file", ()), "template": ("file", ()), "download": ("file", ()), "link": ("link", ()),
    "archive": ("archive", ("path",)), "systemd_unit": ("systemd_unit", ("drop_in",)), "timer": ("timer", ()),
}


@dataclass(frozen=True, slots=True)
class _Sections:
    """The resources as they are written, by what they are to the agent."""

    repository: Sequence[Resource | Use]
    package: Sequence[Resource]
    archive: Sequence[Resource | Use]
    configuration: Sequence[Resource | Use]
    service: Sequence[Resource]
    health: Sequence[Resource | Use]
    remove: Sequence[Resource | Use]


def load(node: Node, types: Types) -> tuple[Document | None, list[Problem]]:
    """An agent, and everything that is wrong in it."""
    problems = structure.check(node, schemas.AGENT, "an agent")
    if node.items()[0][1].kind != "text":
        return None, problems
    sections = _read(node, types, problems)
    if not sections.package and not sections.archive and not problems:
        problems.append(Problem("the agent has no `package` and no `archive`", node.items()[0][1].place,
                                "say what installs it: `package: NAME`"))
    problems += [Problem(f"`{one.type}` is to be there, and `remove` lists what is to go", one.place,
                         "add `state: absent`") for one in sections.remove
                 if isinstance(one, Resource) and _stays(one, types)]
    resources = _expanded(node, sections)
    version = node.get("version")
    declared_version = str(version.value) if version is not None and not sections.package else ""
    return made(Agent, node, resources, problems, {STATE: _parameter(node)}, version=declared_version), problems


kinds.register(kinds.Kind("agent", keys.KINDS["agent"], load))


def _stays(resource: Resource, types: Types) -> bool:
    """Whether a type that could be absent is not asked to."""
    found = types.get(resource.type)
    state = found._args_.get("state") if found is not None and not isinstance(found, Problem) else None
    return state is not None and "absent" in state.choices and "state" not in resource.arguments


def _parameter(node: Node) -> Parameter:
    state, name = node.get("state"), node.items()[0][1]
    return Parameter(STATE, "text", name.place, state or _text("present", name), ("present", "absent"),
                     doc="present, or absent: then the agent is removed")


def _read(node: Node, types: Types, problems: list[Problem]) -> _Sections:
    def listed(word: str) -> list[Resource | Use]:
        return declared(node.get(word), types, problems)

    health = listed("health")
    problems += looking.problems(health, types, "health")
    version = node.key("version"), node.get("version")
    packages = list(_short(node, "package", types, problems))
    if packages and version[0] is not None and version[1] is not None:
        entry = Entry(version[0], version[1])
        packages[0] = replace(packages[0], arguments={**packages[0].arguments, "version": entry})
        told = {one.place for one in problems}
        problems += [one for one in argument_problems(packages[0], types) if one.place not in told]
    archive = _versioned(listed("archive"), node, types, problems) if not packages else listed("archive")
    services = list(_short(node, "service", types, problems))
    return _Sections(listed("repository"), packages, archive, listed("configuration"), services, health,
                     listed("remove"))


def _versioned(resources: list[Resource | Use], node: Node, types: Types,
               problems: list[Problem]) -> list[Resource | Use]:
    """Archives are kept on the host with the agent's version, so that it tells which one it has."""
    key, value = node.key("version"), node.get("version")
    archives = [one for one in resources if isinstance(one, Resource) and one.type == "archive"]
    if key is None or value is None:
        problems += [Problem("the archive's version is not said", one.place, 'add `version: "1.2.0"` to the agent')
                     for one in archives[:1]]
        return resources
    if not archives and "{{" in str(value.value):
        problems.append(Problem("`version` of what is neither package nor archive is told as it is written",
                                value.place, "write it without a template"))
    made = [replace(one, arguments={"version": Entry(key, value), **one.arguments}) if one in archives else one
            for one in resources]
    problems += [found for one in made if one not in resources and isinstance(one, Resource)
                 for found in argument_problems(one, types) if found not in problems]
    return made


def _short(node: Node, word: str, types: Types, problems: list[Problem]) -> Iterator[Resource]:
    """Resources of the type of that name, written as names, or as mappings of a name and arguments."""
    key, value = node.key(word), node.get(word)
    if key is None or value is None:
        return
    for one in value.elements() if value.kind == "list" else (value,):
        if one.kind == "mapping" and one.get("name") is None:
            problems.append(Problem(f"`name` is missing in `{word}`", one.place, "add `name: …`"))
        elif one.kind not in ("text", "mapping"):
            problems.append(Problem(f"`{word}` holds names, or mappings with `name`", one.place, "write its name"))
        else:
            name = one.get("name") or one
            arguments = {str(k.value): Entry(k, v) for k, v in one.items() if k.value != "name"}
            resource = Resource(word, key, name, arguments)
            problems += argument_problems(resource, types)
            yield resource


# -- what it expands to ----------------------------------------------------------------------------------------------


def _expanded(node: Node, sections: _Sections) -> list[Resource | Use]:
    """All resources: those of an agent that is to be there, then those of one that is to be gone; each with the
    condition under which it counts."""
    word, name = node.items()[0]
    document = str(name.value)

    def part(resources: Iterable[Resource | Use], role: str, state: str) -> list[Resource | Use]:
        when = _text(f"{STATE} == '{state}'", name)
        return [replace(one, when=(when, *one.when), part=Part(str(word.value), document, role)) for one in resources]

    packages, services = _references(sections.package), _references(sections.service)
    installed = (*packages, *_references(one for one in sections.archive if one.loop is None))
    archive = [_told(one, packages, services) for one in sections.archive]
    configuration = [_told(one, installed, services) for one in sections.configuration]
    running = [replace(one, arguments=_with(one, running=True, enabled=True), requires=installed)
               for one in sections.service]
    health = [replace(one, requires=(*one.requires, *(services or installed))) for one in sections.health]
    stopped = [replace(one, arguments=_with(one, running=False, enabled=False)) for one in sections.service]
    purged = [Resource("package", one.key, one.name, _with(one, only=True, state="purged"))
              for one in sections.package]
    taken = [_taken_away(one) for one in (*sections.configuration, *sections.archive)
             if isinstance(one, Resource) and one.type in REMOVED]
    return [
        *part(sections.repository, "repository", "present"), *part(sections.package, "package", "present"),
        *part(archive, "package", "present"), *part(configuration, "configuration", "present"),
        *part(running, "service", "present"), *part(health, "health", "present"),
        *part([*stopped, *taken, *purged, *sections.remove], "removal", "absent"),
    ]


def _taken_away(one: Resource) -> Resource:
    """What removes a resource; on the hosts, and for the elements, for which it is declared."""
    type_, kept = REMOVED[one.type]
    arguments = _with(one, only=True, state="absent") | {word: one.arguments[word] for word in kept
                                                         if word in one.arguments}
    return Resource(type_, one.key, one.name, arguments, when=one.when, loop=one.loop)


def _told(one: Resource | Use, packages: tuple[Reference, ...], services: tuple[Reference, ...]) -> Resource | Use:
    """Configuration comes after what brings its folder, and what reads it is told; unless it says itself whom."""
    if isinstance(one, Use):
        return replace(one, requires=(*one.requires, *packages))
    return replace(one, requires=(*one.requires, *packages), notify=one.notify or services)


def _references(resources: Iterable[Resource | Use]) -> tuple[Reference, ...]:
    return tuple(Reference("use" if isinstance(one, Use) else one.type, one.name, one.key.place) for one in resources)


def _with(one: Resource, *, only: bool = False, **arguments: str | bool) -> dict[str, Entry]:
    """The resource's arguments with these added where it does not say them itself. only: nothing but these."""
    added = {word: Entry(_text(word, one.name), _scalar(value, one.name.place)) for word, value in arguments.items()}
    return added if only else {**added, **{word: entry for word, entry in one.arguments.items()
                                           if word not in added or arguments[word]}}


def _text(text: str, at: Node) -> Node:
    return _scalar(text, at.place)


def _scalar(value: str | bool, place: Place) -> Node:
    return Node(value, place, "plain", "boolean" if isinstance(value, bool) else "text")

