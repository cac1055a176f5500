"""Variables that tasks set: `set_fact`, `include_vars` and the `vars` of tasks. A document says them ahead of all that
is done, so it has one value for a name; where a condition decides, only tasks that have the same condition read it, or
the value says the condition itself."""
from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from holdfast.converting import nodes
from holdfast.converting.expressions import Names, condition
from holdfast.converting.loops import has_loop
from holdfast.converting.model import Cannot, Item, Play, Task
from holdfast.converting.options import plain
from holdfast.converting.variables import Variables
from holdfast.documents.model import is_template
from holdfast.trees.tree import Node

_WHOLE = re.compile(r"\{\{((?:(?!\}\}|\{\{).)*)\}\}\Z", re.DOTALL)
_SETS = ("set_fact", "include_vars")


def assigned(task: Task, play: Play, variables: Variables) -> Item | None:
    """Says what a task says of variables. An item if that is all it does, or if it cannot be said."""
    item = Item(task)
    try:
        if task.fault:
            return None
        if task.module not in _SETS:
            _put(task.vars, task.vars, variables, "`vars` of the task")
            return None
        if task.is_handler or has_loop(task):
            raise Cannot("whether and how often a variable is set is decided while others act: in `vars` it has one "
                         "value")
        given = _included(task) if task.module == "include_vars" else {
            word: node for word, node in task.arguments.items() if word != "cacheable"}
        if _is_default(task, given, play, variables):
            variables.fallbacks.update(given)
            item.into = f"the default of a parameter: {', '.join(given)}"
            return item
        said = _when(task, given, play, variables) if task.when else given
        _put(said, given, variables, "it")
        item.into = f"in `vars`: {', '.join(given)}"
    except Cannot as cannot:
        item.give_up(cannot.why)
        if task.module == "set_fact":
            for name in task.arguments:
                variables.refused.setdefault(name, f"`{name}` is set by a task that is not converted")
    return item if task.module in _SETS or item.why else None


def _put(said: Mapping[str, Node], given: Mapping[str, Node], variables: Variables, what: str) -> None:
    """said: the values for the document; given: those of the task, which are others where a condition is put in."""
    for name, node in said.items():
        if node is given[name] and name in variables.values and variables.values[name] != plain(node):
            raise Cannot(f"{what} gives `{name}` another value than it has elsewhere; in a document it has one")
        variables.put(name, node)


def _is_default(task: Task, given: Mapping[str, Node], play: Play, variables: Variables) -> bool:
    """Is it only set when the inventory does not? (`set_fact: {x: 1}`, `when: x is not defined`)"""
    name = next(iter(given), "")
    asked = [str(node.value).strip() for node in task.when]
    return len(given) == 1 and asked in ([f"{name} is not defined"], [f"{name} is undefined"]) \
        and name not in variables.values and name not in play.defaults and not is_template(str(given[name].plain()))


def _when(task: Task, given: Mapping[str, Node], play: Play, variables: Variables) -> Mapping[str, Node]:
    """The values with their conditions in them; or, of variables that have no other value, as they are, for those who
    have the same conditions. Raises Cannot."""
    if any(node.kind not in ("text", "boolean") for node in task.when):
        raise Cannot("its `when` is no condition")
    conditions = tuple(str(node.value) for node in task.when)
    for one in conditions:
        condition(one, Names(refused=variables.refused))
    made = {}
    for name, node in given.items():
        if name in play.defaults and name not in variables.values:
            raise Cannot(f"whether `{name}` is set is decided by a condition, else its default counts, which the "
                         "inventory may set: in `vars` it has one value")
        if name not in variables.values or variables.only_when.get(name) == conditions:
            variables.only_when[name] = conditions
            made[name] = node
            continue
        if name in variables.only_when or re.search(rf"\b{re.escape(name)}\b", f"{conditions} {node.plain()}"):
            raise Cannot(f"several tasks decide by conditions what `{name}` is: in `vars` it has one value; write that "
                         "as `{{ … if … else … }}`")
        asked = " and ".join(f"({_expression(one)})" if is_template(one) else f"({one})" for one in conditions)
        value = f"({_expression(plain(node))}) if {asked} else ({_expression(variables.values[name])})"
        made[name] = replace(node, value="{{ " + value + " }}", kind="text")
        variables.changed[name] = id(task)
    return made


def _expression(value: Any) -> str:
    """A value within a template. Raises Cannot."""
    whole = _WHOLE.match(value.strip()) if isinstance(value, str) else None
    if whole is not None:
        return whole[1].strip()
    if is_template(str(value)):
        raise Cannot("whether a variable is set is decided by a condition, and its value has templates within")
    if isinstance(value, str):
        return repr(value)
    return "none" if value is None else json.dumps(value, ensure_ascii=False).replace("null", "none")


def _included(task: Task) -> dict[str, Node]:
    name = task.free or (str(task.arguments["file"].value) if "file" in task.arguments else "")
    path = Path(task.place.file).parent
    if task.role is not None:
        name = re.sub(r"\{\{\s*role_path\s*\}\}", str(task.role), name)
    tried = [path / name, path / "vars" / name, path.parent / "vars" / name]
    found = next((one for one in tried if name and "{{" not in name and one.is_file()), None)
    if found is None:
        raise Cannot(f"there is no file `{name}` here" if "{{" not in name else
                     "which file is meant is decided by a template")
    if set(task.arguments) - {"file", "name"}:
        raise Cannot(f"`{min(set(task.arguments) - {'file', 'name'})}` of `include_vars` has no like")
    if "name" in task.arguments:  # they stand in a mapping of that name
        return {str(task.arguments["name"].value): document for document in nodes.read(found)}
    return {word: node for document in nodes.read(found) for word, node in nodes.mapping(document).items()}
