"""The first tables: runs, host_results, resource_results, facts."""
import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Written out, not taken from tables.py, which will be another by then."""
    op.create_table(
        "runs",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("started", sa.Float(53), nullable=False),
        sa.Column("ended", sa.Float(53)),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("stopped", sa.Text, nullable=False),
        sa.Column("documents", sa.JSON, nullable=False),
        sa.Column("targets", sa.Text, nullable=False),
        sa.Column("host_count", sa.Integer, nullable=False),
        sa.Column("hosts", sa.JSON, nullable=False),
        sa.Column("machine", sa.Text, nullable=False),
        sa.Column("boot", sa.String(64), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("born", sa.String(32), nullable=False),
        sa.Column("last_sign", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_index("ix_runs_started", "runs", ["started"])
    op.create_table(
        "host_results",
        sa.Column("run", sa.String(32), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("mend", sa.Text, nullable=False),
        sa.Column("owed", sa.JSON),
        sa.Column("graph", sa.String(64), nullable=False),
        sa.Column("seconds", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("run", "host", name="pk_host_results"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_host_results_runs", ondelete="CASCADE"),
    )
    texts = ("action", "refreshed", "error", "message", "mend", "argument", "file")
    op.create_table(
        "resource_results",
        sa.Column("run", sa.String(32), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("position", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("took_ms", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text) for name in texts),
        *(sa.Column(name, sa.JSON) for name in ("fields", "diffs", "outputs")),
        *(sa.Column(name, sa.Integer) for name in ("line", "col", "width")),
        sa.PrimaryKeyConstraint("run", "host", "position", name="pk_resource_results"),
        sa.ForeignKeyConstraint(["run", "host"], ["host_results.run", "host_results.host"],
                                name="fk_resource_results_host_results", ondelete="CASCADE"),
    )
    op.create_table(
        "facts",
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("gathered", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("host", name="pk_facts"),
    )
