"""Alembic's entry: runs the migrations on the connection that `upgrade.py` hands over."""

from alembic import context

from footnote.databases.sqlite.schema import metadata

# The caller's transaction spans all migrations: SQLite undoes changes of tables like any other.
context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True
)
with context.begin_transaction():
    context.run_migrations()
