"""What the bench knows of a tool that it measures: how it is called, and how it tells what it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Phase(StrEnum):
    """What is measured, in the order in which it is done."""

    FIRST = "first apply"
    NOOP = "no-op"
    PLAN = "plan"
    ONE = "no-op on one host"

    @property
    def changes(self) -> bool:
        """Whether hosts are to be different afterwards."""
        return self is Phase.FIRST


@dataclass(frozen=True, slots=True)
class Node:
    """A host that is worked on."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Fleet:
    """All hosts, and how to log in to them: as root, with one key, host keys verified."""

    nodes: tuple[Node, ...]
    key: Path
    known_hosts: Path

    def chosen(self, phase: Phase) -> tuple[Node, ...]:
        """The hosts that a phase is about."""
        return self.nodes[:1] if phase is Phase.ONE else self.nodes


@dataclass(frozen=True, slots=True)
class Command:
    """A command line. environment: added to a bare one (PATH, HOME, a UTF-8 locale); no tool sees the user's."""

    argv: tuple[str, ...]
    cwd: Path
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that is installed and has its project written.

    commands: the phases that it takes part in. fault: given phase and output, what is wrong by the tool's own words, or
    "". scratch: a folder that is emptied after each run (sockets of connections that would be kept). most_runs: in how
    many rounds it takes part; a peer that takes minutes in one.
    """

    name: str
    version: str
    commands: Mapping[Phase, Command]
    fault: Callable[[Phase, str], str]
    scratch: Path | None = None
    most_runs: int = 1
    is_floor: bool = False


class CannotMeasure(Exception):
    """A tool cannot be installed or started here; the message says why."""
