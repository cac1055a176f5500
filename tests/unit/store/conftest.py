"""The stores that a test can be given."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.postgresql import server


@pytest.fixture(scope="session")
def postgresql():
    """The URL of a server of the tests' own, reached by a socket in a temporary folder."""
    with server() as folder:
        yield f"postgresql://holdfast@/postgres?host={folder}"


@pytest.fixture(params=["sqlite", "postgresql"])
def store_at(request, tmp_path: Path) -> str:
    """Where to open an empty store: a path, then a URL."""
    if request.param == "sqlite":
        return str(tmp_path / "holdfast.db")
    url: str = request.getfixturevalue("postgresql")
    from sqlalchemy import create_engine, text
    name = "db_" + "".join(c if c.isalnum() else "_" for c in tmp_path.name.lower())[-40:]
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return url.replace("/postgres?", f"/{name}?")
