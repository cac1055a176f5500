"""Playbooks and roles to documents."""
from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from holdfast.compiler.check import inventory_names
from holdfast.converting import (
    attributes,
    facts,
    flushing,
    guards,
    handlers,
    lists,
    nodes,
    patterns,
    reading,
    scopes,
    writing,
)
from holdfast.converting.assigning import assigned
from holdfast.converting.beside import Beside
from holdfast.converting.expressions import Names
from holdfast.converting.handlers import Handlers
from holdfast.converting.kinds import kind
from holdfast.converting.model import Cannot, Converted, Item, Play, Task
from holdfast.converting.tasks import Around, convert, directory
from holdfast.converting.variables import Variables
from holdfast.documents.model import BUILT_IN_NAMES
from holdfast.inventory.model import Inventory
from holdfast.trees.tree import Node

# Keys of plays, and what is to be known of them. "": nothing.
_KEYS = {
    **dict.fromkeys(("name", "hosts", "vars", "vars_files", "tasks", "pre_tasks", "post_tasks", "handlers", "roles",
                     "become", "become_user", "become_method", "gather_facts", "gather_subset", "gather_timeout",
                     "collections", "environment", "tags", "any_errors_fatal", "serial", "max_fail_percentage",
                     "module_defaults", "run_once", "check_mode"), ""),
    "vars_prompt": "variables that were asked for are given with --set, or in the inventory",
    "remote_user": "`remote_user`: who logs in is said in the inventory, with `user`",
    "user": "`user`: who logs in is said in the inventory, with `user`",
    "connection": "`connection`: how hosts are reached is said in the inventory, with `channel`",
    "port": "`port`: how hosts are reached is said in the inventory, with `port`",
    "strategy": "`strategy`: hosts do not wait for one another here",
    "ignore_errors": "`ignore_errors`: a failure stops only what depends on it",
}
_FACTS_OF = {"service_facts": "services", "package_facts": "packages", "mount_facts": "mount_points",
             "deploy_helper": "deploy_helper"}
_ORDER = "In Ansible a failure stops all that comes after it; here what depends on it: add `requires` where needed."


@dataclass
class Draft:
    """A document in the making. keys: its first ones. parameters: by name."""

    name: str
    keys: dict[str, Any]
    variables: Variables
    parameters: dict[str, Any]
    items: list[Item]
    notes: list[str]
    outputs: dict[str, str] = field(default_factory=dict)
    of_inventory: Collection[str] = ()  # names of its variables

    @property
    def is_empty(self) -> bool:
        """Is there no resource in it?"""
        return not any(item.resources for item in self.items)

    def needs(self) -> list[str]:
        """Variables that are read and defined nowhere."""
        _, seen, guarded = self._read()
        outputs = {resource.arguments["register"] for item in self.items for resource in item.resources
                   if "register" in resource.arguments}
        known = {*self.of_inventory, *self.variables.values, *self.parameters, *outputs}
        return sorted(seen - known - guarded - {*BUILT_IN_NAMES, "ansible_managed"})

    def vars(self) -> dict[str, Any]:
        """Those that something reads."""
        return {name: one for name, one in self._read()[0].items() if name not in self.parameters}

    def used_parameters(self) -> dict[str, Any]:
        """Those that something reads."""
        seen = self._read()[1]
        return {name: one for name, one in self.parameters.items() if name in seen}

    def _read(self) -> tuple[dict[str, Any], set[str], set[str]]:
        values, seen, guarded = self.variables.read_by({name for item in self.items for name in item.reads})
        return values, seen, guarded | {name for item in self.items for name in item.guarded}

    def settle(self) -> None:
        """Takes back what rests on what was given up: registered results that are not there, or that nobody reads."""
        given = {resource.arguments["register"] for item in self.items for resource in item.resources
                 if "register" in resource.arguments}
        guards.settle(self.items)
        for item in self.items:
            for name in item.reads & (set(self.outputs) - given):
                item.give_up(f"it reads `{name}`, of a task that is not converted")
        read = {name for item in self.items for name in item.reads}
        for item in self.items:
            register, changed = item.task.keywords.get("register"), item.task.keywords.get("changed_when")
            if register is not None and changed is not None and changed.value is False and item.resources \
                    and item.resources[0].type == "command" and str(register.value) not in read:
                item.give_up("it only finds something out, and nothing that is converted reads that")
        handlers.settle(self.items)
        attributes.settle(self.items)
        for item in self.items:
            for resource in item.resources:
                if resource.arguments.get("register", "") not in read:
                    resource.arguments.pop("register", None)

    def write(self, page: writing.Page) -> None:
        """Adds it to a page."""
        counts = {status: sum(item.status == status for item in self.items)
                  for status in ("converted", "in part", "not converted")}
        said = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        needs = self.needs()
        notes = [*self.notes, *([f"The inventory has to give: {', '.join(needs)}"] if needs else []),
                 f"Tasks: {said or 'none'}."]
        if self.is_empty:
            notes.append("Nothing of it is in a document.")
        else:
            page.add("---")
        writing.head(page, {} if self.is_empty else self.keys, self.vars(), self.used_parameters(), notes)
        for item in self.items:
            writing.item(page, item)


