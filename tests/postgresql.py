"""PostgreSQL servers of the tests' own, from Debian's packages."""
from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest


def server_programs() -> Path | None:
    """The folder with initdb and pg_ctl; Debian keeps it off the PATH, one for each version."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    return next((folder for folder in reversed(folders) if (folder / "initdb").exists() and
                 (folder / "pg_ctl").exists()), None)


@contextmanager
def server(options: str = "-c listen_addresses=''", rules: Sequence[str] = ()) -> Iterator[Path]:
    """A running server; gives the folder of its socket, over which `holdfast` is let in as its superuser. Not a folder
    of pytest's, which a later session may delete while the server runs. options: of the server. rules: lines of
    pg_hba.conf."""
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
    with (data / "pg_hba.conf").open("a") as stream:
        stream.writelines(f"{rule}\n" for rule in rules)
    call("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", f"{options} -k {folder} -F", "start")
    try:
        yield folder
    finally:
        call("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder)
