"""The files of the controller that a resource names: which they are, and how they are called beside the document."""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from holdfast.converting.arguments import READS_FILES
from holdfast.converting.beside import Beside
from holdfast.converting.expressions import Names
from holdfast.converting.loops import Loop
from holdfast.converting.model import Cannot, Item, Resource
from holdfast.documents.model import is_template

_NAME = re.compile(r"\{\{\s*(\w+)(?:\.(\w+))?\s*\}\}")


def put(item: Item, resource: Resource, loop: Loop | None, beside: Beside, known: Mapping[str, Any],
        names: Names) -> None:
    """Copies them, and names them as they are called then. known: the values of variables. Raises Cannot."""
    given = resource.arguments.get("source")
    if given is None or resource.type not in READS_FILES:
        return
    source = beside.local(str(given))
    wanted = list(_each(source, loop, known, names)) if is_template(source) else []
    for name in wanted or [source]:
        found, content = beside.template(name, names) if resource.type == "template" else beside.file(name)
        item.files[found] = content
        kind = found.partition("/")[0]
        if wanted and found != f"{kind}/{beside.inside}{_short(name)}":
            raise Cannot(f"which file is meant is decided by a template, and `{name}` is another folder's")
    made = next(iter(item.files))
    if wanted:
        ours = {theirs: our for theirs, our in (loop.renamed if loop else {}).items() if our == "item"}
        made = f"{kind}/{beside.inside}{_short(_NAME.sub(lambda part: _shown(part, ours), source))}"
    resource.arguments["source"] = made


def _short(name: str) -> str:
    return re.sub(r"^(files|templates)/", "", name).replace("../", "")


def _shown(part: re.Match[str], ours: Mapping[str, str]) -> str:
    return "{{ " + ours.get(part[1], part[1]) + (f".{part[2]}" if part[2] else "") + " }}"


def _each(source: str, loop: Loop | None, known: Mapping[str, Any], names: Names) -> Iterator[str]:
    """The names that a template can give: of variables that are texts, and of a loop over what stands there. None: that
    is not known."""
    rest = _NAME.sub("", source)
    if "{{" in rest or "{%" in rest:
        return
    of_loop = {"item", *(theirs for theirs, our in loop.renamed.items() if our == "item")} if loop else set()
    parts = [(part[0], part[1], part[2]) for part in _NAME.finditer(source)]
    is_looped = any(name in of_loop for _, name, _ in parts)
    if is_looped and (loop is None or not isinstance(loop.over, list)):
        return
    made = []
    for one in loop.over if loop and is_looped else [None]:
        text = source
        for written, name, key in parts:
            value = one if name in of_loop else known.get(name)
            value = value.get(key) if key and isinstance(value, dict) else None if key else value
            if not isinstance(value, str) or is_template(value):
                return
            text = text.replace(written, value)
        made.append(text)
    names.read |= {name for _, name, _ in parts if name not in of_loop}
    yield from made
