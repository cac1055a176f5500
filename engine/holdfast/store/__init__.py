"""What is kept: runs, results, facts. SQLite by default, PostgreSQL by URL.

Importing this package is cheap; SQLAlchemy is loaded by the thread that opens the database.
"""
from holdfast.store.model import Run, new_run_id
from holdfast.store.store import Store

__all__ = ["Run", "Store", "new_run_id"]
