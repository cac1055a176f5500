"""What scheduled enforcement asks of the database: functions for Store.ask, and the rows that they give."""
from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, func, null, select, true

from holdfast.store.model import Diff, Episode, Hold, Standing
from holdfast.store.rows import digest_of
from holdfast.store.tables import deliveries, drift, healed, holds, kept, rounds, runs, settled

AT_ONCE = 500  # names in one query


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is still to be told. hook: which of the association's, by its digest."""

    number: int
    association: str
    hook: str
    event: Mapping[str, Any]
    tries: int
    next_try: float


def open_drift(connection: Connection, hosts: Sequence[str] | None = None) -> tuple[Episode, ...]:
    """Drift that is not over; None: of all hosts."""
    query = select(drift).order_by(drift.c.first_seen, drift.c.host, drift.c.id)
    if hosts is None:
        return tuple(map(_open, connection.execute(query)))
    return tuple(_open(row) for part in _parts(hosts)
                 for row in connection.execute(query.where(drift.c.host.in_(part))))


def history(connection: Connection, hosts: Sequence[str] | None, since: float, limit: int | None = None,
            ) -> tuple[Episode, ...]:
    """Drift that ended at `since` or later, the newest first."""
    query = select(healed, runs.c.who).outerjoin(runs, runs.c.id == healed.c.ended_by).where(
        healed.c.ended >= since).order_by(healed.c.ended.desc(), healed.c.number.desc()).limit(limit)
    if hosts is None:
        return tuple(map(_over, connection.execute(query)))
    return tuple(_over(row) for part in _parts(hosts)
                 for row in connection.execute(query.where(healed.c.host.in_(part))))


def past(connection: Connection, differing: Mapping[str, Collection[str]], since: float) -> tuple[Episode, ...]:
    """Drift of these resources that ended at `since` or later, the newest first, without what it was. differing: ids by
    host. A fleet has far more history than that."""
    digests = sorted({digest_of(id_) for ids in differing.values() for id_ in ids})
    about = healed.c.digest.in_(digests) if len(digests) <= AT_ONCE else true()
    columns: list[Any] = [null().label(column.name) if column.name in ("action", "fields", "diffs") else column
                          for column in healed.columns]
    query: Select[Any] = select(*columns, runs.c.who).outerjoin(runs, runs.c.id == healed.c.ended_by).where(
        healed.c.ended >= since, about).order_by(healed.c.ended.desc(), healed.c.number.desc())
    return tuple(_over(row) for part in _parts(tuple(differing))
                 for row in connection.execute(query.where(healed.c.host.in_(part))) if row.id in differing[row.host])


def untold(connection: Connection, association: str) -> tuple[tuple[Episode, ...], tuple[Episode, ...],
                                                              tuple[Standing, ...]]:
    """What hooks of an association have not been told yet: drift, drift that is over, and how hosts stand."""
    found = connection.execute(select(drift).where(drift.c.association == association, drift.c.told != "fight"))
    over = connection.execute(select(healed, runs.c.who).outerjoin(runs, runs.c.id == healed.c.ended_by).where(
        healed.c.association == association, healed.c.told != "healed").order_by(healed.c.number))
    standing = connection.execute(select(kept).where(kept.c.association == association, kept.c.told != kept.c.status))
    return tuple(map(_open, found)), tuple(map(_over, over)), tuple(map(_standing, standing))


def active_holds(connection: Connection, now: float) -> tuple[Hold, ...]:
    """Those that are not over."""
    query = select(holds).where(holds.c.until > now).order_by(holds.c.host, holds.c.id)
    return tuple(Hold(row.host, row.id, row.until, row.owner, row.why, row.made) for row in connection.execute(query))


def settled_nodes(connection: Connection, hosts: Sequence[str]) -> dict[str, dict[str, str]]:
    """By host: what its resources were declared to be, when they were last seen to be so, as digests by id."""
    return {row.host: row.nodes for part in _parts(hosts)
            for row in connection.execute(select(settled).where(settled.c.host.in_(part)))}


def standings(connection: Connection, association: str | None = None) -> tuple[Standing, ...]:
    """How hosts stand to an association; None: to all."""
    query = select(kept).order_by(kept.c.association, kept.c.host)
    return tuple(map(_standing, connection.execute(
        query if association is None else query.where(kept.c.association == association))))


def rounds_due(connection: Connection) -> dict[str, float]:
    """By association: when the round that was begun last was due."""
    return {row.association: row.due for row in connection.execute(select(rounds))}


def waiting(connection: Connection) -> tuple[Delivery, ...]:
    """What each hook is to be told next: the oldest, so that it learns things in the order in which they happened."""
    firsts = select(func.min(deliveries.c.number)).group_by(deliveries.c.association, deliveries.c.hook)
    query = select(deliveries).where(deliveries.c.number.in_(firsts))
    return tuple(Delivery(*row) for row in connection.execute(query))


def healed_counts(connection: Connection) -> Mapping[tuple[str, str], int]:
    """How often drift was healed, by association and cause."""
    query = select(healed.c.association, healed.c.cause, func.count()).group_by(healed.c.association, healed.c.cause)
    return {(association, cause): count for association, cause, count in connection.execute(query)}


def waiting_count(connection: Connection) -> int:
    """How much is still to be told."""
    return connection.execute(select(func.count()).select_from(deliveries)).scalar() or 0


def _open(row: Row[Any]) -> Episode:
    return Episode(row.host, row.id, row.first_seen, row.run, row.association, row.cause, row.action or "",
                   _rows(row.fields), _rows(row.diffs), row.stopped, row.told)


def _over(row: Row[Any]) -> Episode:
    by = "" if not row.ended_by else row.who or row.ended_by
    return Episode(row.host, row.id, row.first_seen, row.run, row.association, row.cause, row.action or "",
                   _rows(row.fields), _rows(row.diffs), row.stopped, row.told, row.ended, row.ended_by, by, row.number)


def _standing(row: Row[Any]) -> Standing:
    return Standing(row.association, row.host, row.status, row.asked, row.good, row.since, row.message, row.told)


def _rows(wire: Any) -> Diff:
    return tuple(tuple(row) for row in wire or ())


def _parts(names: Sequence[str]) -> list[Sequence[str]]:
    return [names[start:start + AT_ONCE] for start in range(0, len(names), AT_ONCE)]
