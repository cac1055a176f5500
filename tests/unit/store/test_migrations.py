"""Every way to a store's newest schema leads to the same schema."""
from __future__ import annotations

import re
import sqlite3
import subprocess
import sys

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from holdfast.store import Store
from holdfast.store.migrate import migrate, newest
from holdfast.store.tables import NEWEST, metadata


def schema(path) -> dict[str, list[str]]:
    """What tables and indices are made of, without Alembic's own."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: sorted(re.findall(r"\w+", sql)) for name, sql in rows if name != "alembic_version"}


def test_the_last_migration_is_the_version_that_a_new_store_gets():
    assert newest() == NEWEST


def test_a_migrated_store_is_equal_to_a_new_one(tmp_path):
    with Store.open(tmp_path / "new.db") as store:
        store.ready()
    engine = create_engine(f"sqlite:///{tmp_path / 'old.db'}")
    with engine.begin() as connection:
        migrate(connection, "old.db")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata) == []
    engine.dispose()
    assert schema(tmp_path / "old.db") == schema(tmp_path / "new.db")


def test_a_migrated_store_opens(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'old.db'}")
    with engine.begin() as connection:
        migrate(connection, "old.db")
    engine.dispose()
    with Store.open(tmp_path / "old.db") as store:
        assert store.runs() == ()


def test_alembic_is_not_loaded_for_a_store_that_is_up_to_date(tmp_path):
    code = ("import sys; from holdfast.store import Store; assert 'sqlalchemy' not in sys.modules\n"
            "with Store.open(sys.argv[1]) as store: store.runs()\n"
            "print(*(name in sys.modules for name in ('sqlalchemy', 'alembic', 'sqlalchemy.orm',\n"
            "                                         'sqlalchemy.dialects.postgresql')))")
    for _ in ("new", "there already"):
        done = subprocess.run([sys.executable, "-c", code, tmp_path / "holdfast.db"], capture_output=True, text=True,
                              env={"PYTHONPATH": ":".join(sys.path)}, check=True)
        assert done.stdout == "True False False False\n"
