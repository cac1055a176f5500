"""Whether a path is there, which Ansible finds out with `stat` and tests with `when`: commands ask that themselves."""
from __future__ import annotations

import re
from collections.abc import MutableMapping, Sequence

from holdfast.converting.expressions import Names, text
from holdfast.converting.loops import has_loop
from holdfast.converting.model import Item, Resource, Task

WHY = "it only looks: a command has the guards `creates` and `removes`, other types look for themselves"
SAID = "the guard `creates` or `removes` of the commands that ask for it"
_OPTIONS = frozenset({"path", "dest", "name", "follow", "get_checksum", "get_md5", "get_mime", "get_attributes",
                      "checksum_algorithm"})
_THERE = re.compile(r"(not\s+)?\(?\s*(\w+)\.stat\.exists\s*\)?(?:\s*(==|!=|is)\s*(not\s+)?([Tt]rue|[Ff]alse))?\s*\Z")


def asked(task: Task, stats: MutableMapping[str, str], names: Names) -> bool:
    """Keeps which path is looked for; is it no more than that?"""
    path = next((task.arguments[word] for word in ("path", "dest", "name") if word in task.arguments), None)
    if path is None or "register" not in task.keywords or set(task.arguments) - _OPTIONS or has_loop(task) \
            or task.when or not str(path.value).startswith(("/", "{{")):
        return False
    stats[str(task.keywords["register"].value)] = text(str(path.value), names)
    return True


def put(condition: str, stats: MutableMapping[str, str], resource: Resource) -> bool:
    """Gives a command its guard. False: the condition is another one, or the resource is."""
    found = _THERE.match(condition.strip())
    if found is None or found[2] not in stats or resource.type not in ("command", "script") \
            or "on_notify" in resource.arguments:
        return False
    turns = [bool(found[1]), found[3] == "!=", bool(found[4]), (found[5] or "true").lower() == "false"]
    word = "creates" if sum(turns) % 2 else "removes"
    if word in resource.arguments:
        return False
    resource.arguments.pop("always", None)
    resource.arguments.pop("read_only", None)
    resource.arguments[word] = stats[found[2]]
    return True


def settle(items: Sequence[Item]) -> None:
    """Gives up what looks for paths that no command asks for."""
    for item in items:
        if item.into == SAID:
            name = str(item.task.keywords["register"].value)
            readers = [one for one in items if one.resources and any(
                (found := _THERE.match(str(node.value).strip())) and found[2] == name for node in one.task.when)]
            if not readers:
                item.give_up(WHY)