def drafts(path: Path, types: Collection[str], inventory: Inventory | None, root: Path) -> list[Draft]:
    """The documents of a playbook or of a role's folder. inventory: None: there is none. Raises Problems."""
    if path.is_dir():
        return [_role(path, types, root)]
    made: list[Draft] = []
    names: set[str] = set()
    plays = reading.plays(path)
    found_out = _found_out([task for play in plays for task in (*play.tasks, *play.handlers)])
    for play in plays:
        elsewhere = {word: f"`{word}` is set by a task of another play" for other in plays if other is not play
                     for task in other.tasks if task.module == "set_fact" for word in task.arguments}
        name = _name(play.name or Path(play.place.file).stem, names)
        made.append(_play(play, name, types, inventory, {**elsewhere, **found_out}, root))
    rollouts = [draft.keys["rollout"] for draft in made if "rollout" in draft.keys]
    for draft in made:
        if rollouts and any(one != rollouts[0] for one in rollouts):
            found = draft.keys.pop("rollout", None)
            draft.notes += [f"NOT CONVERTED the rollout of this play ({found}): another play has another one, and what "
                            "is applied together has one; apply them one by one, and add it"] if found else []
        draft.of_inventory = inventory_names(inventory) if inventory else ()
    return made


def _found_out(tasks: Sequence[Task]) -> dict[str, str]:
    """The names of results of tasks, and why they cannot be read."""
    names = [str(task.keywords["register"].value) for task in tasks if "register" in task.keywords]
    names += [_FACTS_OF[task.module] for task in tasks if task.module in _FACTS_OF]
    names += [f"getent_{task.arguments['database'].value}" for task in tasks if "database" in task.arguments]
    return {name: f"`{name}` is what a task found out, which is not known when a document is read" for name in names}


def converted(made: Sequence[Draft]) -> tuple[Converted, writing.Page]:
    """The text of all documents."""
    page = writing.Page()
    for draft in made:
        draft.settle()
        draft.write(page)
    items = [item for draft in made for item in draft.items]
    files = {name: content for item in items for name, content in item.files.items()}
    needs = sorted({name for draft in made for name in draft.needs()})
    return Converted(page.text, items, files, needs, [note for draft in made for note in draft.notes]), page


def _name(wanted: str, taken: set[str]) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", wanted.lower()).strip("-")[:60].strip("-") or "converted"
    name = next(one for one in [slug, *(f"{slug}-{number}" for number in range(2, 1000))] if one not in taken)
    taken.add(name)
    return name


def _play(play: Play, name: str, types: Collection[str], inventory: Inventory | None,
          refused: dict[str, str], root: Path) -> Draft:
    notes = [f"Converted from {play.place.file}:{play.place.line}" + (f" ({play.name})" if play.name else ""), _ORDER]
    keys: dict[str, Any] = {"state": name}
    try:
        if play.hosts is not None:
            keys["targets"] = patterns.targets(nodes.texts(play.hosts), inventory.groups if inventory else None,
                                               inventory.hosts if inventory else None)
    except Cannot as cannot:
        notes.append(f"NOT CONVERTED `hosts`: {cannot.why}: say which with -t, or add `targets`")
    notes += _play_notes(play)
    keys |= _rollout(play, notes)
    variables = Variables(refused=dict(refused))
    variables.take(play.vars)
    folder = Path(play.place.file).parent
    _files(play.keywords.get("vars_files"), folder, variables, notes)
    return _draft(play, keys, variables, Around(Beside((folder,)), types, root), notes)


def _play_notes(play: Play) -> Iterator[str]:
    for word in play.keywords if play.hosts is not None else ():
        if word not in _KEYS:
            yield f"NOT CONVERTED `{word}` of the play: it has no like"
        elif _KEYS[word]:
            yield _KEYS[word]
    if any(task.become is not None and task.become.value is not False for task in play.tasks):
        yield "It is done as root: say `become: true` of the hosts in the inventory."
    tags = sorted({tag for task in play.tasks for tag in nodes.texts(task.keywords.get("tags"))})
    if tags:
        yield f"NOT CONVERTED tags ({', '.join(tags)}): a part of a document is not applied by itself"


