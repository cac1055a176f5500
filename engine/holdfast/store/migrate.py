"""Older schemas become the newest. Imported only when one is found, for Alembic is slow to load."""
from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection

from holdfast.problems import Problem, Problems
from holdfast.store.tables import NEWEST

FOLDER = Path(__file__).parent / "migrations"


def migrate(connection: Connection, where: str, to: str = NEWEST) -> None:
    """Within the connection's transaction. Raises Problems for a schema that this version does not know."""
    config = configuration()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, to)
    except CommandError as error:
        raise Problems([Problem(f"the store {where} was written by a newer Holdfast: {error}", None,
                                "run that version, or name another folder with -C")]) from None


def newest() -> str:
    """The last step in the folder of migrations."""
    return ScriptDirectory.from_config(configuration()).get_current_head() or ""


def configuration() -> Config:
    """Alembic's settings."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
