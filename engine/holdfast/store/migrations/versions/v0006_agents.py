"""How the agents of hosts stand."""
import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Written out, as in v0001."""
    op.create_table(
        "agents",
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("agent", sa.String(200), nullable=False),
        sa.Column("wanted", sa.String(16), nullable=False),
        sa.Column("present", sa.Boolean),
        sa.Column("healthy", sa.Boolean),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("since", sa.Float(53), nullable=False),
        sa.Column("asked", sa.Float(53)),
        sa.Column("run", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("host", "agent", name="pk_agents"),
    )
