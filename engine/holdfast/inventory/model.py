"""What an inventory is once it has been read, whatever it was written in."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from holdfast.problems import Place, Problem


@dataclass(frozen=True, slots=True)
class Variable:
    """A value and where it was written. value: plain data; text may hold a template, which the compiler renders.
    literal: it came from a program, so it is data: its text is never a template, nor a mapping in it a secret."""

    value: Any
    place: Place
    literal: bool = False


Layer = Mapping[str, Variable]  # the variables that one source gives: a group's, a host's, a file's


@dataclass(frozen=True, slots=True)
class Group:
    """A named set. hosts, children: only the direct ones, in the order written."""

    name: str
    hosts: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    variables: Layer = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Host:
    """A managed node.

    groups: all groups that hold it, over children too, sorted, without `all` and `ungrouped`. layers: its variables,
    lowest precedence first; layers of groups are the same objects for all hosts of the group, so that a compiler can
    see by identity that two hosts have equal inputs.
    """

    name: str
    groups: tuple[str, ...]
    tags: Mapping[str, str]
    layers: tuple[Layer, ...]
    place: Place

    def variables(self) -> dict[str, Variable]:
        """The variables that are in force."""
        merged: dict[str, Variable] = {}
        for layer in self.layers:
            merged.update(layer)
        return merged


@dataclass(frozen=True, slots=True)
class Inventory:
    """All hosts and groups, in the order written. sources: the files it was read from. warnings: what was read, but
    probably not as its writer meant it."""

    hosts: Mapping[str, Host]
    groups: Mapping[str, Group]
    sources: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()
