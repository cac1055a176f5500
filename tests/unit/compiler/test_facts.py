"""The names of facts that documents may read are those that hosts give."""
from __future__ import annotations

from typing import Any

from holdfast.compiler import facts
from holdfast_host.facts import gather


def paths(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(value, dict):
        return [path]
    return [path, *(one for key, below in value.items() for one in paths(below, (*path, key)))]


def test_every_fact_of_this_machine_is_known() -> None:
    found = paths(gather())
    assert len(found) > 20
    assert [path for path in found if facts.unknown(path) is not None] == []


def test_every_known_name_is_a_fact() -> None:
    assert set(facts.NAMES) == set(gather())


def test_unknown_step_is_named() -> None:
    assert facts.unknown(("os", "famly")) == 1
    assert facts.unknown(("so",)) == 0
    assert facts.unknown(("network", "interfaces", "eth0", "ipv4", "0")) is None
    assert facts.unknown(("network", "interfaces", "eth0", "ip")) == 3
    assert facts.unknown(("mounts", "get")) is None
