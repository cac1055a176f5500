"""What scheduled enforcement keeps: the history of drift, holds, how hosts stand, and what is still to be told."""
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Written out, as in v0001. Of drift that was seen before it is not known what differed."""
    for column in _episode():
        op.add_column("drift", column)
    op.create_table(
        "healed",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("first_seen", sa.Float(53), nullable=False),
        sa.Column("run", sa.String(32), nullable=False),
        *_episode(),
        sa.Column("ended", sa.Float(53), nullable=False),
        sa.Column("ended_by", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_healed"),
    )
    op.create_index("ix_healed_host", "healed", ["host", "digest"])
    op.create_index("ix_healed_ended", "healed", ["ended"])
    op.create_table(
        "holds",
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("until", sa.Float(53), nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("made", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("host", "digest", name="pk_holds"),
    )
    op.create_table(
        "settled",
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("nodes", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("host", name="pk_settled"),
    )
    op.create_table(
        "kept",
        sa.Column("association", sa.String(255), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("asked", sa.Float(53), nullable=False),
        sa.Column("good", sa.Float(53)),
        sa.Column("since", sa.Float(53), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("told", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("association", "host", name="pk_kept"),
    )
    op.create_table(
        "rounds",
        sa.Column("association", sa.String(255), nullable=False),
        sa.Column("due", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("association", name="pk_rounds"),
    )
    op.create_table(
        "deliveries",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("association", sa.String(255), nullable=False),
        sa.Column("hook", sa.String(64), nullable=False),
        sa.Column("event", sa.JSON, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_try", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_deliveries"),
    )


def _episode() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("association", sa.String(255), nullable=False, server_default=""),
        sa.Column("cause", sa.String(16), nullable=False, server_default=""),
        sa.Column("action", sa.Text),
        sa.Column("fields", sa.JSON),
        sa.Column("diffs", sa.JSON),
        sa.Column("stopped", sa.Float(53)),
        sa.Column("told", sa.String(16), nullable=False, server_default=""),
    )
