"""Playbooks, task files and roles as they are on disk, with blocks and includes laid out flat."""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from holdfast.converting import keyvalues
from holdfast.converting.aside import aside
from holdfast.converting.model import Cannot, Play, Task
from holdfast.converting.nodes import comments, listed, main, mapping, read, said
from holdfast.converting.roles import Roles, missing
from holdfast.converting.systems import condition, files_by_system, one_of
from holdfast.problems import Place, Problem, Problems
from holdfast.trees.tree import Node

COLLECTIONS = ("ansible.builtin.", "ansible.legacy.", "ansible.posix.", "community.general.", "community.postgresql.",
               "community.crypto.")
SECTIONS = ("pre_tasks", "tasks", "post_tasks")
DEEPEST = 10  # files that include one another

KEYWORDS = frozenset({
    "action", "any_errors_fatal", "args", "async", "become", "become_exe", "become_flags", "become_method",
    "become_user", "changed_when", "check_mode", "collections", "connection", "debugger", "delay", "delegate_facts",
    "delegate_to", "diff", "environment", "failed_when", "ignore_errors", "ignore_unreachable", "listen",
    "local_action", "loop", "loop_control", "module_defaults", "name", "no_log", "notify", "poll", "port", "register",
    "remote_user", "retries", "run_once", "tags", "throttle", "timeout", "until", "vars", "when"})
_ROLES = frozenset({"import_role", "include_role"})
_OF_ROLES = frozenset({"name", "apply", "tasks_from", "vars_from", "defaults_from", "handlers_from", "public",
                       "allow_duplicates", "rolespec_validate"})
_TAKEN_OVER = frozenset({"ignore_errors", "no_log", "notify", "timeout"})  # by the tasks of a block
_FREE = frozenset({"command", "shell", "raw", "script", "include", "include_tasks", "import_tasks", "include_vars",
                   "meta"})
_INCLUDES = frozenset({"include_tasks", "import_tasks", "include"})


@dataclass(frozen=True)
class Around:
    """What tasks take over from what is around them. folder: where files that are included are looked for. roles: those
    of the play; role: the folder of the one that they are of."""

    folder: Path
    roles: Roles
    role: Path | None = None
    when: tuple[Node, ...] = ()
    vars: Mapping[str, Node] = field(default_factory=dict)
    become: Node | None = None
    become_user: Node | None = None
    environment: tuple[Node, ...] = ()
    is_handler: bool = False
    fault: str = ""
    remark: str = ""
    depth: int = 0
    defaults: Mapping[str, Node] = field(default_factory=dict)  # `module_defaults`, by module
    keywords: Mapping[str, Node] = field(default_factory=dict)  # others that count for all tasks in it, by word

    def within(self, node: Node) -> Around:
        """For what stands in a play, a block or an include."""
        environment = node.get("environment")
        return replace(
            self, when=(*self.when, *listed(node.get("when"))), vars={**self.vars, **mapping(node.get("vars"))},
            become=node.get("become") or self.become, become_user=node.get("become_user") or self.become_user,
            environment=(*self.environment, environment) if environment else self.environment,
            fault=self.fault or aside(node), defaults={**self.defaults, **_defaults(node)},
            keywords={**self.keywords, **{word: one for word, one in mapping(node).items() if word in _TAKEN_OVER}})


def _defaults(node: Node) -> dict[str, Node]:
    return {_short(module): given for module, given in mapping(node.get("module_defaults")).items()}


def _short(word: str) -> str:
    """A module's name without that of a usual collection."""
    return next((word.removeprefix(one) for one in COLLECTIONS if word.startswith(one)), word)


