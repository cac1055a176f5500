"""Whether a path is there, or how a program ends, which Ansible finds out with a task and tests with `when`: commands
ask that themselves."""
from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping, MutableMapping, Sequence, Set
from dataclasses import dataclass

from holdfast.converting.expressions import Names, text
from holdfast.converting.loops import has_loop
from holdfast.converting.model import Item, Resource, Task
from holdfast.converting.table.commands import only_looks
from holdfast.converting.table.unlike import LOOKS
from holdfast.documents.model import is_template

SAID = "the guard `creates` or `only_if` of the commands that ask for it"
_MAKE = frozenset({"file", "template", "directory", "link", "download", "systemd_unit"})
_OPTIONS = frozenset({"path", "dest", "name", "follow", "get_checksum", "get_md5", "get_mime", "get_attributes",
                      "checksum_algorithm"})
_THERE = re.compile(r"(not\s+)?\(?\s*(\w+)\.stat\.exists\s*\)?(?:\s*(==|!=|is)\s*(not\s+)?([Tt]rue|[Ff]alse))?\s*\Z")
_CODE = re.compile(r"(not\s+)?\(?\s*(\w+)\.rc\s*(==|!=|>)\s*0\s*\)?\Z")
_ENDED = re.compile(r"(not\s+)?\(?\s*(\w+)\s*(?:\.|\|\s*|is\s+)(not\s+)?(failed|succeeded|success)\s*\)?\Z")
_OF_SHELL = re.compile(r"[|&;<>()$`*?~#!{}\[\]'\"\\]")  # what means more to a shell than to a program


@dataclass
class Asked:
    """A path that was looked for, or a line that was run, and the command that asked first; None: nobody has, or others
    asked for more. acted: how much was done before it was found out."""

    path: str = ""
    line: str = ""
    acted: int = 0
    first: Resource | None = None
    word: str = ""
    reads: Set[str] = frozenset()  # names of variables


def asked(task: Task, known: MutableMapping[str, Asked], names: Names) -> bool:
    """Keeps which path is looked for; is it no more than that?"""
    path = next((task.arguments[word] for word in ("path", "dest", "name") if word in task.arguments), None)
    if path is None or "register" not in task.keywords or set(task.arguments) - _OPTIONS or has_loop(task) \
            or task.when or not str(path.value).startswith(("/", "{{")):
        return False
    made = text(str(path.value), names)
    shown = re.sub(r"\{\{(.*?)\}\}", r"{{ (\1) | quote }}", made) if is_template(made) else shlex.quote(made)
    known[str(task.keywords["register"].value)] = Asked(made, f"test -e {shown}",
                                                              reads=names.read)
    return True


def probes(tasks: Sequence[Task]) -> Collection[str]:
    """The names of results of commands that only look, of which others ask no more than how they ended."""
    found = {str(task.keywords["register"].value): task for task in tasks
             if "register" in task.keywords and _line(task)}
    for task in tasks:
        for node in task.when:
            name, _ = _wanted(str(node.value))
            of_code = _CODE.match(str(node.value).strip())
            if name not in found or not (of_code or "failed_when" not in found[name].keywords):
                found = {name: one for name, one in found.items()
                         if not re.search(rf"\b{name}\b", str(node.plain()))}
        others = [node for word, node in task.keywords.items() if word not in ("register", "when", "name")]
        said = [task.free, *(str(node.plain()) for node in (*task.arguments.values(), *task.vars.values(), *others))]
        found = {name: one for name, one in found.items() if not any(re.search(rf"\b{name}\b", one) for one in said)}
    return found


def probed(task: Task, known: MutableMapping[str, Asked], names: Names, acted: int) -> None:
    """Keeps what is run to see how it ends."""
    known[str(task.keywords["register"].value)] = Asked(line=text(_line(task), names), acted=acted,
                                                              reads=names.read)


def _line(task: Task) -> str:
    """The shell's line of a command that only looks, and whose failure does not count; "": it is none."""
    words = task.keywords
    fails = "failed_when" in words and words["failed_when"].value is False
    ignored = "ignore_errors" in words and words["ignore_errors"].value is True and "failed_when" not in words
    line = (task.free or (str(task.arguments["cmd"].value) if "cmd" in task.arguments else "")).strip()
    if task.module not in ("command", "shell") or not (fails or ignored) or has_loop(task) or task.when \
            or set(task.arguments) - {"cmd", "warn"} or task.environment or task.become_user is not None \
            or task.is_handler or "\n" in line or (task.module == "command" and _OF_SHELL.search(line)):
        return ""
    looks = "changed_when" in words and words["changed_when"].value is False
    return line if looks or only_looks(line, task.module == "shell") else ""


def put(condition: str, known: Mapping[str, Asked], resource: Resource, task: Task, names: Names, acted: int) -> bool:
    """Gives a command its guard. False: the condition is another one, or the resource is. What the first command does
    may make the path, so one that asks the same later is done when the first was."""
    name, wanted = _wanted(condition)
    if name not in known or resource.type not in ("command", "script") or "on_notify" in resource.arguments:
        return False
    one = known[name]
    word, guard = ("creates", one.path) if one.path and not wanted else (
        "only_if", one.line if wanted else f"! ( {one.line} )")
    asks = f"{word} {guard}"
    if one.word and (one.first is None or one.word != asks or has_loop(task) or task.is_handler):
        return False
    if word in resource.arguments or (not one.path and one.first is None and one.acted != acted):
        return False
    resource.arguments.pop("always", None)
    resource.arguments.pop("read_only", None)
    if one.first is not None:
        resource.arguments |= {"on_notify": True, "watch": one.first.reference}
        return True
    resource.arguments[word] = guard
    names.read |= one.reads
    one.word, one.first = asks, resource if len(task.when) == 1 and not has_loop(task) else None
    return True


def _wanted(condition: str) -> tuple[str, bool]:
    """The result that a condition asks for, and whether it wants that it is so; "": it asks for something else."""
    there = _THERE.match(condition.strip())
    if there is not None:
        turns = [bool(there[1]), there[3] == "!=", bool(there[4]), (there[5] or "true").lower() == "false"]
        return there[2], sum(turns) % 2 == 0
    code, ended = _CODE.match(condition.strip()), _ENDED.match(condition.strip())
    if code is not None:
        return code[2], (code[3] == "==") != bool(code[1])
    if ended is not None:
        return ended[2], (ended[4] != "failed") != (bool(ended[1]) != bool(ended[3]))
    return "", False


def settle(items: Sequence[Item]) -> None:
    """Gives up what looks for something that no command asks for."""
    for item in items:
        if item.into == SAID:
            name = str(item.task.keywords["register"].value)
            readers = [one for one in items if one.resources and any(
                _wanted(str(node.value))[0] == name for node in one.task.when)]
            made = {str(resource.name) for one in items for resource in one.resources if resource.type in _MAKE}
            asked_for = {str(one.resources[0].arguments.get(word, "")).removeprefix("test -e ")
                         for one in readers for word in ("creates", "only_if")}
            if item.task.module == "stat" and asked_for & made:
                for one in readers:
                    one.give_up("it asks how the path was before another task of this play made it")
            if not any(one.resources for one in readers):
                item.give_up(LOOKS)
