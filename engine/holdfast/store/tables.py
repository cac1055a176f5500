"""The tables. Only what SQLite and PostgreSQL both know; a change here needs a migration in migrations/versions."""
from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

NEWEST = "0007"  # the version of the schema below


class Words(TypeDecorator[str]):
    """Text from anywhere: what no database takes (NUL, bytes that are not UTF-8) is replaced."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or (value.isascii() and "\0" not in value):
            return value
        return value.replace("\0", "␀").encode("utf-8", "replace").decode("utf-8")


def _json(name: str) -> Column[Any]:
    return Column(name, JSON(none_as_null=True))


def _episode() -> tuple[Column[Any], ...]:
    """What is kept of a drift beside its host and id. association: that which found it, "": none. cause: `corrective`,
    the host moved; `intended`, the document did; "": not known. stopped: when it was given up as a fight. told: what
    hooks have been told of it."""
    return (
        Column("association", String(255), nullable=False, server_default=""),
        Column("cause", String(16), nullable=False, server_default=""),
        Column("action", Words),
        _json("fields"),
        _json("diffs"),
        Column("stopped", Float(53)),
        Column("told", String(16), nullable=False, server_default=""),
    )


metadata = MetaData(naming_convention={
    "pk": "pk_%(table_name)s", "ix": "ix_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(referred_table_name)s",
})

runs = Table(
    "runs", metadata,
    Column("id", String(32), primary_key=True),
    Column("mode", String(16), nullable=False),
    Column("who", Words, nullable=False),
    Column("started", Float(53), nullable=False),  # seconds since the epoch, as everywhere here
    Column("ended", Float(53)),
    Column("status", String(16), nullable=False),
    Column("stopped", Words, nullable=False),
    Column("documents", JSON, nullable=False),
    Column("targets", Words, nullable=False),
    Column("host_count", Integer, nullable=False),
    Column("hosts", JSON, nullable=False),
    Column("machine", Words, nullable=False),  # these four: the controller, see life.py
    Column("boot", String(64), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("born", String(32), nullable=False),
    Column("last_sign", Float(53), nullable=False),
    _json("request"),  # what it was asked for, so that it can be resumed
    Column("seal", String(64), nullable=False, server_default=""),  # the key of what hosts keep to undo it
    Index("ix_runs_started", "started"),
)

host_results = Table(
    "host_results", metadata,
    Column("run", String(32), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("host", String(255), primary_key=True),
    Column("status", String(16), nullable=False),
    Column("message", Words, nullable=False),
    Column("mend", Words, nullable=False),
    _json("owed"),
    Column("graph", String(64), nullable=False),
    Column("seconds", Float(53), nullable=False),
)

resource_results = Table(
    "resource_results", metadata,
    Column("run", String(32), primary_key=True),
    Column("host", String(255), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("id", Words, nullable=False),
    Column("status", String(16), nullable=False),
    Column("action", Words),
    _json("fields"),
    _json("diffs"),
    Column("refreshed", Words),
    Column("error", Words),
    Column("message", Words),
    Column("mend", Words),
    Column("argument", Words),
    _json("outputs"),
    Column("took_ms", Integer, nullable=False),
    Column("file", Words),
    Column("line", Integer),
    Column("col", Integer),
    Column("width", Integer),
    ForeignKeyConstraint(["run", "host"], ["host_results.run", "host_results.host"], ondelete="CASCADE"),
)

facts = Table(
    "facts", metadata,
    Column("host", String(255), primary_key=True),
    Column("facts", JSON, nullable=False),
    Column("gathered", Float(53), nullable=False),
)

drift = Table(
    "drift", metadata,
    Column("host", String(255), primary_key=True),
    Column("digest", String(64), primary_key=True),  # SHA-256 of the id, which may be too long for an index
    Column("id", Words, nullable=False),
    Column("first_seen", Float(53), nullable=False),
    Column("run", String(32), nullable=False),  # the one that saw it first; no foreign key: it may be forgotten
    *_episode(),
)

# Drift that is over, one row for each time.
healed = Table(
    "healed", metadata,
    Column("number", Integer, primary_key=True),
    Column("host", String(255), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("id", Words, nullable=False),
    Column("first_seen", Float(53), nullable=False),
    Column("run", String(32), nullable=False),
    *_episode(),
    Column("ended", Float(53), nullable=False),
    Column("ended_by", String(32), nullable=False),  # the run that made it so; "": it was found so
    Index("ix_healed_host", "host", "digest"),
    Index("ix_healed_ended", "ended"),
)

holds = Table(
    "holds", metadata,
    Column("host", String(255), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("id", Words, nullable=False),
    Column("until", Float(53), nullable=False),
    Column("owner", Words, nullable=False),
    Column("why", Words, nullable=False),
    Column("made", Float(53), nullable=False),
)

# What resources were declared to be when they were last seen to be so: digests by id.
settled = Table(
    "settled", metadata,
    Column("host", String(255), primary_key=True),
    Column("nodes", JSON, nullable=False),
)

# How a host stands to an association that keeps it.
kept = Table(
    "kept", metadata,
    Column("association", String(255), primary_key=True),
    Column("host", String(255), primary_key=True),
    Column("status", String(16), nullable=False),
    Column("asked", Float(53), nullable=False),  # the last round that tried to
    Column("good", Float(53)),  # when it was seen to be as declared
    Column("since", Float(53), nullable=False),  # the status is this one
    Column("message", Words, nullable=False),
    Column("told", String(16), nullable=False),  # the status that hooks have been told
)

rounds = Table(
    "rounds", metadata,
    Column("association", String(255), primary_key=True),
    Column("due", Float(53), nullable=False),  # the round that was begun last was due then
)

keepers = Table(  # which process keeps an association, see keepers.py
    "keepers", metadata,
    Column("association", String(255), primary_key=True),
    Column("who", Words, nullable=False),
    Column("machine", Words, nullable=False),  # these four: the process, see life.py
    Column("boot", String(64), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("born", String(32), nullable=False),
    Column("since", Float(53), nullable=False),
    Column("last_sign", Float(53), nullable=False),
)

# What is to be told, until it has been.
deliveries = Table(
    "deliveries", metadata,
    Column("number", Integer, primary_key=True),
    Column("association", String(255), nullable=False),
    Column("hook", String(64), nullable=False),
    Column("event", JSON, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_try", Float(53), nullable=False),
)

agents = Table(  # how the agents of hosts stood when that was told last
    "agents", metadata,
    Column("host", String(255), primary_key=True),
    Column("agent", String(200), primary_key=True),
    Column("wanted", String(16), nullable=False),
    Column("present", Boolean),  # NULL, as of `healthy`: not known
    Column("healthy", Boolean),
    Column("version", Words, nullable=False),
    Column("why", Words, nullable=False),
    Column("since", Float(53), nullable=False),
    Column("asked", Float(53)),
    Column("run", String(32), nullable=False),  # no foreign key: it may be forgotten
)

version = Table("alembic_version", metadata, Column("version_num", String(32), primary_key=True))
