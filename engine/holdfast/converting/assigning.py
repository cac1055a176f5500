"""Variables that tasks set: `set_fact`, `include_vars` and the `vars` of tasks. A document says them ahead of all that
is done, so it has one value for a name; where a condition decides, the value says the condition itself."""
from __future__ import annotations

import re
from collections.abc import Mapping

from holdfast.converting import choosing, included
from holdfast.converting.choosing import Choice
from holdfast.converting.loops import has_loop
from holdfast.converting.model import Cannot, Item, Play, Task
from holdfast.converting.options import plain
from holdfast.converting.variables import Variables
from holdfast.trees.tree import Node

_SETS = ("set_fact", "include_vars")


def assigned(task: Task, play: Play, variables: Variables) -> Item | None:
    """Says what a task says of variables. An item if that is all it does, or if it cannot be said."""
    item = Item(task)
    try:
        if task.fault:
            return None
        if task.module not in _SETS:
            _put(task.vars, variables, "`vars` of the task")
            return None
        if task.is_handler or (has_loop(task) and task.module == "set_fact"):
            raise Cannot("whether and how often a variable is set is decided while others act: in `vars` it has one "
                         "value")
        if any(node.kind not in ("text", "boolean") for node in task.when):
            raise Cannot("its `when` is no condition")
        if task.module == "include_vars":
            _include(item, play, variables)
            return item
        given = {word: node for word, node in task.arguments.items() if word != "cacheable"}
        asked = tuple(str(node.value) for node in task.when)
        if _is_default(given, asked, play, variables):
            _default(given, asked, variables)
            item.into = f"the default of a parameter: {', '.join(given)}"
            return item
        if asked:
            for name, node in given.items():
                choosing.put(name, [Choice(asked, node)], task, play, variables)
        else:
            _put(given, variables, "it")
        item.into = f"in `vars`: {', '.join(given)}"
    except Cannot as cannot:
        item.give_up(cannot.why)
        if task.module == "set_fact":
            for name in task.arguments:
                variables.refused.setdefault(name, f"`{name}` is set by a task that is not converted")
    return item if task.module in _SETS or item.why else None


def _put(given: Mapping[str, Node], variables: Variables, what: str) -> None:
    for name, node in given.items():
        if name in variables.values and variables.values[name] != plain(node):
            raise Cannot(f"{what} gives `{name}` another value than it has elsewhere; in a document it has one")
        variables.put(name, node)


# -- `set_fact: {x: 1}`, `when: x is not defined` ----------------------------------------------------------------------


def _is_default(given: Mapping[str, Node], asked: tuple[str, ...], play: Play, variables: Variables) -> bool:
    """Is it only set when the inventory does not?"""
    name = next(iter(given), "")
    return len(given) == 1 and any(_is_undefined(name, one) for one in _parts(asked)) \
        and name not in variables.values and name not in play.defaults \
        and not any(re.search(rf"\b{re.escape(name)}\b", one) for one in _further(name, asked))


def _default(given: Mapping[str, Node], asked: tuple[str, ...], variables: Variables) -> None:
    """What counts where the inventory says nothing; of several tasks the first one whose other conditions hold."""
    (name, node), = given.items()
    further = _further(name, asked)
    if further or name in variables.fallbacks:
        node = choosing.later(variables.fallbacks.get(name), Choice(further, node))
        variables.partial[name] = ()
    if not further:
        variables.partial.pop(name, None)
    variables.fallbacks[name] = node


def _further(name: str, asked: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one for one in _parts(asked) if not _is_undefined(name, one))


def _parts(asked: tuple[str, ...]) -> list[str]:
    """Conditions taken apart at their `and`, where nothing else stands in them that binds."""
    return [part.strip() for one in asked for part in (
        [one] if re.search(r"[()\[\]]|\bor\b|\bif\b|\{\{", one) else re.split(r"\band\b", one))]


def _is_undefined(name: str, asked: str) -> bool:
    return re.fullmatch(rf"{re.escape(name)}\s+is\s+(not\s+defined|undefined)", asked.strip()) is not None


# -- `include_vars` ----------------------------------------------------------------------------------------------------


def _include(item: Item, play: Play, variables: Variables) -> None:
    task = item.task
    groups, asked, unknown = included.files(task)
    is_all = len(groups) == 1 and not asked and not included.may_be_none(task)
    item.lost += [f"`{name}` is for a system whose name here is not known" for name in dict.fromkeys(unknown)]
    said: dict[str, None] = {}
    for group in groups:
        read = [(one, included.read(one.path, task)) for one in group]
        for name in dict.fromkeys(name for _, given in read for name in given):
            said[name] = None
            choices = [Choice((*asked, *one.when), given.get(name), one.path.stem) for one, given in read]
            try:
                if len(choices) == 1 and not choices[0].when and choices[0].node is not None and \
                        name not in variables.values:
                    variables.put(name, choices[0].node)
                else:
                    choosing.put(name, choices, task, play, variables, is_all=is_all)
            except Cannot as cannot:
                variables.refused.setdefault(name, f"`{name}` is not in the document: {cannot.why}")
                variables.forget(name)
                item.lost.append(f"`{name}`: {cannot.why}")
    item.into = f"in `vars`: {', '.join(said)}" if said else "nothing: no variable is in it"
