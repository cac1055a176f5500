"""What is written, and in which order within one transaction."""
from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any

from sqlalchemy import Connection, Dialect, Executable, and_, bindparam, delete, exists, insert, or_, update

from holdfast.store.rows import Row
from holdfast.store.tables import drift, facts, host_results, resource_results, runs

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
        "healed": delete(drift).where(drift.c.host == bindparam("host_"), is_as_declared),
        "drifted": _insert(dialect, drift).on_conflict_do_nothing(),
        "sign": update(runs).where(this_run).values(last_sign=bindparam("last_sign_")),
        "end": update(runs).where(this_run).values({name: bindparam(name + "_") for name in ended}),
        "facts": _upsert(dialect, facts),
    }


def _upsert(dialect: Dialect, table: Any) -> Executable:
    made = _insert(dialect, table)
    rest = {column.name: made.excluded[column.name] for column in table.columns if not column.primary_key}
    upsert: Executable = made.on_conflict_do_update(index_elements=list(table.primary_key), set_=rest)
    return upsert


def _insert(dialect: Dialect, table: Any) -> Any:
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
