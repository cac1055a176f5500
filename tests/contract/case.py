"""A case of the contract: one resource type in the states in which a user meets it, as data."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Witness = Any  # a testinfra host: it looks over its own SSH client, not with Holdfast's code


@dataclass(frozen=True)
class Case:
    """present, absent: resources in YAML; absent may be "" for a type that cannot be taken back. is_there: whether the
    witness sees what was declared. sabotage: shell commands, each of which a person might have given; after each the
    type must see the drift. before: shell that makes the host what the case needs; it need not be undone."""

    id: str
    present: str
    is_there: Callable[[Witness], bool]
    absent: str = ""
    sabotage: tuple[str, ...] = ()
    before: str = ""
    contents: tuple[tuple[str, str | bytes], ...] = ()  # files beside the document, by name
