"""What is read from a playbook, and what becomes of it."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from holdfast.problems import Place
from holdfast.trees.tree import Node

Status = Literal["converted", "in part", "not converted"]


class Cannot(Exception):
    """Something has no like in a document: why, in words for the user."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Unlike(Cannot):
    """An option of a module, or a value of it, has no like; what the module itself does may still be had."""


@dataclass(frozen=True, slots=True)
class Task:
    """One task or handler, with what it takes over from the blocks and the play around it.

    module: as written, without the names of the usual collections; called: with them. arguments: of the module; free:
    its free form (of `command`, `shell`). when: all conditions. become: None: nothing is said anywhere. fault: why it
    cannot be converted, whatever its module; "": it may be. remark: what is lost of what stands around it. role: the
    folder of the role that it is of.
    """

    place: Place
    name: str
    module: str
    called: str = ""
    arguments: Mapping[str, Node] = field(default_factory=dict)
    free: str = ""
    keywords: Mapping[str, Node] = field(default_factory=dict)
    when: tuple[Node, ...] = ()
    vars: Mapping[str, Node] = field(default_factory=dict)
    become: Node | None = None
    become_user: Node | None = None
    environment: tuple[Node, ...] = ()
    comments: tuple[str, ...] = ()
    is_handler: bool = False
    fault: str = ""
    remark: str = ""
    role: Path | None = None

    @property
    def label(self) -> str:
        """What a person calls it."""
        return self.name or self.module


@dataclass(frozen=True, slots=True)
class Play:
    """One play. tasks: pre_tasks, roles, tasks and post_tasks in the order in which Ansible carries them out, with
    those of roles in their places. defaults, role_vars: what its roles bring; unclear: those of them to which two roles
    give different values."""

    place: Place
    name: str
    hosts: Node | None
    keywords: Mapping[str, Node]
    vars: Mapping[str, Node]
    tasks: tuple[Task, ...]
    handlers: tuple[Task, ...]
    defaults: Mapping[str, Node] = field(default_factory=dict)
    role_vars: Mapping[str, Node] = field(default_factory=dict)
    unclear: frozenset[str] = frozenset()


@dataclass(slots=True)
class Resource:
    """A resource of the document that is made. arguments: those of the type and the keys that all types have."""

    type: str
    name: Any
    arguments: dict[str, Any] = field(default_factory=dict)

    @property
    def reference(self) -> dict[str, Any]:
        """`{service: nginx}`"""
        return {self.type: self.name}


@dataclass(slots=True)
class Item:
    """A task and what became of it. lost: what of it is not in the document; notes: what to know of what is; why: it is
    not converted. files: of the controller, by their names beside the document. attributes: whose the file is that it
    edits."""

    task: Task
    resources: list[Resource] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    why: str = ""
    into: str = ""  # what it became, if that is no resource of its own
    files: dict[str, bytes] = field(default_factory=dict)
    reads: set[str] = field(default_factory=set)  # names of variables
    attributes: Resource | None = None
    guarded: set[str] = field(default_factory=set)  # those of which it asks whether they are defined

    @property
    def status(self) -> Status:
        if self.why:
            return "not converted"
        return "in part" if self.lost else "converted"

    def give_up(self, why: str) -> None:
        """It cannot be converted after all."""
        self.resources, self.lost, self.notes, self.files, self.into, self.why = [], [], [], {}, "", why
        self.reads, self.guarded = set(), set()


@dataclass(frozen=True, slots=True)
class Converted:
    """A document for a playbook or a role. text: YAML, with comments. files: contents by their paths beside it. needs:
    variables that the inventory has to give. notes: what is not said of single tasks."""

    text: str
    items: Sequence[Item]
    files: Mapping[str, bytes]
    needs: Sequence[str]
    notes: Sequence[str]

    def count(self, status: Status) -> int:
        """How many tasks have ended so."""
        return sum(item.status == status for item in self.items)
