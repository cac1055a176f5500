"""References from one resource to others: `{service: nginx}`, in `requires`, `notify` and `watch`."""
from __future__ import annotations

from holdfast.documents.model import Entries, Reference
from holdfast.problems import Problem
from holdfast.trees.tree import Node
from holdfast_host.values import describe


def read(mapping: Entries, word: str, problems: list[Problem]) -> tuple[Reference, ...]:
    """What a resource has under the word: one reference or a list of such. What is wrong goes to the problems."""
    if word not in mapping:
        return ()
    node = mapping[word].value
    found: list[Reference] = []
    for one in node.elements() if node.kind == "list" else (node,):
        if one.kind != "mapping":
            problems.append(Problem(f"`{word}` is a reference such as {{service: nginx}}, not {describe(one.plain())}",
                                    one.place, _mend(one)))
        for key, name in one.items():
            if name.kind not in ("text", "number", "list"):
                problems.append(Problem(f"`{word}` names a resource, not {describe(name.plain())}", name.place,
                                        f"write {{{key.value}: NAME}}"))
            else:
                found.append(Reference(str(key.value), name, key.place))
    return tuple(found)


def _mend(node: Node) -> str:
    text = str(node.plain())
    if node.kind == "text" and ": " in text:
        return f"write it without quotes, in braces: {{{text}}}"
    first, _, rest = text.partition(" ")
    if first in ("restart", "reload") and rest:
        return f"name the resource that is told, not a handler: {{service: {rest}}}"
    if text.startswith("/"):
        return f"write the type and the name in braces: {{file: {text}}}"
    return "write the type and the name in braces: {service: nginx}"
