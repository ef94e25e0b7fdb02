"""Alembic's entry: runs the revisions on the connection it is handed."""

from typing import Any, Literal

from alembic import context
from sqlmodel.sql.sqltypes import AutoString

from storage.columns import Sealed, UtcTime
from storage.models import Inbox

PLAIN = {AutoString: "sa.String()", UtcTime: "sa.DateTime()", Sealed: "sa.Text()"}


def render_plainly(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """Revisions name the database's own types, so that they outlive our classes."""
    return PLAIN.get(type(item), False) if kind == "type" else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Inbox.metadata,
    render_as_batch=True,
    render_item=render_plainly,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
