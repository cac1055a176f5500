"""What a task says beside its module: what it counts for, in which environment and as whom it is done."""
from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from holdfast.converting.expressions import Names, value
from holdfast.converting.model import Cannot, Item, Resource
from holdfast.converting.table.commands import only_looks

# Types for which it matters what the environment is.
_STARTS_PROGRAMS = frozenset({"command", "package", "pip", "git", "download", "archive", "script", "ansible_module"})
# Types that have a `user`, and those that log in as `postgres` by themselves.
_HAS_USER = frozenset({"command", "script", "git", "pip"})
_OF_POSTGRES = frozenset({"postgresql_role", "postgresql_database"})

# Keys that are left out: where that is said, and how.
_SAID: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(("until", "retries", "delay"),
                    ("lost", "`{}`: nothing is tried again; `wait_for` and `http_check` wait")),
    "no_log": ("notes", "a secret is marked where it enters, `{{secret: NAME, env: VARIABLE}}`, and masked (`{}`)"),
    "ignore_errors": ("notes", "a failure is reported, and stops only what depends on it (`{}`)"),
}
_NO_MATTER = frozenset({
    "name", "tags", "become", "become_method", "become_flags", "become_exe", "become_user", "check_mode", "collections",
    "debugger", "diff", "any_errors_fatal", "module_defaults", "register", "notify", "listen", "when", "loop", "args",
    "loop_control", "action", "throttle", "vars", "environment", "ignore_unreachable", "run_once",
    "delegate_to", "delegate_facts", "local_action"})


def keywords(item: Item, resource: Resource, become_user: str, names: Names) -> None:
    """What the task says beside its module."""
    task = item.task
    is_command = resource.type in ("command", "script")
    for word, node in task.keywords.items():
        if word in _NO_MATTER or word.startswith("with_"):
            continue
        if word in _SAID:
            getattr(item, _SAID[word][0]).append(_SAID[word][1].format(word))
        elif word in ("async", "timeout"):
            if not re.fullmatch(r"[1-9]\d*", str(node.value)):
                raise Cannot(f"`{word}` is no number of seconds")
            resource.arguments["time_limit"] = f"{node.value}s"
        elif word not in ("changed_when", "failed_when", "poll"):
            raise Cannot(f"`{word}` has no like")
    if is_command:
        _ran(item, resource)
    else:
        _told(item)
    if become_user and resource.type in _HAS_USER:
        resource.arguments["user"] = value(become_user, names)
    elif become_user and not (resource.type in _OF_POSTGRES and become_user == "postgres"):
        raise Cannot(f"it is done as the user {become_user}: only a `command` has `user` here")
    _environment(item, resource, names)


def _told(item: Item) -> None:
    """What counts as changed and as failed, of what is no command."""
    for word in ("changed_when", "failed_when"):
        node = item.task.keywords.get(word)
        if node is not None and node.value is not False:
            raise Cannot(f"`{word}`: this type sees itself what has changed and failed")
        if node is not None:
            item.lost.append(f"`{word}: false`: what has changed or failed is told as such")


def _environment(item: Item, resource: Resource, names: Names) -> None:
    merged: dict[str, Any] = {}
    for node in item.task.environment if resource.type in _STARTS_PROGRAMS else ():
        for one in node.elements() if node.kind == "list" else (node,):
            if one.kind != "mapping":
                raise Cannot("its `environment` is a template: `env` is a mapping here")
            merged.update({str(key): str(plain_value) for key, plain_value in one.plain().items()})
    if not merged:
        return
    if resource.type != "command":
        raise Cannot("it has an `environment`: only a `command` has `env` here")
    resource.arguments["env"] = value(merged, names)


def _ran(item: Item, resource: Resource) -> None:
    """When a command is run, and what it counts for."""
    task, arguments = item.task, resource.arguments
    guarded = {"creates", "removes"} & set(arguments)
    changed = task.keywords.get("changed_when")
    if changed is not None and changed.value is False and not task.is_handler:
        if only_looks(str(resource.name), "shell" in arguments or "argv" in arguments) and not guarded:
            arguments["read_only"] = True
        elif not guarded:
            item.lost.append("`changed_when: false`: if it only looks, write `read_only: true` in place of `always`; "
                             "that is run in plans too")
    elif changed is not None and changed.value is not True:
        if "notify" in task.keywords:
            raise Cannot("whether it has changed something, and so what it notifies, is decided by what it prints")
        item.lost.append("`changed_when`: each run of it is told as a change")
    failed = task.keywords.get("failed_when")
    if failed is not None:
        _success(item, failed.plain(), arguments)
    if task.is_handler:
        arguments["on_notify"] = True
    elif not guarded and "read_only" not in arguments:
        arguments["always"] = True


def _success(item: Item, failed: Any, arguments: dict[str, Any]) -> None:
    if failed is False:
        item.lost.append("`failed_when: false`: a failure is reported, and stops what depends on it")
        return
    found = re.fullmatch(r"\w+\.rc\s+not\s+in\s+\[([\d,\s]+)\]", str(failed)) \
        or re.fullmatch(r"\w+\.rc\s*!=\s*(\d+)", str(failed))
    at_most = re.fullmatch(r"\w+\.rc\s*>\s*(\d)", str(failed))
    if found:
        arguments["success"] = [part.strip() for part in found[1].split(",") if part.strip()]
    elif at_most:
        arguments["success"] = [str(code) for code in range(int(at_most[1]) + 1)]
    else:
        raise Cannot(f"`failed_when: {failed}` cannot be said: `success` lists exit codes")


