"""An open database: transactions in, transactions out."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from holdfast.executor.model import HostResult
from holdfast.problems import Problems
from holdfast.store import keepers, reading, writing
from holdfast.store.opening import open_database, translated

if TYPE_CHECKING:
    from holdfast.store.model import Run

T = TypeVar("T")
ALIKE = 10  # how many runs are named when an id is ambiguous


class Database:
    """Raises Problems when it cannot be opened or used."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._engine = open_database(where)
        self._statements = writing.statements(self._engine.dialect)

    def close(self) -> None:
        """Lets go of all connections."""
        self._engine.dispose()

    def write(self, jobs: Sequence[tuple[writing.Job, Future[None]]]) -> None:
        """All jobs in one transaction; if that fails each in its own, so that one bad job spoils no other."""
        try:
            self._carry_out([job for job, _ in jobs])
        except Exception as error:  # whoever waits for the future gets it
            if len(jobs) > 1:
                for pair in jobs:
                    self.write([pair])
            else:
                jobs[0][1].set_exception(error)
            return
        for _, future in jobs:
            future.set_result(None)

    def give_sign(self, runs: Sequence[str], kept: Sequence[str], now: float) -> set[str]:
        """Says that these runs still have their controller, and that this process still keeps these associations;
        those of which that is so."""
        try:
            if runs:
                self._carry_out([{"sign": [{"id_": run, "last_sign_": now} for run in runs]}])
            return self.alter(lambda connection: keepers.sign(connection, kept)) if kept else set()
        except (Problems, SQLAlchemyError):
            return set()  # nobody waits for it; a result that cannot be kept will say what is wrong

    def _carry_out(self, jobs: Sequence[writing.Job]) -> None:
        with translated(self._where), self._engine.begin() as connection:
            writing.carry_out(connection, self._statements, jobs)

    def runs(self, now: float, limit: int, applied: bool) -> tuple[Run, ...]:
        """See Store.runs."""
        with translated(self._where), self._engine.connect() as connection:
            return reading.newest_runs(connection, now, limit, applied)

    def matching(self, now: float, word: str) -> tuple[Run, ...]:
        """See Store.run."""
        with translated(self._where), self._engine.connect() as connection:
            return reading.matching_runs(connection, now, word, ALIKE)

    def results(self, run: str, hosts: Sequence[str] | None) -> dict[str, HostResult]:
        """Results by host; of all hosts when None is named."""
        with translated(self._where), self._engine.connect() as connection:
            return reading.results(connection, run, hosts)

    def drift_since(self, hosts: Sequence[str]) -> dict[tuple[str, str], float]:
        """See Store.drift_since."""
        with translated(self._where), self._engine.connect() as connection:
            return reading.drift_since(connection, hosts)

    def ask(self, question: Callable[[Connection], T]) -> T:
        """See Store.ask."""
        with translated(self._where), self._engine.connect() as connection:
            return question(connection)

    def alter(self, change: Callable[[Connection], T]) -> T:
        """See Store.alter."""
        with translated(self._where), self._engine.begin() as connection:
            return change(connection)

    def facts(self, hosts: Sequence[str], since: float) -> dict[str, Mapping[str, Any]]:
        """The facts of those hosts that were gathered at `since` or later."""
        with translated(self._where), self._engine.connect() as connection:
            return reading.kept_facts(connection, hosts, since)
