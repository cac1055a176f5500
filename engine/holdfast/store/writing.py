"""What is written, and in which order within one transaction."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any

from sqlalchemy import (
    Connection,
    Dialect,
    Executable,
    Float,
    String,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from holdfast.store.rows import Row
from holdfast.store.tables import (
    agents,
    deliveries,
    drift,
    facts,
    healed,
    holds,
    host_results,
    kept,
    resource_results,
    rounds,
    runs,
    settled,
)

# A job is what one caller wants to be kept together: rows by the name of the statement that takes them.
Job = dict[str, list[Row]]


def statements(dialect: Dialect) -> dict[str, Executable]:
    """All writing statements by name, in the order in which a transaction carries them out: what refers to a row
    comes after it."""
    this_run = runs.c.id == bindparam("id_")
    this_host = and_(resource_results.c.run == bindparam("run_"), resource_results.c.host == bindparam("host_"))
    is_as_declared = exists().where(
        resource_results.c.run == bindparam("run_"), resource_results.c.host == drift.c.host,
        resource_results.c.id == drift.c.id,
        or_(resource_results.c.status == "ok", resource_results.c.status == "changed"))
    ended = ("ended", "status", "stopped")
    signed = ("machine", "boot", "pid", "born", "last_sign")
    return {
        "begin": insert(runs),
        "reopen": update(runs).where(this_run).values(
            {"ended": None, "status": "running", "stopped": "", **{name: bindparam(name + "_") for name in signed}}),
        "hosts": _upsert(dialect, host_results),
        "forget": delete(resource_results).where(this_host),
        "resources": insert(resource_results),
        "history": _history(),
        "met": insert(healed),
        "healed": delete(drift).where(drift.c.host == bindparam("host_"), is_as_declared),
        "drifted": insert_into(dialect, drift).on_conflict_do_nothing(),
        **_of_enforcement(dialect),
        "sign": update(runs).where(this_run).values(last_sign=bindparam("last_sign_")),
        "end": update(runs).where(this_run).values({name: bindparam(name + "_") for name in ended}),
        "facts": _upsert(dialect, facts),
        "agents": _stands(dialect, agents, ("wanted", "present", "healthy", "version"), agents.c.present),
    }


def _history() -> Executable:
    """What ends with this result of a host goes from `drift` into `healed`."""
    names = [column.name for column in drift.columns]
    ended_by = case((resource_results.c.status == "changed", bindparam("run_", type_=String)), else_="")
    is_over = and_(resource_results.c.run == bindparam("run_"), resource_results.c.host == bindparam("host_"),
                   drift.c.host == bindparam("host_"), resource_results.c.id == drift.c.id,
                   or_(resource_results.c.status == "ok", resource_results.c.status == "changed"))
    rows = select(*drift.columns, bindparam("now_", type_=Float), ended_by).where(is_over)
    return insert(healed).from_select([*names, "ended", "ended_by"], rows)


def _of_enforcement(dialect: Dialect) -> dict[str, Executable]:
    """What scheduled enforcement writes."""
    this = and_(drift.c.host == bindparam("host_"), drift.c.digest == bindparam("digest_"))
    seen = insert_into(dialect, drift)
    known_better = {name: seen.excluded[name] for name in ("association", "cause", "action", "fields", "diffs",
                                                           "stopped")}
    names = [column.name for column in drift.columns]
    over = select(*drift.columns, bindparam("now_", type_=Float), bindparam("by_", type_=String)).where(this)
    return {
        "over": insert(healed).from_select([*names, "ended", "ended_by"], over),
        "gone": delete(drift).where(this),
        "seen": seen.on_conflict_do_update(index_elements=list(drift.primary_key), set_=known_better),
        "told_drift": update(drift).where(this).values(told=bindparam("told_")),
        "told_healed": update(healed).where(healed.c.number == bindparam("number_")).values(told="healed"),
        "told_kept": update(kept).where(kept.c.association == bindparam("association_"),
                                        kept.c.host == bindparam("host_")).values(told=bindparam("told_")),
        "kept": _upsert(dialect, kept),
        "unkept": delete(kept).where(kept.c.association == bindparam("association_"),
                                     kept.c.host == bindparam("host_")),
        "settled": _upsert(dialect, settled),
        "round": _upsert(dialect, rounds),
        "hold": _upsert(dialect, holds),
        "release": delete(holds).where(holds.c.host == bindparam("host_"), holds.c.digest == bindparam("digest_")),
        "forgive": update(healed).where(healed.c.host == bindparam("host_"), healed.c.digest == bindparam("digest_"),
                                        healed.c.stopped.is_(None)).values(stopped=bindparam("now_")),
        "resumed": update(drift).where(this).values(stopped=None, told="drift"),
        "deliver": insert(deliveries),
        "again": update(deliveries).where(deliveries.c.number == bindparam("number_")).values(
            tries=bindparam("tries_"), next_try=bindparam("next_try_")),
        "delivered": delete(deliveries).where(deliveries.c.number == bindparam("number_")),
    }


def _stands(dialect: Dialect, table: Any, standing: Sequence[str], known: Any) -> Executable:
    """How something stands: `since` is kept while it stands the same, `asked` while nobody can ask, `version` while
    nobody tells."""
    made = insert_into(dialect, table)
    new = made.excluded
    rest = {column.name: new[column.name] for column in table.columns if not column.primary_key}
    rest["asked"] = func.coalesce(new.asked, table.c.asked)
    if "version" in rest:
        is_untold = or_(new[known.name].is_(None), and_(new[known.name].is_(True), new.version == ""))
        rest["version"] = case((is_untold, table.c.version), else_=new.version)
    same = and_(*(table.c[name].is_not_distinct_from(rest[name]) for name in standing))
    rest["since"] = case((same, table.c.since), else_=new.since)
    stands: Executable = made.on_conflict_do_update(index_elements=list(table.primary_key), set_=rest)
    return stands


def _upsert(dialect: Dialect, table: Any) -> Executable:
    made = insert_into(dialect, table)
    rest = {column.name: made.excluded[column.name] for column in table.columns if not column.primary_key}
    upsert: Executable = made.on_conflict_do_update(index_elements=list(table.primary_key), set_=rest)
    return upsert


def insert_into(dialect: Dialect, table: Any) -> Any:
    """An INSERT that knows ON CONFLICT, as both databases do in words of their own."""
    return import_module(f"sqlalchemy.dialects.{dialect.name}").insert(table)  # the other one would cost 0.04 s


def carry_out(connection: Connection, known: dict[str, Executable], jobs: Iterable[Job]) -> None:
    """Writes all jobs, one statement a kind."""
    gathered: Job = {}
    for job in jobs:
        for name, rows in job.items():
            gathered.setdefault(name, []).extend(rows)
    for name, statement in known.items():
        if gathered.get(name):
            connection.execute(statement, gathered[name])
