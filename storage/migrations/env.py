"""Alembic's entry: runs the revisions on the connection it is handed."""

from alembic import context
from sqlmodel import SQLModel

from storage import models

assert models.__doc__  # the tables register themselves on import

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
