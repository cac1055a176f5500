"""Since when a resource of a host has been seen to differ from what was declared."""
import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Written out, as in v0001."""
    op.create_table(
        "drift",
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("first_seen", sa.Float(53), nullable=False),
        sa.Column("run", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("host", "digest", name="pk_drift"),
    )
