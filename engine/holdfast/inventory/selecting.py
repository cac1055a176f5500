"""Why a target expression does not select what its writer wanted."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from holdfast.inventory.expressions import (
    FactHolds,
    FactIs,
    Facts,
    HasTag,
    HostNamed,
    InGroup,
    Pattern,
    TagIs,
    Term,
    fact_at,
    quoted,
)
from holdfast.inventory.model import Inventory
from holdfast.problems import Place, Problem
from holdfast_host.values import did_you_mean

_SHOWN = 8  # known values in a message


def unknown_names(term: Term, inventory: Inventory, place_at: Callable[[int], Place]) -> Iterator[Problem]:
    """A Problem for each group or host that is named, not by a pattern, and does not exist."""
    for leaf in term.leaves():
        if isinstance(leaf, InGroup) and not leaf.group.glob and leaf.group.text not in inventory.groups:
            names = inventory.groups.keys() - {"ungrouped"}
            yield Problem(f"there is no group `{leaf.group.text}`", _place(leaf, place_at),
                          did_you_mean(leaf.group.text, sorted(names)))
        elif isinstance(leaf, HostNamed) and not leaf.name.glob and leaf.name.text not in inventory.hosts:
            yield Problem(f"there is no host `{leaf.name.text}`", _place(leaf, place_at),
                          _instead_of_host(leaf.name.text, inventory))


def _instead_of_host(name: str, inventory: Inventory) -> str:
    key, colon, value = name.partition(":")
    if colon and value and any(key in host.tags for host in inventory.hosts.values()):
        return f"write {key}={quoted(value)} for the tag"
    if name in inventory.groups:
        return f"write group:{quoted(name)} for the group"
    keys = sorted({key for host in inventory.hosts.values() for key, value in host.tags.items() if value == name})
    if keys:
        return f"write {keys[0]}={quoted(name)} for the tag"
    return did_you_mean(name, inventory.hosts) or "`holdfast inventory list` shows the hosts"


def empty_selection(term: Term, inventory: Inventory, facts: Facts | None,
                    place_at: Callable[[int], Place]) -> Problem:
    """What each part of an expression selects that, as a whole, selects nothing."""
    if not inventory.hosts:
        return Problem(f"`{term}` selects no host: the inventory has none", _place(term, place_at), "add hosts to it")
    leaves = list(dict.fromkeys(term.leaves()))
    counts = {leaf: len(leaf.matching(inventory, facts)) for leaf in leaves}
    empty = [leaf for leaf in leaves if not counts[leaf]]
    parts = ", ".join(f"{leaf} selects {counts[leaf] or 'none'}" for leaf in leaves)
    what = f"`{term}` selects no host" + (f": {parts}" if len(leaves) > 1 else "")
    hints = [hint for hint in (_hint(leaf, inventory, facts) for leaf in empty) if hint]
    mend = "; ".join(hints) or ("correct the pattern" if empty else "no host fits all of it: loosen a part")
    return Problem(what, _place(empty[0] if len(empty) == 1 else term, place_at), mend)


def _hint(leaf: Term, inventory: Inventory, facts: Facts | None) -> str:
    hosts = inventory.hosts.values()
    if isinstance(leaf, (TagIs, HasTag)):
        keys = {key for host in hosts for key in host.tags}
        if leaf.key not in keys:
            return f"no host has the tag `{leaf.key}`: {did_you_mean(leaf.key, sorted(keys)) or 'hosts have no tags'}"
    if isinstance(leaf, TagIs):
        return _known(f"{leaf.key}", leaf.value, {host.tags[leaf.key] for host in hosts if leaf.key in host.tags})
    if isinstance(leaf, (FactIs, FactHolds)):
        values = [fact_at(known, leaf.path) for known in (facts or {}).values()]
        texts = {str(value) for value in values if isinstance(value, (str, int, float))}
        if not any(value is not None for value in values):
            return f"no host has the fact `{leaf.path}`: `holdfast facts` shows what there is"
        # who compares by size has not misspelt the value
        wanted = leaf.value if isinstance(leaf, FactIs) and leaf.operator == "=" else Pattern("")
        return _known(f"facts.{leaf.path}", wanted, texts)
    if isinstance(leaf, HostNamed):
        return f"no host is called `{leaf.name.text}`"
    return f"no host is in `{leaf}`" if isinstance(leaf, InGroup) else ""


def _known(name: str, wanted: Pattern, values: Iterable[str]) -> str:
    known = sorted(values)
    near = did_you_mean(wanted.text, known) if not wanted.glob else ""
    if near.startswith("did"):
        return near
    shown = ", ".join(known[:_SHOWN]) + (f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else "")
    return f"known values of {name}: {shown}" if known else ""


def _place(leaf: Term, place_at: Callable[[int], Place]) -> Place:
    place = place_at(leaf.column)
    return replace(place, width=leaf.width)
