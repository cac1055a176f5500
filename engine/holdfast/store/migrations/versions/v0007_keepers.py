"""Which process keeps an association."""
import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Written out, as in v0001."""
    op.create_table(
        "keepers",
        sa.Column("association", sa.String(255), nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("machine", sa.Text, nullable=False),
        sa.Column("boot", sa.String(64), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("born", sa.String(32), nullable=False),
        sa.Column("since", sa.Float(53), nullable=False),
        sa.Column("last_sign", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("association", name="pk_keepers"),
    )
