"""Files of a host: looking at them, and the one way to write them.

What a resource type needs of files is named here; `looking`, `ahead`, `writing` and `names` hold it.
"""
from __future__ import annotations

from typing import Callable, Optional

from .ahead import DIRECTORY, FILE, LINK, OTHER, FileState, find, look_away, parents, plan_ahead
from .looking import LIMIT, digest, fresh, look, names_in, read, real, sha256, tree
from .names import entry, forget, group_as_shown, group_id, group_name, owner_as_shown, owner_name, user_id
from .writing import dress, keep_copy, make_directory, make_link, place, remove, remove_tree, swap, sweep, sync_folder

__all__ = [
    "DIRECTORY", "FILE", "LINK", "OTHER", "FileState", "LIMIT", "digest", "dress", "entry", "find", "forget", "fresh",
    "group_as_shown", "group_id", "group_name", "keep_copy", "look", "look_away", "make_directory", "make_link",
    "names_in", "owner_as_shown", "owner_name", "parents", "place", "plan_ahead", "read", "real", "remove",
    "remove_tree", "replace", "sha256", "swap", "sweep", "sync_folder", "tree", "user_id",
]


def replace(path: str, data: bytes, expected: Optional[bytes], *, mode: Optional[str] = None,
            owner: Optional[str] = None, group: Optional[str] = None,
            validate: Optional[Callable[[str], None]] = None) -> None:
    """Writes a file whole or not at all; see `swap`. A link is followed.

    `expected` is the content that the change was planned on (None: no file): if it is another by now, Stale is raised
    and nothing is written. Raises Failed with the host's reason.
    """
    path = real(path)
    swap(path, data, lambda: read(path) == expected, mode=mode, owner=owner, group=group, validate=validate)
