"""Which process keeps an association: one at a time, of whatever machine. Functions for Store.alter and Store.ask.

A keeper gives a sign of life again and again. Where its process can be seen from here, that it has ended is known at
once; else it has ended when it gave no sign for SILENT_AFTER_S, by the clock of the database, which all share.
"""
from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, select, update

from holdfast.store.life import SILENT_AFTER_S, Controller, is_alive, this_controller
from holdfast.store.tables import keepers
from holdfast.store.writing import insert_into

COLUMNS = ("machine", "boot", "pid", "born")


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that keeps an association. who: as user@machine; since: seconds since the epoch. is_over: it has
    ended, and nobody has taken its place yet."""

    association: str
    who: str
    process: Controller
    since: float
    is_over: bool = False

    @property
    def is_this_process(self) -> bool:
        """Is it the one that asks?"""
        return self.process == this_controller()


def take(connection: Connection, association: str, who: str) -> Holder:
    """Who keeps it from now on: this process, if nobody did or if whoever did has ended."""
    me, now = this_controller(), _now(connection)
    row = connection.execute(select(keepers).where(keepers.c.association == association)).one_or_none()
    new = {"who": who, **_columns(me), "since": now, "last_sign": now}
    if row is None:
        connection.execute(insert_into(connection.dialect, keepers).values(association=association, **new)
                           .on_conflict_do_nothing())
    elif _is_over(row, now):  # only as it was seen: somebody else may be faster
        connection.execute(update(keepers).where(
            keepers.c.association == association, keepers.c.last_sign == row.last_sign, _is(_process(row)),
        ).values(new))
    else:
        return _holder(row, now)
    return _holder(connection.execute(select(keepers).where(keepers.c.association == association)).one(), now)


def sign(connection: Connection, associations: Sequence[str]) -> set[str]:
    """This process still keeps these; those of which that is so."""
    now, mine = _now(connection), _is(this_controller())
    return {name for name in associations if connection.execute(
        update(keepers).where(keepers.c.association == name, mine).values(last_sign=now)).rowcount}


def let_go(connection: Connection, associations: Sequence[str]) -> None:
    """This process does not keep these any more."""
    connection.execute(delete(keepers).where(keepers.c.association.in_(associations), _is(this_controller())))


def holders(connection: Connection) -> tuple[Holder, ...]:
    """Who keeps what."""
    now = _now(connection)
    return tuple(_holder(row, now) for row in connection.execute(select(keepers).order_by(keepers.c.association)))


def _now(connection: Connection) -> float:
    """Seconds since the epoch. Files are of one machine, which has one clock; PostgreSQL has its own."""
    if connection.dialect.name == "postgresql":
        return float(connection.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one())
    return time.time()


def _is_over(row: Row[tuple[object, ...]], now: float) -> bool:
    """A machine that was started anew is told from another one of its name by nothing but silence."""
    process, me = _process(row), this_controller()
    if (process.machine, process.boot) == (me.machine, me.boot):
        return not is_alive(process, row.last_sign, now)
    return bool(now - row.last_sign >= SILENT_AFTER_S)


def _process(row: Row[tuple[object, ...]]) -> Controller:
    return Controller(row.machine, row.boot, row.pid, row.born)


def _columns(process: Controller) -> dict[str, str | int]:
    return {name: getattr(process, name) for name in COLUMNS}


def _is(process: Controller) -> ColumnElement[bool]:
    return and_(*(keepers.c[name] == value for name, value in _columns(process).items()))


def _holder(row: Row[tuple[object, ...]], now: float) -> Holder:
    return Holder(row.association, row.who, _process(row), row.since, _is_over(row, now))
