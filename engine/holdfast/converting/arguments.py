"""The options of a module as the arguments of a type."""
from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from holdfast.converting.expressions import Names, value
from holdfast.converting.model import Cannot, Item, Resource, Task, Unlike
from holdfast.converting.options import AHEAD, BEHIND, LOST, NAME, NOTES, Module, boolean, of_kind, plain
from holdfast.converting.table.commands import FREE
from holdfast.documents.model import is_template

READS_FILES = frozenset({"file", "template", "script", "archive"})  # types whose `source` is of the controller
_PATHS = frozenset({"dest", "path", "chdir", "creates", "removes", "virtualenv", "requirements"})  # of the host


def resource_of(item: Item, task: Task, module: Module, names: Names, known: Mapping[str, Any]) -> Resource:
    """The module's options as arguments."""
    theirs = {word: _at_home(word, plain(node), task) for word, node in task.arguments.items() if node.kind != "null"}
    if task.free:
        if FREE not in module.options:
            raise Cannot(f"`{task.free}` among its arguments is no key=value")
        theirs[FREE] = task.free
    ours: dict[str, Any] = dict(module.fixed)
    for word, given in theirs.items():
        if given == "{{ omit }}":
            continue
        option = module.options.get(word)
        if option is None:
            raise Unlike(f"`{word}` of `{task.module}` has no like")
        _option(item, word, given, option, ours)
        if option.to in ours and option.to != NAME:
            ours[option.to] = of_kind(ours[option.to], option.value, known)
    if module.shape is not None:
        ours = module.shape(ours, theirs)
    name = ours.pop(NAME, None)
    item.notes += ours.pop(NOTES, [])
    item.lost += ours.pop(LOST, [])
    ahead = ours.pop(AHEAD, None)
    if ahead is not None:
        item.resources.append(Resource(ahead.type, value(ahead.name, names), value(ahead.arguments, names)))
    behind = ours.pop(BEHIND, None)
    if behind is not None:
        item.attributes = Resource("file", value(ours["path"], names), value(behind, names))
    is_file = module.type in READS_FILES
    made = {word: one if is_file and word == "source" else value(one, names)
            for word, one in ours.items() if one is not None}
    return Resource(module.type, value(name, names), made)


def _at_home(word: str, given: Any, task: Task) -> Any:
    """`~` in a path of the host, where it is done as root, whose home is known."""
    is_root = task.become is not None and task.become.value is True and task.become_user is None
    return re.sub(r"\A~(?=/|\Z)", "/root", given) if is_root and word in _PATHS and isinstance(given, str) else given


def _option(item: Item, word: str, given: Any, option: Any, ours: dict[str, Any]) -> None:
    if option.why:
        raise Unlike(option.why)
    if option.same is not None and not _is_same(given, option.same):
        raise Unlike(f"`{word}: {given}` has no like")
    if option.lost:
        item.lost.append(option.lost)
    if option.note:
        item.notes.append(option.note)
    if not option.to:
        return
    if option.words is not None:
        if given not in option.words:
            raise Unlike(f"`{word}: {given}` has no like" if not is_template(str(given)) else
                         f"`{word}` is decided by a template")
        ours[option.to] = option.words[given]
    else:
        ours[option.to] = option.value(given) if option.value else given


def _is_same(given: Any, same: Collection[Any]) -> bool:
    if given in same:
        return True
    try:
        return boolean(given) in [one for one in same if isinstance(one, bool)]
    except Cannot:
        return False
