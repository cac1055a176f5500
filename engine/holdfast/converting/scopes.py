"""Variables that only some tasks of a play see. A document has one value for a name, so where another task would read
another value in Ansible, that task is left out."""
from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdfast.converting.model import Item, Play, Task
from holdfast.converting.variables import Variables
from holdfast.trees.tree import Node


def leave_out(play: Play, items: Sequence[Item], variables: Variables) -> None:
    """Gives up the tasks that do not see what the document says."""
    given, seen_by = _given([*play.tasks, *play.handlers])
    elsewhere = {**play.defaults, **play.role_vars}
    for item in items:
        _, read, guarded = variables.read_by(item.reads)
        guarded |= item.guarded
        for name in sorted(read & set(given)):
            if id(item.task) in seen_by[name] or not (item.resources or item.into):
                continue
            other = elsewhere.get(name)
            if (other is not None and other.plain() != given[name].plain()) or (other is None and name in guarded):
                item.give_up(f"`{name}` has another value here than where a task, block or role sets it; in a document "
                             "it has one")
                break


def _given(tasks: Sequence[Task]) -> tuple[Mapping[str, Node], Mapping[str, set[int]]]:
    """The variables of tasks, blocks, roles and of `set_fact`, and which tasks see each."""
    given: dict[str, Node] = {}
    seen_by: dict[str, set[int]] = {}
    for at, task in enumerate(tasks):
        for name, node in task.vars.items():
            given.setdefault(name, node)
            seen_by.setdefault(name, set()).add(id(task))
        for name, node in task.arguments.items() if task.module == "set_fact" else ():
            given.setdefault(name, node)
            seen_by.setdefault(name, set()).update(id(one) for one in tasks[at:])
    return given, seen_by
