"""The files of the controller that a resource names: which they are, and how they are called beside the document."""
from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from holdfast.converting.arguments import READS_FILES
from holdfast.converting.beside import Beside
from holdfast.converting.expressions import Names, text
from holdfast.converting.loops import Loop
from holdfast.converting.model import Cannot, Item, Resource
from holdfast.converting.possible import Texts
from holdfast.documents.model import is_template

_OPEN = "files that the inventory names are not here: put them into {}/"


def put(item: Item, resource: Resource, loop: Loop | None, beside: Beside, known: Mapping[str, Any],
        names: Names) -> None:
    """Copies them, and names them as they are called then. known: the values of variables. Raises Cannot."""
    given = resource.arguments.get("source")
    if given is None or resource.type not in READS_FILES:
        return
    source = beside.local(str(given))
    if not is_template(source):
        name, item.files[name] = _read(source, resource.type, beside, names)
        resource.arguments["source"] = name
        return
    texts = Texts(known, {"item": _elements(loop), **{
        theirs: _elements(loop) for theirs, ours in (loop.renamed if loop else {}).items() if ours == "item"}})
    wanted = texts.of(source)
    if not wanted:
        raise Cannot(f"which file is meant is decided by a template: `{source}`")
    kind, missing = "", []
    for name in wanted:
        try:
            found, content = _read(name, resource.type, beside, names)
        except Cannot as cannot:
            missing.append(cannot)
            continue
        item.files[found] = content
        kind = found.partition("/")[0]
        if found != f"{kind}/{beside.inside}{_short(name)}":
            raise Cannot(f"which file is meant is decided by a template, and `{name}` is another folder's")
    if not kind or (missing and loop is not None and "item" in source):
        raise missing[0]
    names.read |= texts.read
    item.notes += [_OPEN.format(f"{kind}/{beside.inside}".rstrip("/"))] if texts.is_open else []
    item.lost += [one.why for one in missing]
    renamed = Names(loop.renamed if loop else {}, names.refused, names.outputs, names.read, names.guarded)
    resource.arguments["source"] = f"{kind}/{beside.inside}{text(_short(source), renamed)}"


def _read(name: str, type_: str, beside: Beside, names: Names) -> tuple[str, bytes]:
    return beside.template(name, names) if type_ == "template" else beside.file(name)


def _elements(loop: Loop | None) -> list[Any] | None:
    """What a loop goes through, if it stands there."""
    return loop.over if loop is not None and isinstance(loop.over, list) else None


def _short(name: str) -> str:
    return re.sub(r"^(files|templates)/", "", name).replace("../", "")
