"""Which hosts a target expression selects, also while the facts of some of them are not known yet."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from holdfast.compiler import facts as known_facts
from holdfast.compiler.compiling import Chosen, Facts
from holdfast.inventory.expressions import And, FactHolds, FactIs, Not, Or, Term
from holdfast.inventory.model import Host, Inventory
from holdfast.inventory.targets import parse
from holdfast.problems import Place, Problem, Problems


def chosen(expression: str, place: Place | None, inventory: Inventory, facts: Facts) -> Chosen:
    """The hosts that the expression selects, and those of which it cannot be said before their facts are known.
    place: where the expression begins; None: it was given with -t. Raises Problems."""
    begin = place or Place("-t", 1, 1, text=expression)
    found = parse(expression, lambda offset: replace(begin, column=begin.column + offset, width=1))
    unknown = [_unknown(term, begin) for term in found.term.leaves() if isinstance(term, (FactIs, FactHolds))]
    if any(unknown):
        raise Problems(filter(None, unknown))
    if not found.fact_paths or all(host in facts for host in inventory.hosts):
        return Chosen(found.select(inventory, facts))
    found.check(inventory)
    answers = {name: truth(found.term, host, facts.get(name)) for name, host in inventory.hosts.items()}
    sure = tuple(name for name, answer in answers.items() if answer)
    unsure = tuple(name for name, answer in answers.items() if answer is None)
    if not sure and not unsure:
        found.select(inventory, facts)  # says why it selects nothing
    return Chosen(sure, unsure)


def _unknown(term: FactIs | FactHolds, begin: Place) -> Problem | None:
    """A fact that no host has, or one that is a mapping and compared as if it were none."""
    path = tuple(term.path.split("."))
    fault = known_facts.fault(path)
    place = replace(begin, column=begin.column + term.column, width=term.width)
    if fault is not None:
        return Problem(fault[0], place, fault[1])
    inner = known_facts.below(path) if isinstance(term, FactIs) else ()
    if inner:
        return Problem(f"`facts.{term.path}` is a mapping, which is equal to no text or number", place,
                       f"compare what is in it, as in `facts.{term.path}.{inner[0]}`")
    return None


def truth(term: Term, host: Host, facts: Mapping[str, Any] | None) -> bool | None:
    """Whether a host fits; None: that depends on its facts, which are not known."""
    if facts is not None or not term.fact_paths:
        return term.matches(host, facts or {})
    if isinstance(term, Not):
        answer = truth(term.other, host, facts)
        return None if answer is None else not answer
    if isinstance(term, (And, Or)):
        decisive = isinstance(term, Or)  # one such answer settles it, whatever the others are
        answers = [truth(part, host, facts) for part in term.terms]
        return decisive if decisive in answers else None if None in answers else not decisive
    return None
