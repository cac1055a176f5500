"""A `state` that a template decides: a document has a resource for each state, with the condition that it is meant."""
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import jinja2
from jinja2 import nodes

from holdfast.converting.model import Task
from holdfast.converting.syntax import parsed
from holdfast.trees.tree import Node

_TWO = {"present": ("present",), "absent": ("absent",)}
_PACKAGES = {"present": ("present", "installed"), "latest": ("latest",), "absent": ("absent", "removed")}
# What a state may be, each with the words for it, by module; the first is what counts when none is said.
_ALL: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("user", "group", "cron", "authorized_key", "lineinfile", "blockinfile", "ini_file", "sysctl",
                     "sudoers", "postgresql_db", "postgresql_user", "pip", "deb822_repository"), _TWO),
    **dict.fromkeys(("apt", "package", "yum", "dnf", "dnf5"), _PACKAGES)}
# Modules whose states are others, of which all have to stand in the template.
_SAID = frozenset({"file", "service", "systemd", "systemd_service", "mount"})
_WHOLE = re.compile(r"\{\{(.*)\}\}\Z", re.DOTALL)
_OMITTED = re.compile(r"\|\s*(?:default|d)\(\s*omit\s*\)\Z")


def each(task: Task) -> list[Task]:
    """The task once for each state that may be meant; as it is when no template decides that, or not known which."""
    node = task.arguments.get("state")
    whole = _WHOLE.match(str(node.value).strip()) if node is not None and node.kind == "text" else None
    if node is None or whole is None or "{{" in whole[1] or "register" in task.keywords:
        return [task]
    written = whole[1].strip()
    known = _ALL.get(task.module)
    if known is not None:
        written = _OMITTED.sub(f"| default('{next(iter(known))}')", written)
    said = _words(written)
    if {"directory", "absent"} <= set(said):
        return [task]  # whether a directory that is to be absent goes with all that is in it is not said
    if said and (known is not None or task.module in _SAID):
        states: Mapping[str, tuple[str, ...]] = {word: (word,) for word in said}
    elif known is not None and "omit" not in written:
        states = known
    else:
        return [task]
    return [replace(task, arguments={**task.arguments, "state": replace(node, value=state)},
                    when=(*task.when, _is(written, words, node))) for state, words in states.items()]


def _is(written: str, words: tuple[str, ...], node: Node) -> Node:
    quoted = [f"'{word}'" for word in words]
    asked = f"== {quoted[0]}" if len(quoted) == 1 else f"in [{', '.join(quoted)}]"
    return replace(node, value=f"({written}) {asked}", kind="text")


def _words(written: str) -> list[str]:
    """All words that an expression can give, when they stand in it: `'a' if x else 'b'`, `x | ternary('a', 'b')`."""
    try:
        output = parsed("{{ " + written + " }}").body[0]
    except jinja2.TemplateError:
        return []
    expression = output.nodes[0] if isinstance(output, nodes.Output) and len(output.nodes) == 1 else None
    if isinstance(expression, nodes.CondExpr):
        given = [expression.expr1, expression.expr2]
    elif isinstance(expression, nodes.Filter) and expression.name == "ternary" and len(expression.args) == 2 \
            and not expression.kwargs:
        given = list(expression.args)
    else:
        return []
    words = [one.value for one in given if isinstance(one, nodes.Const) and isinstance(one.value, str)]
    return list(dict.fromkeys(words)) if len(words) == 2 else []
