"""How Alembic runs: on the connection, and in the transaction, of whoever opens the store."""
from alembic import context

from holdfast.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
