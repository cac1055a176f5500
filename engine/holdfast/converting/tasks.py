"""One task to the resources it stands for."""
from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from holdfast.converting import attributes, flushing, guards, named_files, states
from holdfast.converting.ansible_module import as_is, documented
from holdfast.converting.arguments import resource_of
from holdfast.converting.beside import Beside
from holdfast.converting.expressions import Names, condition, value
from holdfast.converting.keywords import keywords
from holdfast.converting.kinds import kind
from holdfast.converting.loops import loop_of
from holdfast.converting.model import Cannot, Item, Resource, Task, Unlike
from holdfast.converting.options import AS_IS, MANY, Choice, Entry, Module, boolean, plain, whole
from holdfast.converting.syntax import constant
from holdfast.converting.systems import elsewhere
from holdfast.converting.table import MODULES, files
from holdfast.converting.table.system import RESTARTS, TOLD
from holdfast.converting.table.unlike import BY_ITSELF, CONTROLLED
from holdfast.converting.truth import asked
from holdfast.documents.model import is_template

_CHANGED = re.compile(r"(\w+)\s*(?:\.changed|\|\s*changed|is\s+changed)\Z")
_UNIT = re.compile(r"/etc/systemd/system/([\w@.:-]+\.(?:service|timer|socket|target|path|mount|slice))\Z")


@dataclass
class Around:
    """What the tasks of a document share. root: the project's folder. variables: their names; refused: names that
    cannot be read, and why; registered: the resources of which a task has kept the result; outputs: those of which it
    can be passed on; stats: what is looked for; probes: results of commands of which only that is asked how they ended;
    acted: how many tasks do something so far. mixed: some tasks become root, others do not. directories: those that
    tasks make. labels: how often a label was given, by type."""

    beside: Beside
    types: Collection[str]
    root: Path
    variables: Mapping[str, Any] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, Resource] = field(default_factory=dict)
    registered: dict[str, Resource] = field(default_factory=dict)
    stats: dict[str, guards.Asked] = field(default_factory=dict)
    probes: Collection[str] = ()
    acted: int = 0
    mixed: bool = False
    directories: Set[str] = frozenset()
    labels: dict[tuple[str, str], int] = field(default_factory=dict)

    def names(self, renamed: Mapping[str, str] | None = None) -> Names:
        """What names mean here."""
        return Names(renamed or {}, self.refused, frozenset(self.outputs))

    def label(self, type_: str, wanted: str) -> str:
        """A name that no other resource of the type has."""
        seen = self.labels[type_, wanted] = self.labels.get((type_, wanted), 0) + 1
        return wanted if seen == 1 else f"{wanted} ({seen})"


def convert(task: Task, around: Around) -> Item:
    """The task as resources; or why it cannot be one. Nothing is guessed."""
    item = Item(task)
    try:
        if task.fault:
            raise Cannot(task.fault)
        alternatives = states.each(task)
        if len(alternatives) == 1:
            _convert(item, around)
        else:
            _each(item, alternatives, around)
    except Cannot as cannot:
        item.give_up(cannot.why)
    around.acted += bool(item.resources)
    return item


def _each(item: Item, alternatives: Sequence[Task], around: Around) -> None:
    """One of several is meant, as their conditions say."""
    for one in alternatives:
        part = Item(one)
        _convert(part, around)
        item.resources += part.resources
        item.lost += [said for said in part.lost if said not in item.lost]
        item.notes += [said for said in part.notes if said not in item.notes]
        item.attributes = item.attributes or part.attributes
        item.files |= part.files
        item.reads |= part.reads
        item.guarded |= part.guarded


def entry_of(module: str) -> Entry:
    """What the table says of a module."""
    return MODULES.get(module, AS_IS)


def _convert(item: Item, around: Around) -> None:
    item.into = _instead(item.task, around)
    if item.into:
        return
    if item.task.module in _SPECIAL:
        item.resources.append(_SPECIAL[item.task.module](item, around))
        return
    entry = entry_of(item.task.module)
    if isinstance(entry, str):
        raise Cannot(entry)
    if entry is not AS_IS:
        _of_kinds(item.task)
    task = _restarted(item, around)
    module = _chosen(task, entry_of(task.module), around)
    if module.type not in around.types:
        raise Cannot(f"there is no type `{module.type}` yet")
    become_user = _account(task, around)
    loop = loop_of(task, around.beside.of_role(task.role))
    names = around.names(loop.renamed if loop else None)
    resource = _resource(item, task, module, names, around)
    if task.is_handler and resource.type not in ("command", "script", "reboot"):
        raise Cannot("only a command, or a service that is restarted, is told by `notify` here")
    if resource.type == "reboot" and not task.is_handler:
        raise Cannot("it boots the host in every run: `reboot` says when it has to be, `if_required` or `notify`")
    keywords(item, resource, become_user, names)
    if loop is not None:
        resource.arguments["loop"] = value(loop.over, Names({}, names.refused, frozenset(), names.read, names.guarded))
    _conditions(item, resource, around, names)
    named_files.put(item, resource, loop, around.beside.of_role(task.role), around.variables, names)
    _as_unit(resource)
    _named(item, resource, around, loop is not None)
    _registered(item, resource, around, loop is not None)
    if item.attributes is not None:
        attributes.hang(item, resource)
    if task.remark:
        item.lost.append(task.remark)
    item.reads, item.guarded = names.read, names.guarded
    for ahead in item.resources:
        ahead.arguments |= {word: resource.arguments[word] for word in ("when", "loop") if word in resource.arguments}
    item.resources.append(resource)


