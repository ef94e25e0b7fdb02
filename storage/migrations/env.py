"""Alembic's entry: runs the revisions on the connection it is handed."""

from alembic import context

from storage.models import Inbox

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Inbox.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
