"""What is asked of the database."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, Text, cast, func, select

from holdfast.agents.model import AgentState
from holdfast.executor.model import HostResult
from holdfast.store import rows
from holdfast.store.life import Controller, is_alive
from holdfast.store.model import COMMAND, ENFORCING, Run
from holdfast.store.tables import agents, drift, facts, host_results, resource_results, runs

ENDED = "the controller ended"
WHOLE = (runs.c.hosts, runs.c.request, runs.c.seal)  # not in lists of runs
AT_ONCE = 500  # names in one query; databases bound the number of parameters


def newest_runs(connection: Connection, now: float, limit: int, applied: bool = False) -> tuple[Run, ...]:
    """The newest runs first, without their hosts' names. applied: as Store.runs has it."""
    query = _runs().order_by(runs.c.started.desc(), runs.c.id.desc()).limit(limit)
    if applied:
        query = query.where(runs.c.mode == "apply", ~runs.c.who.startswith(ENFORCING),
                            ~cast(runs.c.documents, Text).startswith(f'["{COMMAND}'))
    found = connection.execute(query).all()
    counts = _counts(connection, [row.id for row in found])
    return tuple(_run(row, counts[row.id], now) for row in found)


def matching_runs(connection: Connection, now: float, word: str, limit: int) -> tuple[Run, ...]:
    """The runs whose id is `word`, or starts with it, or has it as its last part; newest first."""
    exact = connection.execute(_runs(*WHOLE).where(runs.c.id == word)).all()
    alike = runs.c.id.startswith(word, autoescape=True) | runs.c.id.endswith("-" + word, autoescape=True)
    found = exact or connection.execute(
        _runs(*WHOLE).where(alike).order_by(runs.c.started.desc()).limit(limit)).all()
    counts = _counts(connection, [row.id for row in found])
    return tuple(_run(row, counts[row.id], now, tuple(row.hosts), row.request, row.seal) for row in found)


def _runs(*more: Any) -> Select[Any]:
    return select(*(column for column in runs.columns if column.name not in {one.name for one in WHOLE}), *more)


def _counts(connection: Connection, ids: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
    query = select(host_results.c.run, host_results.c.status, func.count()).where(host_results.c.run.in_(ids))
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for run, status, count in connection.execute(query.group_by(host_results.c.run, host_results.c.status)):
        found[run][status] = count
    return found


def _run(row: Row[Any], counts: Mapping[str, int], now: float, hosts: tuple[str, ...] = (),
         request: Mapping[str, Any] | None = None, seal: str = "") -> Run:
    status, stopped = row.status, row.stopped
    controller = Controller(row.machine, row.boot, row.pid, row.born)
    if status == "running" and not is_alive(controller, row.last_sign, now):
        status, stopped = "interrupted", ENDED
    return Run(row.id, row.mode, row.who, row.started, row.ended, status, stopped, tuple(row.documents), row.targets,
               row.host_count, counts, hosts, request, seal)


def results(connection: Connection, run: str, hosts: Sequence[str] | None) -> dict[str, HostResult]:
    """Results by host; of all hosts of the run when None is asked for by name."""
    if hosts is not None:
        return {name: found for part in _parts(hosts)
                for name, found in _results(connection, run, part).items()}
    return _results(connection, run, None)


def _results(connection: Connection, run: str, hosts: Iterable[str] | None) -> dict[str, HostResult]:
    of_hosts = select(host_results).where(host_results.c.run == run)
    of_resources = select(resource_results).where(resource_results.c.run == run)
    if hosts is not None:
        of_hosts = of_hosts.where(host_results.c.host.in_(list(hosts)))
        of_resources = of_resources.where(resource_results.c.host.in_(list(hosts)))
    resources: dict[str, list[Any]] = defaultdict(list)
    for row in connection.execute(of_resources.order_by(resource_results.c.position)).mappings():
        resources[row["host"]].append(row)
    return {row["host"]: rows.host_result(row, resources[row["host"]])
            for row in map(dict, connection.execute(of_hosts).mappings())}


def kept_facts(connection: Connection, hosts: Sequence[str], since: float) -> dict[str, Mapping[str, Any]]:
    """The facts of those hosts that were gathered at `since` or later."""
    found: dict[str, Mapping[str, Any]] = {}
    for part in _parts(hosts):
        query = select(facts.c.host, facts.c.facts).where(facts.c.host.in_(part), facts.c.gathered >= since)
        found.update({row.host: row.facts for row in connection.execute(query)})
    return found


def drift_since(connection: Connection, hosts: Sequence[str]) -> dict[tuple[str, str], float]:
    """Since when resources have been seen to differ, by host and id."""
    query = select(drift.c.host, drift.c.id, drift.c.first_seen)
    return {(row.host, row.id): row.first_seen for part in _parts(hosts)
            for row in connection.execute(query.where(drift.c.host.in_(part)))}


def agents_of(connection: Connection, hosts: Sequence[str]) -> tuple[AgentState, ...]:
    """How the agents of these hosts stood when that was told last."""
    found = [rows.agent_state(dict(row)) for part in _parts(hosts)
             for row in connection.execute(select(agents).where(agents.c.host.in_(part))).mappings()]
    order = {host: number for number, host in enumerate(hosts)}
    return tuple(sorted(found, key=lambda one: (order[one.host], one.agent)))


def _parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[start:start + AT_ONCE] for start in range(0, len(names), AT_ONCE))
