"""Modules that have no type of their own as Ansible has them, `ansible_module`, where a plan can ask them."""
from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

import yaml

from holdfast.compiler.ansible import Modules
from holdfast.compiler.faults import Misused
from holdfast.converting.expressions import Names, value
from holdfast.converting.model import Cannot, Item, Resource, Task
from holdfast.converting.options import plain

_CHECKS = re.compile(r"supports_check_mode['\"]?\s*[=:]\s*True")
_OMITTED = re.compile(r"\bomit\b")
_LOOKS = ("_info", "_facts")
_UPWARDS = 6  # in so many folders above a task's a module of the playbook's own is looked for
_SAID = ("as Ansible has it: Ansible has to be beside Holdfast (`pip install ansible-core`), and what it did is "
         "not taken back by `undo`")


def as_is(item: Item, task: Task, names: Names, root: Path) -> Resource:
    """The task's module with its arguments. root: of the project, whose `collections/` are looked into. Raises
    Cannot."""
    missing = f"there is no type for `{task.module}` yet"
    if task.module.endswith(_LOOKS):
        raise Cannot("it only looks: what it finds out is not known when a document is read")
    if task.free:
        raise Cannot(missing)
    name = _found(task, missing, Modules(root))
    given = {word: plain(node) for word, node in task.arguments.items() if node.kind != "null"}
    given = {word: one for word, one in given.items() if one != "{{ omit }}"}
    if _OMITTED.search(str(given)):
        raise Cannot(f"{missing}, and an argument is left out (`omit`) by a condition")
    item.notes.append(_SAID)
    return Resource("ansible_module", None, {"module": name, **({"arguments": value(given, names)} if given else {})})


def _own(task: Task) -> Path | None:
    """The file of a module that lies beside the playbook or role, or in the collection that it is of."""
    name = f"{(task.called or task.module).rpartition('.')[2]}.py"
    file = Path(task.place.file)
    above = list(file.resolve().parents)[:_UPWARDS]
    return next((folder / inner / name for folder in above for inner in ("library", "plugins/modules")
                 if (folder / inner / name).is_file()), None)


def _found(task: Task, missing: str, modules: Modules) -> str:
    """The whole name of a module that tells beforehand what it would do. Raises Cannot."""
    own = _own(task)
    if own is not None:
        raise Cannot(f"`{task.module}` is a module of the playbook's own ({own}): write a type in `modules/` that does "
                     "what it does")
    name = modules.renamed(task.called or task.module)
    try:
        file = modules.find(name).file
    except Misused as misused:
        raise Cannot(f"{missing}, and as an `ansible_module`: {misused.what}"
                     + (f" ({misused.mend})" if misused.mend else "")) from None
    if not _CHECKS.search(file.read_text("utf-8", "replace")):
        raise Cannot(f"{missing}, and the module does not tell beforehand what it would do: an `ansible_module` of it "
                     "would be carried out in every run")
    return name


def documented(name: str, root: Path) -> Collection[str]:
    """The options that a module's documentation names."""
    text = Modules(root).find(name).file.read_text("utf-8", "replace")
    found = re.search(r"^DOCUMENTATION = r?(\"{3}|'{3})(.*?)\1", text, re.MULTILINE | re.DOTALL)
    try:
        options = (yaml.safe_load(found[2]) or {}).get("options", {}) if found else {}
    except yaml.YAMLError:
        return ()
    return {word for option, said in options.items() for word in (option, *(said.get("aliases") or ()))}
