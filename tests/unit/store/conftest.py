"""The stores that a test can be given."""
from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest


def server_programs() -> Path | None:
    """The folder with initdb and pg_ctl; Debian keeps it off the PATH, one for each version."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    return next((folder for folder in reversed(folders) if (folder / "initdb").exists() and
                 (folder / "pg_ctl").exists()), None)


@pytest.fixture(scope="session")
def postgresql():
    """The URL of a server of the tests' own, reached by a socket in a temporary folder. Not one of pytest's, which a
    later session of pytest may delete while the server runs."""
    programs = server_programs()
    if programs is None:
        pytest.skip("PostgreSQL's server programs are not installed (Debian: apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="holdfast-pg-"))
    as_user: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(folder, "nobody")
        as_user = ["setpriv", "--reuid=nobody", "--clear-groups", "--"]
    data = folder / "data"

    def call(*command: str) -> None:
        program, *arguments = command
        subprocess.run([*as_user, str(programs / program), *arguments], cwd=folder, check=True, capture_output=True,
                       timeout=60)

    call("initdb", "-D", str(data), "-A", "trust", "-U", "holdfast", "--no-sync", "-E", "UTF8", "--locale=C")
    call("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"),
         "-o", f"-c listen_addresses='' -k {folder} -F", "start")
    try:
        yield f"postgresql://holdfast@/postgres?host={folder}"
    finally:
        call("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder)


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
