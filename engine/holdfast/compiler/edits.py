"""Resources that edit a file, all of whose content another one says: where they would undo one another in each run."""
from __future__ import annotations

from collections.abc import Callable, Sequence

from holdfast.compiler.units import Compiled
from holdfast.patience import Patience, TookTooLong
from holdfast.problems import Problem
from holdfast_host.errors import Refused
from holdfast_host.resource import Resource
from holdfast_host.texts import Edited
from holdfast_host.values import Blob

Pair = tuple[int, int]  # positions: of what edits a file, and of what says all of it
CONTENT = "the content"  # how the place of what is edited is called in a problem
ReadBlob = Callable[[str], bytes]


def edited_by(resource: Resource) -> str:
    """The file that a resource edits; "": none."""
    return resource.where() if isinstance(resource, Edited) else ""


def pairs(resources: Sequence[Compiled]) -> tuple[Pair, ...]:
    """Those that say something of one file."""
    whole = {path: position for position, one in enumerate(resources) if one.item.says_all
             for kind, path in one.item.provides if kind == "path"}
    return tuple((position, whole[one.item.edits]) for position, one in enumerate(resources) if one.item.edits in whole)


def fight(editor: Compiled, owner: Compiled, blob: ReadBlob, patience: Patience) -> Problem | None:
    """What is wrong when the edit changes the content that is said. None: it is in it already, or that is not known
    before the host is touched."""
    content = owner.resource.whole() if owner.resource is not None else None
    if isinstance(content, Blob):
        content = blob(content.sha256).decode("utf-8", "surrogateescape")
    if not isinstance(content, str) or not isinstance(editor.resource, Edited) or editor.item.outputs:
        return None
    try:
        with patience:
            if editor.resource.edited(str(content)) == content:
                return None
    except (Refused, TookTooLong):
        return None  # it is told by the host, or has been told
    return Problem(f"`{editor.item.id}` edits {editor.item.edits}, and `{owner.item.id}` says all that is in it: each "
                   "run would change it twice", editor.unit.place, "put it into that content, or add `replace: false` "
                   "there: then it is for a new file only", ((CONTENT, owner.unit.place),))


def rivals(resources: Sequence[Compiled], patience: Patience) -> list[Problem]:
    """Edits of one file that undo one another: what one has written the other takes away, in each run. What they would
    do is seen on an empty text, where nothing else stands in their way."""
    by_path: dict[str, list[Compiled]] = {}
    for one in resources:
        if one.item.edits and isinstance(one.resource, Edited) and not one.item.outputs:
            by_path.setdefault(one.item.edits, []).append(one)
    problems: list[Problem] = []
    for editors in by_path.values():
        try:
            with patience:
                problems += _undone(editors) if len(editors) > 1 else []
        except (Refused, TookTooLong):
            continue  # the text is not theirs to begin, or it is told elsewhere
    return problems


def _undone(editors: Sequence[Compiled]) -> list[Problem]:
    text = ""
    for one in editors:
        text = _edited(one, text)
    found = []
    for position, one in enumerate(editors):
        if _edited(one, text) == text:
            continue
        other = next((later for later in editors[position + 1:] if not set(later.item.provides) & {*one.item.provides}
                      and _edited(one, both := _edited(later, _edited(one, ""))) != both), None)
        if other is not None:
            found.append(Problem(
                f"`{other.item.id}` undoes what `{one.item.id}` does in {one.item.edits}, in each run",
                other.unit.place, "keep one of the two", (("the other one", one.unit.place),)))
    return found


def _edited(one: Compiled, text: str) -> str:
    assert isinstance(one.resource, Edited), "only those were chosen"
    return one.resource.edited(text)