def plays(path: Path, depth: int = 0) -> list[Play]:
    """The plays of a playbook, with those of the playbooks that it imports. Raises Problems when it is none."""
    found = [one for node in read(path) for one in listed(node)]
    wrong = [one for one in found if one.kind != "mapping" or not {
        "hosts", "import_playbook", "ansible.builtin.import_playbook", "include"} & set(mapping(one))]
    if wrong or not found:
        place = wrong[0].place if wrong else Place(str(path))
        raise Problems([Problem("this is no play", place,
                                "name a playbook, whose plays have `hosts`, or the folder of a role")])
    return [play for one in found for play in _imported(one, path, depth)]


def _imported(node: Node, path: Path, depth: int) -> list[Play]:
    """The plays of the playbook that is imported here; else the one that stands here."""
    word = next((str(key.value) for key, _ in node.items() if str(key.value).endswith("import_playbook")), "")
    named = said(mapping(node)[word]) if word else ""
    inner = path.parent / named
    if not named or "{{" in named or not inner.is_file() or depth == DEEPEST or node.get("when") is not None:
        return [_play(node, path)]
    return plays(inner, depth + 1)


def _play(node: Node, path: Path) -> Play:
    keywords = mapping(node)
    roles = Roles(path.parent)
    around = Around(path.parent, roles, become=node.get("become"), become_user=node.get("become_user"),
                    environment=tuple(filter(None, [node.get("environment")])), fault=aside(node),
                    defaults=_defaults(node))
    name = said(keywords["name"]) if "name" in keywords else ""
    imported = next((word for word in keywords if word.endswith("import_playbook") or word == "include"), "")
    if imported:
        task = Task(node.place, name, "import_playbook", fault="",
                    arguments={"file": keywords[imported]}, comments=comments(node))
        return Play(node.place, name, None, keywords, {}, (task,), ())
    tasks: list[Task] = []
    for section in SECTIONS:
        if section == "tasks":
            tasks += [task for one in listed(node.get("roles")) for task in _role(one, around)]
        tasks += _tasks(node.get(section), around)
    handlers = (*_tasks(node.get("handlers"), replace(around, is_handler=True)), *roles.handlers)
    return Play(node.place, name, node.get("hosts"), keywords, mapping(node.get("vars")), tuple(tasks), handlers,
                roles.defaults, roles.vars, frozenset(roles.unclear))


def _role(node: Node, around: Around) -> Iterator[Task]:
    """An entry of `roles`, or of a role's dependencies."""
    given = mapping(node)
    named = given.get("role") or given.get("name") or node
    inside = around.within(node) if given else around
    inside = replace(inside, vars={**inside.vars, **{word: one for word, one in given.items()
                                                     if word not in ("role", "name", "src", "version", "scm")
                                                     and word not in KEYWORDS}})
    folder = around.roles.find(str(named.value), around.role)
    if folder is None or around.depth == DEEPEST:
        why = missing(str(named.value)) if folder is None else "roles take in one another too deeply"
        yield Task(node.place, f"role {named.value}", "role", arguments={"name": named}, comments=comments(node),
                   when=inside.when, fault=why)
        return
    yield from _role_tasks(folder, inside, "main")


def _role_tasks(folder: Path, around: Around, part: str) -> Iterator[Task]:
    """The tasks of a role, behind those of the roles that it needs; what else it brings goes to the play's roles."""
    roles = around.roles
    inside = replace(around, folder=folder / "tasks", role=folder, depth=around.depth + 1)
    if folder not in roles.taken:
        roles.taken.add(folder)
        for one in listed(_in_main(folder / "meta", "dependencies")):
            yield from _role(one, inside)
        roles.take(mapping(main(folder / "defaults")), mapping(main(folder / "vars")))
        of_handlers = replace(inside, folder=folder / "handlers", is_handler=True, when=(), vars=around.vars)
        roles.handlers += _tasks(main(folder / "handlers"), of_handlers)
    yield from _tasks(main(folder / "tasks", part), inside)


def _in_main(folder: Path, word: str) -> Node | None:
    found = main(folder)
    return found.get(word) if found is not None and found.kind == "mapping" else None


