"""How hosts stand now, as far as that is known: what was seen of one before a round that was not made is no news of
today, and nobody is shown as good by it."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from holdfast.documents.association import Association
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
    """Of what a project's associations keep, and what is wrong with its documents: how hosts stand is known all the
    same, but not whether that is news."""
    kept = project.store.ask(enforced.standings)
    try:
        documents = project.documents()
    except Problems as problems:
        return tuple(map(Stands, kept)), problems.problems
    return current(kept, {name: one for name, one in documents.items() if isinstance(one, Association)}, now), ()


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
