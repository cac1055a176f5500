"""Owner, group and mode of a file of which a task edits a part: a document says them of the file, behind the edit."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.converting.model import Item, Resource

_FILES = frozenset({"file", "template", "directory", "link", "download", "git", "archive"})


def hang(item: Item, edit: Resource) -> None:
    """They are given when the edit was made: a file that is missing is not made by them."""
    assert item.attributes is not None
    if "loop" in edit.arguments or edit.arguments.get("state") == "absent":
        _lose(item)
        return
    asked = {word: edit.arguments[word] for word in ("when",) if word in edit.arguments}
    item.attributes.arguments |= {**asked, "requires": edit.reference}


def place(items: Sequence[Item]) -> None:
    """Puts each behind its edit; once, where several edits of a file say the same."""
    said: dict[str, Mapping[str, Any]] = {str(resource.name): resource.arguments for item in items
                                          for resource in item.resources if resource.type in _FILES}
    for item in items:
        if item.attributes is None or not item.resources:
            continue
        mine = {word: one for word, one in item.attributes.arguments.items() if word != "requires"}
        there = said.get(str(item.attributes.name))
        if there is None:
            said[str(item.attributes.name)] = mine
            item.resources.append(item.attributes)
        elif any(there.get(word) != one for word, one in mine.items()) or there.get("when") != mine.get("when"):
            _lose(item)


def _lose(item: Item) -> None:
    assert item.attributes is not None
    item.lost += [f"`{word}`: say it of the file, with a resource `file`"
                  for word in ("owner", "group", "mode") if word in item.attributes.arguments]
    item.attributes = None