def role_play(folder: Path) -> Play:
    """A role by itself, as a play of it alone. Raises Problems."""
    roles = Roles(folder.parent.parent if folder.parent.name == "roles" else folder.parent)
    here = Place(str(folder))
    around = Around(folder / "tasks", roles, become=Node(True, here, "plain", "boolean"))  # as most plays of roles say
    tasks = tuple(_role_tasks(folder, around, "main"))
    return Play(here, folder.name, None, {}, {}, tasks, tuple(roles.handlers), roles.defaults, roles.vars,
                frozenset(roles.unclear))


def _tasks(node: Node | None, around: Around) -> Iterator[Task]:
    for one in listed(node):
        if one.kind != "mapping":
            yield Task(one.place, "", "?", fault="this is no task: a task is a mapping", is_handler=around.is_handler)
        elif one.get("block") is not None:
            yield from _block(one, around)
        else:
            yield from _one(one, around)


def _block(node: Node, around: Around) -> Iterator[Task]:
    inside = around.within(node)
    rescue = node.get("rescue")
    remark = "what `rescue` does when it fails is not in the document" if rescue is not None else around.remark
    yield from _tasks(node.get("block"), replace(inside, remark=remark))
    yield from _tasks(rescue, replace(inside, fault="it is in a `rescue`: here nothing is done because something "
                                                    "failed; what depends on it is left undone"))
    yield from _tasks(node.get("always"), inside)


def _one(node: Node, around: Around) -> Iterator[Task]:
    task = _task(node, around)
    if task.module in _ROLES and not task.fault:
        yield from _taken_role(task, node, around)
        return
    if task.module not in _INCLUDES or task.fault:
        yield task
        return
    named = _path(task.free or (said(task.arguments["file"]) if "file" in task.arguments else ""), around)
    path = _found(named, around)
    fact, by_word, others = files_by_system(named, lambda name: _found(name, around))
    fault = ""
    if ("{{" in named and not fact) or not named:
        fault = "which file is meant is decided by a template"
    elif path is None and not fact:
        fault = f"there is no file {around.folder / named}"
    elif around.depth == DEEPEST:
        fault = "files include one another too deeply"
    elif any(word == "loop" or word.startswith("with_") for word in task.keywords):
        fault = "it is included in a loop: write its tasks out, each with the loop"
    if fault:
        yield replace(task, fault=fault)
        return
    inside = replace(_included(task, node, around), depth=around.depth + 1)
    if path is not None:
        yield from _of_file(path, inside)
        return
    yield one_of(task, fact, by_word, node)
    for word, file in by_word.items():
        yield from _of_file(file, replace(inside, when=(*inside.when, condition(fact, word, node))))
    for file in others:
        yield replace(task, fault=f"{file} is for a system on which there is no Holdfast")


def _of_file(path: Path, around: Around) -> Iterator[Task]:
    for document in read(path):
        yield from _tasks(document, replace(around, folder=path.parent))


def _found(named: str, around: Around) -> Path | None:
    """A file of tasks: beside the one that names it, or among the role's."""
    tried = [around.folder / named, *([around.role / "tasks" / named] if around.role is not None else [])]
    return next((one for one in tried if one.is_file()), None)


def _path(named: str, around: Around) -> str:
    """A path in which what is known of folders here is written out."""
    role = around.role
    known = {"playbook_dir": around.roles.folder, "role_path": role, "role_name": role.name if role else None}
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda found: str(known.get(found[1]) or found[0]), named)


