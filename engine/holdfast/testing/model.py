"""What a test is, and what became of it."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from holdfast.problems import Place

Outcome = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class CaseHost:
    """A throwaway host. like: a host of the inventory whose groups, tags and variables it has, "": none."""

    name: str
    place: Place
    like: str = ""
    tags: Mapping[str, str | int | bool] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Break:
    """A shell command that makes hosts differ from what is declared. on: a target expression."""

    on: str
    command: str
    place: Place


@dataclass(frozen=True, slots=True)
class Case:
    """One test. documents: paths, (): all of the project's; environment: variables of the controller's process."""

    name: str
    place: Place
    documents: tuple[str, ...]
    hosts: tuple[CaseHost, ...]
    variables: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    breaks: tuple[Break, ...] = ()
    witnesses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a test. details: lines for a person."""

    name: str
    outcome: Outcome
    seconds: float
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What became of a test."""

    test: str
    steps: tuple[Step, ...]

    @property
    def is_passed(self) -> bool:
        """Whether no step failed."""
        return all(step.outcome != "failed" for step in self.steps)
