"""Variables that only some tasks of a play see. A document has one value for a name, so where another task would read
another value in Ansible, that task is left out."""
from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from holdfast.converting import deciding
from holdfast.converting.model import Item, Play, Task
from holdfast.converting.variables import Variables
from holdfast.trees.tree import Node


def leave_out(play: Play, items: Sequence[Item], variables: Variables) -> None:
    """Gives up the tasks that do not see what the document says."""
    given, seen_by = _given([*play.tasks, *play.handlers])
    elsewhere = {**play.defaults, **play.role_vars}
    to_change = set(variables.changed)
    untrue: set[str] = set()  # variables that a task sets to what others were then, and are not any more
    for item in items:
        to_change -= {name for name, changer in variables.changed.items() if changer == id(item.task)}
        if item.task.module == "set_fact" and item.into:
            untrue |= _fixed(item, to_change, variables)
        _, read, guarded = variables.read_by(item.reads)
        guarded |= item.guarded
        why = _other(read, guarded, to_change, variables) if item.resources or item.into else ""
        if not why and read & untrue:
            why = f"`{min(read & untrue)}` is set by a task that is not converted"
        if why:
            item.give_up(why)
        elif item.task.is_handler:
            _where_set(item, read & set(variables.partial), variables)
        for name in sorted(read & set(given)):
            if id(item.task) in seen_by[name] or name in variables.changed or not (item.resources or item.into):
                continue
            other = elsewhere.get(name)
            if (other is not None and other.plain() != given[name].plain()) or (other is None and name in guarded):
                item.give_up(f"`{name}` has another value here than where a task, block or role sets it; in a document "
                             "it has one")
                break


def _fixed(item: Item, to_change: Set[str], variables: Variables) -> set[str]:
    """`set_fact` keeps what its value was then, a document what it is at last: the names it sets, if these differ."""
    own = set(item.task.arguments)
    _, read, _ = variables.read_by({one for name in own & set(variables.reads) for one in variables.reads[name].read})
    late = (read - own) & to_change
    if not late:
        return set()
    item.give_up(f"it keeps what `{min(late)}` is then, and a later task sets that anew: in a document it has one "
                 "value")
    return own


def _where_set(item: Item, partial: Set[str], variables: Variables) -> None:
    """A handler is there where what it reads is set: elsewhere nobody notifies it."""
    for name in sorted(partial):
        if not variables.partial[name]:
            item.give_up(f"whether `{name}` is set is decided by a condition and by the inventory, and a handler is "
                         "there on all hosts")
            return
        asked = deciding.any_of(variables.partial[name])
        for resource in item.resources:
            given = resource.arguments.get("when", [])
            listed = given if isinstance(given, list) else [given]
            made = listed if asked in listed else [*listed, asked]
            resource.arguments["when"] = made[0] if len(made) == 1 else made


def _other(read: Set[str], guarded: Set[str], to_change: Set[str], variables: Variables) -> str:
    """Why a task sees other variables than the document says; "": it does not."""
    for name in sorted(guarded & set(variables.partial)):
        return f"it asks whether `{name}` is set, which a condition decides: in `vars` that cannot be asked"
    return next((f"`{name}` is set anew by a later task: in a document it has one value" for name in sorted(
        read & to_change)), "")


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
