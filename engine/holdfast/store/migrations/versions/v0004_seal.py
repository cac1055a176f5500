"""The key under which hosts keep what it takes to undo a run."""
import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Runs from before have none: what was kept of them was not sealed, and is not read any more."""
    op.add_column("runs", sa.Column("seal", sa.String(64), nullable=False, server_default=""))
