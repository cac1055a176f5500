"""Which hosts a target expression selects, also while the facts of some of them are not known yet."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from holdfast.compiler.compiling import Chosen, Facts
from holdfast.inventory.expressions import And, Not, Or, Term
from holdfast.inventory.model import Host, Inventory
from holdfast.inventory.targets import parse
from holdfast.problems import Place


def chosen(expression: str, place: Place | None, inventory: Inventory, facts: Facts) -> Chosen:
    """The hosts that the expression selects, and those of which it cannot be said before their facts are known.
    place: where the expression begins; None: it was given with -t. Raises Problems."""
    begin = place or Place("-t", 1, 1)
    found = parse(expression, lambda offset: replace(begin, column=begin.column + offset, width=1))
    if not found.fact_paths or all(host in facts for host in inventory.hosts):
        return Chosen(found.select(inventory, facts))
    answers = {name: truth(found.term, host, facts.get(name)) for name, host in inventory.hosts.items()}
    sure = tuple(name for name, answer in answers.items() if answer)
    unsure = tuple(name for name, answer in answers.items() if answer is None)
    if not sure and not unsure:
        found.select(inventory, facts)  # says why it selects nothing
    return Chosen(sure, unsure)


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
