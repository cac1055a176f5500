"""What a run was asked for, so that it can be resumed."""
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Runs from before cannot be resumed."""
    op.add_column("runs", sa.Column("request", sa.JSON))
