"""Ansible's ways to repeat a task as the one `loop` of a resource."""
from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from holdfast.converting import keyvalues
from holdfast.converting.beside import Beside
from holdfast.converting.model import Cannot, Task
from holdfast.converting.options import plain
from holdfast.documents.model import is_template
from holdfast.trees.tree import Node

_WHOLE = re.compile(r"\{\{(.*)\}\}\Z", re.DOTALL)
_MOST = 100  # elements of a sequence that is written out


@dataclass(frozen=True, slots=True)
class Loop:
    """over: a list or a template that gives one, not translated yet. renamed: the loop's own names, and ours."""

    over: Any
    renamed: Mapping[str, str]


def has_loop(task: Task) -> bool:
    """Is it repeated?"""
    return any(word == "loop" or word.startswith("with_") for word in task.keywords)


def loop_of(task: Task, beside: Beside) -> Loop | None:
    """The loop of a task; None: it has none. beside: files of the controller. Raises Cannot."""
    found = [word for word in task.keywords if word == "loop" or word.startswith("with_")]
    if not found:
        return None
    if len(found) > 1:
        raise Cannot("it has two loops")
    node = task.keywords[found[0]]
    if found[0] == "with_fileglob":
        patterns = [str(one) for one in node.plain()] if node.kind == "list" else [str(node.value)]
        return Loop(beside.glob(patterns), _renamed(task.keywords.get("loop_control")))
    word = re.sub(r"\Awith_(ansible\.builtin|community\.general)\.", "with_", found[0])
    if word not in _KINDS:
        raise Cannot(f"`{found[0]}` has no like in a `loop`")
    over = _KINDS[word](node)
    return Loop(over, _renamed(task.keywords.get("loop_control")))


def _renamed(node: Node | None) -> dict[str, str]:
    renamed = {}
    for key, value in node.items() if node is not None else ():
        if key.value in ("loop_var", "index_var"):
            renamed[str(value.value)] = "item" if key.value == "loop_var" else "index"
        elif key.value not in ("label", "pause"):
            raise Cannot(f"`{key.value}` of `loop_control` has no like")
    return renamed


def _expression(value: Any) -> str:
    whole = _WHOLE.match(value.strip()) if isinstance(value, str) else None
    if whole is None or "{{" in whole[1]:
        raise Cannot("what it loops over is neither a list nor one template")
    return whole[1].strip()


def _list(node: Node) -> Any:
    value = plain(node)
    return value if isinstance(value, list) else "{{ " + _expression(value) + " }}"


def _items(node: Node) -> Any:
    """`with_items`: lists in the list are taken apart, one level deep."""
    value = plain(node)
    if isinstance(value, list):
        return _joined([inner for one in value for inner in (one if isinstance(one, list) else [one])], "flatten(1)")
    if isinstance(value, str) and is_template(value):
        return "{{ " + f"[{_expression(value)}] | flatten(2)" + " }}"
    return [value]


def _flattened(node: Node) -> Any:
    """`with_flattened`: lists in lists are taken apart, however deep."""
    value = plain(node)
    flat = value if isinstance(value, list) else [value]
    while any(isinstance(one, list) for one in flat):
        flat = [inner for one in flat for inner in (one if isinstance(one, list) else [one])]
    return _joined(flat, "flatten")


def _joined(flat: list[Any], flatten: str) -> Any:
    """Elements of which some may be templates that give lists."""
    if not any(isinstance(one, str) and _WHOLE.match(one.strip()) for one in flat):
        return flat
    parts = [f"({_expression(one)})" if isinstance(one, str) and _WHOLE.match(one.strip()) else repr(one)
             for one in flat if isinstance(one, (str, int))]
    if len(parts) != len(flat) or any(is_template(part) for part in parts):
        raise Cannot("what it loops over mixes templates and other values")
    return "{{ [" + ", ".join(parts) + f"] | {flatten}" + " }}"


def _dict(node: Node) -> Any:
    value = plain(node)
    if isinstance(value, dict):
        return [{"key": key, "value": one} for key, one in value.items()]
    return "{{ " + f"({_expression(value)}) | dict2items" + " }}"


def _of_lists(joined: str) -> Callable[[Node], Any]:
    def made(node: Node) -> Any:
        parts = [one.plain() for one in node.elements()]
        if len(parts) < 2:
            raise Cannot("what it loops over is no list of lists")
        shown = [f"({_expression(part)})" if isinstance(part, str) else repr(part) for part in parts]
        if any(is_template(part) for part in shown):
            raise Cannot("what it loops over mixes templates and other values")
        return "{{ " + f"{shown[0]} | {joined}({', '.join(shown[1:])}) | list" + " }}"
    return made


def _subelements(node: Node) -> Any:
    parts = [one.plain() for one in node.elements()]
    if len(parts) not in (2, 3) or not isinstance(parts[1], str) or is_template(parts[1]):
        raise Cannot("what it loops over is no list of a list and a key")
    skips = bool(parts[2].get("skip_missing")) if len(parts) == 3 and isinstance(parts[2], dict) else False
    more = ", skip_missing=true" if skips else ""
    return "{{ " + f"({_expression(parts[0])}) | subelements('{parts[1]}'{more})" + " }}"


def _sequence(node: Node) -> Any:
    given = keyvalues.pairs(str(node.value))
    unlike = set(given) - {"start", "end", "count", "stride", "format"}
    if any(is_template(one) for one in given.values()) and not unlike and not {"stride", "format"} & set(given):
        said = {word: f"({_expression(one)}) | int" if is_template(one) else one for word, one in given.items()}
        first = said.get("start", "1")
        last = f"{first} + {said['count']}" if "count" in said else f"({said.get('end', '0')}) + 1"
        return "{{ range(" + f"{first}, {last}" + ") | map('string') | list }}"
    if any(is_template(one) for one in given.values()) or unlike:
        raise Cannot("how the sequence goes is decided by a template")
    try:
        start, stride = int(given.get("start", "1"), 0), int(given.get("stride", "1"), 0)
        end = start + (int(given["count"], 0) - 1) * stride if "count" in given else int(given.get("end", "0"), 0)
        numbers = range(start, end + (1 if stride > 0 else -1), stride)
        if len(numbers) > _MOST:
            raise Cannot(f"the sequence has more than {_MOST} elements")
        return [given.get("format", "%d") % number for number in numbers]
    except (ValueError, TypeError) as error:
        raise Cannot(f"`{node.value}` is no sequence: {error}") from None


_KINDS: Mapping[str, Callable[[Node], Any]] = {
    "loop": _list, "with_list": _list, "with_items": _items, "with_dict": _dict, "with_sequence": _sequence,
    "with_nested": _of_lists("product"), "with_cartesian": _of_lists("product"), "with_together": _of_lists("zip"),
    "with_subelements": _subelements, "with_flattened": _flattened,
}
