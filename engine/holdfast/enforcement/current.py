"""How hosts stand now, as far as that is known: what was seen of one before a round that was not made is no news of
today, and nobody is shown as good by it."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from holdfast.documents.association import Association, sound
from holdfast.problems import Problem, Problems
from holdfast.project import Project
from holdfast.reports.words import moment
from holdfast.store import enforced
from holdfast.store.model import Standing

GRACE_S = 300.0  # how much later than due a round may end before what it saw last is old
NOT_KNOWN = frozenset({"unreachable", "unknown"})


@dataclass(frozen=True, slots=True)
class Stands:
    """How a host stands. is_late: it was not asked when it should have been."""

    standing: Standing
    is_late: bool = False

    @property
    def is_known(self) -> bool:
        """Is it known what the host is now?"""
        return self.standing.status not in NOT_KNOWN


def current(kept: Iterable[Standing], associations: Mapping[str, Association], now: float) -> tuple[Stands, ...]:
    """Of what the store has: hosts of these associations. Those that should have been asked since are `unknown`."""
    return tuple(_of(one, associations[one.association], now) for one in kept if one.association in associations)


def of_project(project: Project, now: float) -> tuple[tuple[Stands, ...], tuple[Problem, ...]]:
    """Of what a project's associations keep, and what is wrong with its documents. Where an association cannot be read,
    nobody knows whether what was seen is news."""
    kept = project.store.ask(enforced.standings)
    associations: Mapping[str, Association] = {}
    try:
        documents, problems = project.documents()
        associations = sound(documents, problems)
    except Problems as none:
        problems = none.problems
    unread = [_unread(one, now) for one in kept if problems and one.association not in associations]
    return (*current(kept, associations, now), *unread), tuple(problems)


def _unread(kept: Standing, now: float) -> Stands:
    why = f"its association cannot be read; was {kept.status} at {moment(kept.asked)}"
    return Stands(replace(kept, status="unknown", since=now, message=why), is_late=True)


def _of(kept: Standing, association: Association, now: float) -> Stands:
    said = f": {kept.message}" if kept.message else ""
    if kept.asked > now + GRACE_S:
        why = f"asked {moment(kept.asked)}, by a clock that was set back since; was {kept.status} then{said}"
        return Stands(replace(kept, status="unknown", since=now, message=why), is_late=True)
    due = association.schedule.after(kept.asked)
    if due + association.schedule.splay_s + GRACE_S > now:
        return Stands(kept)
    why = f"not asked since {moment(kept.asked)}, was {kept.status} then{said}"
    return Stands(replace(kept, status="unknown", since=due, message=why), is_late=True)