def _resource(item: Item, task: Task, module: Module, names: Names, around: Around) -> Resource:
    """What the module's options become; those that have no like leave the module as Ansible has it."""
    if module is AS_IS:
        return as_is(item, task, names, around.root)
    try:
        return resource_of(item, task, module, names, around.variables)
    except Unlike as unlike:
        if task.module in CONTROLLED:
            raise
        item.resources, item.lost, item.notes = [], [], []
        try:
            resource = as_is(item, task, names, around.root)
        except Cannot:
            raise unlike from None
        if not set(task.arguments) <= {*module.options, *documented(str(resource.arguments["module"]), around.root)}:
            raise unlike from None
        item.notes.append(unlike.why)
        return resource


def _instead(task: Task, around: Around) -> str:
    """What stands for a task that becomes no resource; "": it becomes one."""
    if task.module == "stat" and guards.asked(task, around.stats, around.names()):
        return guards.SAID
    if str(task.keywords["register"].value if "register" in task.keywords else "") in around.probes:
        guards.probed(task, around.stats, around.names(), around.acted)
        return guards.SAID
    if (task.module, task.free) == flushing.FLUSH:
        return flushing.NOTHING
    return BY_ITSELF.get(task.module) or BY_ITSELF.get((task.module, task.free), "")


def _of_kinds(task: Task) -> None:
    """Raises Cannot for a list or a mapping where Ansible takes none either."""
    for word, node in task.arguments.items():
        if node.kind in ("list", "mapping") and word not in MANY:
            raise Cannot(f"`{word}` is a {node.kind}, where a text belongs")


def _restarted(item: Item, around: Around) -> Task:
    """A restart that hangs on a change, or is a handler, as the command that makes it; a service that does not run is
    started by it, as Ansible does."""
    task = item.task
    if entry_of(task.module) is not MODULES["service"]:
        return task
    given = {word: plain(node) for word, node in task.arguments.items()}
    reloads = boolean(given.pop("daemon_reload", given.pop("daemon-reload", False))) is True
    state, name = given.pop("state", None), given.pop("name", given.pop("service", given.pop("unit", None)))
    hangs = task.is_handler or any((found := _CHANGED.match(str(node.value).strip())) and found[1] in around.registered
                                   for node in task.when)
    decided = whole(state) if isinstance(state, str) and is_template(state) and task.is_handler else ""
    is_restart = state in RESTARTS or (reloads and not state) or decided
    if not hangs or not is_restart:
        return task
    if given.pop("enabled", None) is not None:
        item.lost.append("`enabled`: say it of the `service`")
    if {word for word in given if word not in ("sleep", "use", "no_block")}:
        raise Cannot(f"it restarts a service and says `{next(iter(given))}` too: declare the `service` for that")
    verb = f"{{{{ {TOLD}[{decided}] }}}}" if decided else RESTARTS.get(str(state), "")
    line = f"systemctl {verb} {name}" if verb else ""
    if reloads:
        line = "systemctl daemon-reload" + (f" && {line}" if line else "")
    return replace(task, module="shell" if "&&" in line else "command", arguments={}, free=line)


def _asserted(item: Item, around: Around) -> Resource:
    """`assert` and `fail`: what has to hold."""
    task = item.task
    if "register" in task.keywords:
        raise Cannot("an assertion's result is not kept")
    if any(word in task.keywords and task.keywords[word].value is not mean
           for word, mean in (("failed_when", None), ("ignore_errors", False))):
        raise Cannot("that it fails does not count: here what does not hold is a failure")
    loop = loop_of(task, around.beside.of_role(task.role))
    names = around.names(loop.renamed if loop else None)
    if any(node.kind in ("list", "mapping") for node in task.when):
        raise Cannot("its `when` is no condition")
    wanted = [asked(condition(str(node.value), names), around.variables) for node in task.when]
    message = next((plain(task.arguments[word]) for word in ("fail_msg", "msg") if word in task.arguments), "")
    made = {"mend": value(str(message), names)} if message else {}
    if task.module == "fail":
        if not wanted:
            raise Cannot("it always fails")
        that = "not (" + " and ".join(f"({one})" for one in wanted) + ")"
    else:
        claims = task.arguments.get("that")
        listed = [] if claims is None else list(claims.elements()) or [claims]
        if any(one.kind in ("list", "mapping") for one in listed):
            raise Cannot("`that` holds what is no condition")
        stated = [asked(condition(str(one.value), names), around.variables) for one in listed]
        that = " and ".join(f"({one})" for one in stated)
        if wanted:
            made["when"] = wanted[0] if len(wanted) == 1 else wanted
    resource = Resource("assert", None, {"that": "{{ " + that + " }}", **made})
    if loop is not None:
        resource.arguments["loop"] = value(loop.over, Names({}, names.refused, frozenset(), names.read, names.guarded))
    item.reads, item.guarded = names.read, names.guarded
    _named(item, resource, around, loop is not None)
    return resource


