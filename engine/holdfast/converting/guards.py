"""Whether a path is there, which Ansible finds out with `stat` and tests with `when`: commands ask that themselves."""
from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass

from holdfast.converting.expressions import Names, text
from holdfast.converting.loops import has_loop
from holdfast.converting.model import Item, Resource, Task

WHY = "it only looks: a command has the guards `creates` and `removes`, other types look for themselves"
SAID = "the guard `creates` or `removes` of the commands that ask for it"
_MAKE = frozenset({"file", "template", "directory", "link", "download", "systemd_unit"})
_OPTIONS = frozenset({"path", "dest", "name", "follow", "get_checksum", "get_md5", "get_mime", "get_attributes",
                      "checksum_algorithm"})
_THERE = re.compile(r"(not\s+)?\(?\s*(\w+)\.stat\.exists\s*\)?(?:\s*(==|!=|is)\s*(not\s+)?([Tt]rue|[Ff]alse))?\s*\Z")


@dataclass
class Stat:
    """A path that was looked for, and the command that asked first; None: nobody has, or others asked for more."""

    path: str
    first: Resource | None = None
    word: str = ""


def asked(task: Task, stats: MutableMapping[str, Stat], names: Names) -> bool:
    """Keeps which path is looked for; is it no more than that?"""
    path = next((task.arguments[word] for word in ("path", "dest", "name") if word in task.arguments), None)
    if path is None or "register" not in task.keywords or set(task.arguments) - _OPTIONS or has_loop(task) \
            or task.when or not str(path.value).startswith(("/", "{{")):
        return False
    stats[str(task.keywords["register"].value)] = Stat(text(str(path.value), names))
    return True


def put(condition: str, stats: Mapping[str, Stat], resource: Resource, task: Task) -> bool:
    """Gives a command its guard. False: the condition is another one, or the resource is. What the first command does
    may make the path, so one that asks the same later is done when the first was."""
    found = _THERE.match(condition.strip())
    if found is None or found[2] not in stats or resource.type not in ("command", "script") \
            or "on_notify" in resource.arguments:
        return False
    turns = [bool(found[1]), found[3] == "!=", bool(found[4]), (found[5] or "true").lower() == "false"]
    stat, word = stats[found[2]], "creates" if sum(turns) % 2 else "removes"
    if stat.word and (stat.first is None or stat.word != word or has_loop(task) or task.is_handler):
        return False
    if word in resource.arguments:
        return False
    resource.arguments.pop("always", None)
    resource.arguments.pop("read_only", None)
    if stat.first is not None:
        resource.arguments |= {"on_notify": True, "watch": stat.first.reference}
        return True
    resource.arguments[word] = stat.path
    stat.word, stat.first = word, resource if len(task.when) == 1 and not has_loop(task) else None
    return True


def settle(items: Sequence[Item]) -> None:
    """Gives up what looks for paths that no command asks for."""
    for item in items:
        if item.into == SAID:
            name = str(item.task.keywords["register"].value)
            readers = [one for one in items if one.resources and any(
                (found := _THERE.match(str(node.value).strip())) and found[2] == name for node in one.task.when)]
            made = {str(resource.name) for one in items for resource in one.resources if resource.type in _MAKE}
            if any({one.resources[0].arguments.get("creates"), one.resources[0].arguments.get("removes")} & made
                   for one in readers):
                for one in readers:
                    one.give_up("it asks how the path was before another task of this play made it")
            if not any(one.resources for one in readers):
                item.give_up(WHY)