def _rollout(play: Play, notes: list[str]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    serial, budget = play.keywords.get("serial"), play.keywords.get("max_fail_percentage")
    sizes = [one.value for one in nodes.listed(serial)]
    if sizes and all(re.fullmatch(r"\d+%?", str(size)) for size in sizes):
        made["batches"] = [size if str(size).endswith("%") else int(str(size)) for size in sizes]
    elif sizes:
        notes.append("NOT CONVERTED `serial`: its sizes are no numbers")
    if budget is not None and re.fullmatch(r"\d+", str(budget.value)):
        made["error_budget"] = f"{budget.value}%"
    if "any_errors_fatal" in play.keywords and play.keywords["any_errors_fatal"].value is True:
        made["error_budget"] = 0
    return {"rollout": made} if made else {}


def _files(node: Node | None, folder: Path, variables: Variables, notes: list[str]) -> None:
    """`vars_files`: of a list in the list the first that there is."""
    for one in nodes.listed(node):
        named = nodes.texts(one)
        found = next((folder / name for name in named if "{{" not in name and (folder / name).is_file()), None)
        if found is None:
            notes.append(f"NOT CONVERTED `vars_files`: there is no file {' or '.join(named)} here")
            continue
        for document in nodes.read(found):
            variables.take(nodes.mapping(document))


def _role(path: Path, types: Collection[str], root: Path) -> Draft:
    play = reading.role_play(path)
    notes = [f"Converted from the role {path}", _ORDER,
             "Its play is taken to say `become: true`: say that of the hosts in the inventory."]
    refused = _found_out([*play.tasks, *play.handlers])
    around = Around(Beside(()), types, root)
    return _draft(play, {"state": _name(play.name, set())}, Variables(refused=refused), around, notes)


def _defaults(play: Play, variables: Variables, notes: list[str]) -> dict[str, Any]:
    """What is said of roles: their defaults are parameters, which the inventory may set."""
    for word in play.unclear:
        variables.values.pop(word, None)
        variables.refused[word] = f"two roles give `{word}` different values; in a document it has one"
    defaults = Variables(refused=variables.refused)
    defaults.take({word: one for word, one in {**play.defaults, **variables.fallbacks}.items()
                   if word not in variables.values and word not in play.unclear})
    known = {**variables.values, **defaults.values}
    kinds = {word: found for word, one in defaults.values.items() if (found := kind(one, known))}
    parameters = {word: {"type": kinds[word], "default": defaults.values[word]} for word in kinds}
    for word, one in defaults.values.items():
        if word not in parameters:  # its kind is not known, so it can be no parameter
            variables.values[word] = one
            notes.append(f"`{word}` is a variable, as its kind is not known: the inventory cannot set it")
        variables.reads.setdefault(word, defaults.reads[word])
    return parameters


def _draft(play: Play, keys: dict[str, Any], variables: Variables, around: Around, notes: list[str]) -> Draft:
    all_tasks = [*play.tasks, *play.handlers]
    for name, word in facts.WORDS.items():
        variables.values[name], variables.reads[name] = word, Names()
    variables.take(play.role_vars)  # they win over those of the play
    early = {id(task): assigned(task, play, variables) for task in all_tasks}
    parameters = _defaults(play, variables, notes)
    variables.settle(parameters)
    around.variables = {**variables.values, **{word: one["default"] for word, one in parameters.items()}}
    around.refused |= variables.refused
    logs_in = play.keywords.get("remote_user") or play.keywords.get("user")
    is_root = logs_in is not None and logs_in.value == "root"  # then it makes no difference
    others = {_becomes(task) for task in all_tasks if not task.fault and task.module not in _NOT_DONE}
    around.mixed = not is_root and len(others) > 1
    around.probes = guards.probes(all_tasks)
    around.directories = {path for task in all_tasks if (path := directory(task)) and "item" not in path}
    items = []
    for task in play.tasks:
        found = early[id(task)]
        items.append(found if found is not None else convert(task, around))
    attributes.place(items)
    lists.kept_fresh(items)
    items = flushing.placed(items, Handlers(list(play.handlers), items, around).items)
    scopes.leave_out(play, items, variables)
    variables.notes = list(dict.fromkeys(variables.notes))
    return Draft(keys["state"], keys, variables, parameters, items, notes + variables.notes,
                 dict.fromkeys(around.outputs, ""))


_NOT_DONE = frozenset({"debug", "set_fact", "include_vars", "assert", "fail", "meta", "role", "import_playbook",
                       "setup"})


def _becomes(task: Task) -> bool:
    return task.become is not None and task.become.value is not False