def _taken_role(task: Task, node: Node, around: Around) -> Iterator[Task]:
    """`import_role` and `include_role`."""
    name = said(task.arguments["name"]) if "name" in task.arguments else ""
    folder = around.roles.find(name, around.role) if name and "{{" not in name else None
    part = said(task.arguments["tasks_from"]) if "tasks_from" in task.arguments else "main"
    stem = part.removesuffix(".yml").removesuffix(".yaml")
    fault = ""
    if folder is None:
        fault = missing(name)
    elif stem != "main" and main(folder / "tasks", stem) is None:
        fault = f"there is no `{part}` among the tasks of the role `{name}`"
    elif around.depth == DEEPEST:
        fault = "roles take in one another too deeply"
    elif any(word == "loop" or word.startswith("with_") for word in task.keywords):
        fault = "the role is taken in in a loop: write it as a document with parameters, and `use` that in a loop"
    elif set(task.arguments) - _OF_ROLES or {"vars_from", "defaults_from", "handlers_from"} & set(task.arguments):
        unlike = next(iter(sorted({*(set(task.arguments) - _OF_ROLES), "vars_from", "defaults_from", "handlers_from"}
                                  & set(task.arguments))))
        fault = f"`{unlike}` of `{task.module}` has no like"
    if fault or folder is None:
        yield replace(task, fault=fault)
        return
    yield from _role_tasks(folder, _included(task, node, around), stem)


def _included(task: Task, node: Node, around: Around) -> Around:
    """What stands around the tasks that are taken in: of keywords of `include_…` only those that `apply` says."""
    inside = around.within(node)
    if task.module.startswith("include_"):
        inside = replace(inside, keywords=around.keywords)
    return inside.within(task.arguments["apply"]) if "apply" in task.arguments else inside


def _task(node: Node, around: Around) -> Task:
    given = mapping(node)
    inside = around.within(node)
    own = {word: one for word, one in given.items() if word in KEYWORDS or word.startswith("with_")}
    modules = [word for word in given if word not in own]
    keywords = {**around.keywords, **own}
    name = said(given["name"]) if "name" in given else ""
    made = Task(node.place, name, "", keywords=keywords, when=inside.when, vars=inside.vars, become=inside.become,
                become_user=inside.become_user, environment=inside.environment, comments=comments(node),
                is_handler=around.is_handler, fault=inside.fault, remark=inside.remark, role=around.role)
    try:
        module, arguments, free = _module(given, modules)
        arguments = {**mapping(inside.defaults.get(module)), **arguments}
        return replace(made, module=module, called=_called(given, modules)[0], arguments=arguments, free=free)
    except Cannot as cannot:
        return replace(made, module=modules[0] if modules else "?", fault=made.fault or cannot.why)


def _module(given: dict[str, Node], modules: list[str]) -> tuple[str, dict[str, Node], str]:
    """The module, its arguments and its free form. Raises Cannot."""
    word, node = _called(given, modules)
    module = _short(word)
    arguments, free = {}, ""
    if node.kind == "mapping":
        arguments = mapping(node)
        free = str(arguments.pop("_raw_params").value) if "_raw_params" in arguments else ""
    elif node.kind == "text" and module in _FREE:
        free, options = keyvalues.free(str(node.value))
        arguments = {key: _text(value, node) for key, value in options.items()}
    elif node.kind == "text":
        arguments = {key: _text(value, node) for key, value in keyvalues.pairs(str(node.value)).items()}
    elif node.kind != "null":
        raise Cannot(f"the arguments of `{word}` are a {node.kind}")
    if "args" in given and given["args"].kind != "mapping":
        raise Cannot("`args` is no mapping")
    return module, {**mapping(given.get("args")), **arguments}, free


def _called(given: dict[str, Node], modules: list[str]) -> tuple[str, Node]:
    action = given.get("action") or given.get("local_action")
    if action is not None and not modules:
        if action.kind == "mapping":
            module = said(mapping(action)["module"]) if "module" in mapping(action) else "?"
            rest = tuple((key, value) for key, value in action.items() if key.value != "module")
            return module, replace(action, value=rest)
        word, _, rest_text = str(action.value).partition(" ")
        return word, _text(rest_text, action)
    if len(modules) != 1:
        raise Cannot("it names no module" if not modules else f"it names several modules: {', '.join(modules)}")
    return modules[0], given[modules[0]]


def _text(value: str, like: Node) -> Node:
    return Node(value, like.place, "double", "text", like.source)
