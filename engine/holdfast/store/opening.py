"""From a path or URL to a database whose tables are those of tables.py."""
from __future__ import annotations

import errno
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, select
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, NoSuchModuleError

from holdfast import own_folder
from holdfast.problems import Problem, Problems
from holdfast.store.tables import NEWEST, metadata, version

BUSY_S = 30  # how long SQLite waits for another controller's transaction
# Two controllers may open a new database at the same time; one of them makes the tables.
ALONE = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(4739212)"}
MEND_OF = {errno.ENOSPC: "make room on that disk", errno.EDQUOT: "make room within that user's quota",
           errno.EROFS: "make that file system writable, or name another folder with -C"}
MASK = "«password»"
PRAGMAS = (f"busy_timeout={BUSY_S * 1000}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")


def open_database(where: str) -> Engine:
    """where: a path, or a URL (postgresql://…). Makes what is missing, brings an older schema up to date. Raises
    Problems."""
    with translated(where):
        engine = _of_url(where) if "://" in where else _of_path(Path(where))
        with engine.connect() as connection:
            found = _version(connection)
            if found != NEWEST:
                connection.rollback()
                _bring_up_to_date(connection, where)
    return engine


def _of_url(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgres", "postgresql"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() not in ALONE:
            raise NoSuchModuleError(parsed.drivername)
        if parsed.get_backend_name() == "sqlite":
            return _of_path(Path(parsed.database or ""))
        return create_engine(parsed, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError):
        raise Problems([Problem("the store's URL is not one of a database that Holdfast knows", None,
                                "write a path, or postgresql://user@host/name")]) from None
    except ModuleNotFoundError as missing:
        raise Problems([Problem(f"the store is in PostgreSQL, and {missing.name} is not installed", None,
                                "pip install 'psycopg[binary]'")]) from None


def _of_path(path: Path) -> Engine:
    """A file that only its owner reads."""
    own_folder.make(path.parent)
    if not path.exists():  # to open and close it again would let go of the locks of another store in this process
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))  # SQLite's other files take this mode
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_S})
    event.listen(engine, "connect", _set_pragmas)
    return engine


def _set_pragmas(connection: sqlite3.Connection, _record: Any) -> None:
    for pragma in PRAGMAS:
        _patiently(connection, f"PRAGMA {pragma}")


def _patiently(connection: sqlite3.Connection, pragma: str) -> None:
    """The step to WAL does not wait for others by itself (https://sqlite.org/wal.html, "SQLITE_BUSY")."""
    last = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute(pragma)
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > last:
                raise
        time.sleep(0.02)


def _version(connection: Connection) -> str:
    """"" for a database without tables."""
    if not inspect(connection).has_table(version.name):
        return ""
    return connection.execute(select(version.c.version_num)).scalar() or ""


def _bring_up_to_date(connection: Connection, where: str) -> None:
    connection.exec_driver_sql(ALONE[connection.dialect.name])
    found = _version(connection)  # once more: somebody else may have been faster
    if found == "":
        metadata.create_all(connection)
        connection.execute(version.insert().values(version_num=NEWEST))
    elif found != NEWEST:
        from holdfast.store.migrate import migrate  # noqa: PLC0415 -- Alembic costs more time than a whole start

        migrate(connection, where)
    connection.commit()


def without_password(where: str) -> str:
    """The path or URL as it may be shown; of a URL that is not one only its scheme."""
    scheme, is_url, _ = where.partition("://")
    if not is_url:
        return where
    try:
        url = make_url(where)
    except ArgumentError:
        return f"{scheme}://…"
    secrets = {name: MASK for name in url.query if name in ("password", "sslpassword", "passfile")}
    url = url.update_query_dict(secrets).set(password=MASK if url.password else None)
    return unquote(url.render_as_string(hide_password=False))


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turns what the database says into Problems with a mend."""
    shown = without_password(where)
    try:
        yield
    except OSError as error:
        mend = MEND_OF.get(error.errno or 0, "run as a user who may write there, or name another folder with -C")
        raise Problems([Problem(f"the store {shown} cannot be opened: {error.strerror or error}", None,
                                mend)]) from error
    except DBAPIError as error:
        raise Problems([_problem(shown, error)]) from error


def _problem(where: str, error: DBAPIError) -> Problem:
    said = " ".join(str(error.orig).split())
    if isinstance(error.orig, sqlite3.DatabaseError):
        if type(error) is DatabaseError:
            return Problem(f"the store {where} is damaged: {said}", None,
                           "move it aside and run again: the hosts are as they are, but history, holds and what "
                           "undo needs are in it")
        if "locked" in said:
            return Problem(f"the store {where} is held by another process for more than {BUSY_S} s", None,
                           f"see who has it open: fuser {where}")
        return Problem(f"the store {where} cannot be used: {said}", None,
                       "see that the disk has room and may be written")
    return Problem(f"the store {where} cannot be used: {said}", None,
                   "see that the server runs and that the URL names a user who may use the database")