_SPECIAL: Mapping[str, Callable[[Item, Around], Resource]] = {"assert": _asserted, "fail": _asserted}


def directory(task: Task) -> str:
    """The path of a directory that a task makes; "": it makes none."""
    is_one = task.module == "file" and "state" in task.arguments and task.arguments["state"].value == "directory"
    return next((str(task.arguments[word].value).rstrip("/") for word in ("path", "dest", "name")
                 if word in task.arguments), "") if is_one else ""


def _chosen(task: Task, entry: Entry, around: Around) -> Module:
    if isinstance(entry, str):
        raise Cannot(entry)
    if isinstance(entry, Module):
        return entry
    assert isinstance(entry, Choice)
    given = task.arguments.get(entry.option)
    word = str(given.value) if given is not None else entry.default
    found = entry.by.get(word, f"`{entry.option}: {word}` has no like")
    if isinstance(found, str):
        raise Cannot(found)
    paths = {str(task.arguments[option].value).rstrip("/") for option in ("path", "dest", "name")
             if option in task.arguments} if word == "absent" else set()
    return files.EMPTIED if paths & around.directories and task.module == "file" else found


def _account(task: Task, around: Around) -> str:
    """As whom it is done, if that is not root. Raises Cannot."""
    become = boolean(task.become.plain()) if task.become is not None else None
    if isinstance(become, str):
        raise Cannot("whether it becomes root is decided by a template")
    if around.mixed and not become:
        raise Cannot("it is done by the user who logs in, and others of this play by root: here all of a host is done "
                     "by one, whom the inventory names")
    user = str(task.become_user.value) if task.become_user is not None and become else "root"
    return "" if user in ("root", "0") else user


def _conditions(item: Item, resource: Resource, around: Around, names: Names) -> None:
    made: list[Any] = []
    for node in item.task.when:
        if word := elsewhere(str(node.value)):
            raise Cannot(f"it is for {word}, on which there is no Holdfast")
        if node.kind == "text" and guards.put(str(node.value), around.stats, resource, item.task, names, around.acted):
            continue
        changed = _CHANGED.match(str(node.value).strip())
        if changed and changed[1] in around.registered and resource.arguments.pop("always", False):
            resource.arguments |= {"on_notify": True, "watch": around.registered[changed[1]].reference}
            continue
        if node.kind == "boolean":
            made.append(node.value)
        elif node.kind == "text":
            written = condition(str(node.value), names)
            always = constant(written) if "ansible_" in str(node.value) else None
            if always is False:
                raise Cannot(f"its condition `{node.value}` holds nowhere")
            made += [asked(written, around.variables)] if always is None else []
        else:
            raise Cannot("its `when` is no condition")
    if made:
        resource.arguments["when"] = made[0] if len(made) == 1 else made


def _as_unit(resource: Resource) -> None:
    """A file that is a unit file is a `systemd_unit`, which lets systemd read it."""
    unit = _UNIT.match(str(resource.name))
    usual = {"owner": "root", "group": "root", "mode": "0644"}
    others = set(resource.arguments) - {"content", "source", "when", "loop", "state", *usual}
    if unit is None or resource.type not in ("file", "template") or others or any(
            resource.arguments.get(word, usual[word]) != usual[word] for word in usual):
        return
    for word in usual:
        resource.arguments.pop(word, None)
    if resource.type == "template":
        resource.arguments["template"] = resource.arguments.pop("source")
    resource.type, resource.name = "systemd_unit", unit[1]


def _named(item: Item, resource: Resource, around: Around, is_loop: bool) -> None:
    """Names that are labels are made of the task's name; a template that gives several names is looped over."""
    if resource.name is None:
        label = re.sub(r"\s+", " ", re.sub(r"\{[{%#].*?[}%#]\}", "", item.task.label)).strip() or resource.type
        resource.name = around.label(resource.type, label) + (" {{ index + 1 }}" if is_loop else "")
        return
    name = resource.name
    if resource.type != "package":
        return
    if isinstance(name, str) and is_template(name) and not is_loop and (of := kind(name, around.variables)) != "text":
        expression = whole(name)
        bare = expression if re.fullmatch(r"[\w.]+", expression) else f"({expression})"
        resource.arguments["loop"] = name if of == "list" else (
            f"{{{{ {bare}.split(',') if {bare} is string else {bare} }}}}")
        resource.name = "{{ item }}"
    elif isinstance(name, list) and len(name) == 1:
        resource.name = name[0]


def _registered(item: Item, resource: Resource, around: Around, is_loop: bool) -> None:
    node = item.task.keywords.get("register")
    if node is None or is_loop:
        return
    around.registered[str(node.value)] = resource
    if resource.type == "command":
        around.outputs[str(node.value)] = resource
        resource.arguments["register"] = str(node.value)


