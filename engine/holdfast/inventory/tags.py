"""Tags: `key: value` labels of hosts. Inventories of Ansible's forms give them as the variable `holdfast_tags`."""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from holdfast.inventory.model import Layer, Variable
from holdfast.problems import Problem
from holdfast.trees.scalars import Vaulted

VARIABLE = "holdfast_tags"
_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:/-]*\Z")
_TAKEN = ("and", "or", "not", "all")


def merged_tags(layers: Iterable[Layer]) -> Mapping[str, str]:
    """The tags that are in force: of later layers over those of earlier ones, key by key."""
    tags: dict[str, str] = {}
    for layer in layers:
        variable = layer.get(VARIABLE)
        if variable is not None and isinstance(variable.value, dict):
            tags.update((str(key), as_text(value)) for key, value in variable.value.items() if is_value(value))
    return tags


def faults(variable: Variable) -> list[Problem]:
    """What is wrong with tags as they are written."""
    if not isinstance(variable.value, dict):
        return [Problem("tags are a mapping", variable.place, "write {role: web, env: prod}")]
    found = []
    for key, value in variable.value.items():
        if not isinstance(key, str) or not _KEY.match(key) or key in _TAKEN or key.startswith("facts."):
            found.append(Problem(f"`{key}` cannot be the key of a tag", variable.place,
                                 "use letters, digits and _ . - / : that no word of target expressions is"))
        if not is_value(value):
            found.append(Problem(f"the tag `{key}` is not text", variable.place, f'write {key}: "…" in quotes'))
    return found


def is_value(value: Any) -> bool:
    """Text, a whole number or a boolean. 1.10 would be 1.1 as a number: so no other numbers."""
    return isinstance(value, (str, int)) and not isinstance(value, Vaulted)


def as_text(value: str | int) -> str:
    """A tag's value as target expressions compare it."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
