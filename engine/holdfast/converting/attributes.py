"""Owner, group and mode of a file of which a task edits a part: a document says them of the file, behind the edit."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.converting.model import Item, Resource

_EDITS = frozenset({"line", "block", "ini"})
_FILES = frozenset({"file", "template", "directory", "link", "download", "git", "archive"})


def hang(item: Item, edit: Resource) -> None:
    """They hang on what the edit does."""
    assert item.attributes is not None
    if "loop" in edit.arguments or edit.arguments.get("state") == "absent":
        _lose(item)
        return
    if "when" in edit.arguments:
        item.attributes.arguments["when"] = edit.arguments["when"]


def place(items: Sequence[Item]) -> None:
    """Puts each behind all edits of its file, which would come after it else; once, where several say the same."""
    said: dict[str, Mapping[str, Any]] = {str(resource.name): resource.arguments for item in items
                                          for resource in item.resources if resource.type in _FILES}
    edits = [resource for item in items for resource in item.resources if resource.type in _EDITS]
    for item in items:
        if item.attributes is None or not item.resources:
            continue
        name = str(item.attributes.name)
        mine = {word: one for word, one in item.attributes.arguments.items() if word != "requires"}
        there = said.get(name)
        ahead = [edit for edit in edits if edit.arguments.get("path") == name]
        is_unclear = any("loop" in edit.arguments and ("item" in str(edit.arguments.get("path")) or edit in ahead)
                         for edit in edits)
        if there is None and not is_unclear:
            said[name] = mine
            references = [edit.reference for edit in ahead]
            item.attributes.arguments["requires"] = references[0] if len(references) == 1 else references
            item.resources.append(item.attributes)
        elif there is None or any(there.get(word) != one for word, one in mine.items()) \
                or there.get("when") != mine.get("when"):
            _lose(item)


def settle(items: Sequence[Item]) -> None:
    """Takes out what they come behind where it was given up."""
    there = [resource.reference for item in items for resource in item.resources]
    for item in items:
        if item.attributes is not None and item.attributes in item.resources:
            given = item.attributes.arguments["requires"]
            left = [one for one in (given if isinstance(given, list) else [given]) if one in there]
            item.attributes.arguments["requires"] = left[0] if len(left) == 1 else left


def _lose(item: Item) -> None:
    assert item.attributes is not None
    item.lost += [f"`{word}`: say it of the file, with a resource `file`"
                  for word in ("owner", "group", "mode") if word in item.attributes.arguments]
    item.attributes = None
