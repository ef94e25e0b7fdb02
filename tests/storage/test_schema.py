"""The revisions lead to exactly what the models describe."""

from datetime import UTC, datetime, timedelta

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine
from sqlmodel import Session

from storage import schema, timers
from storage.models import Inbox

NOW = datetime(2026, 1, 28, 2, 20, tzinfo=UTC)


def test_an_upgraded_empty_database_is_what_the_models_describe(empty: Engine) -> None:
    schema.upgrade(empty)
    with empty.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Inbox.metadata) == []


def test_upgrading_twice_is_harmless(empty: Engine) -> None:
    schema.upgrade(empty)
    with Session(empty) as session:
        session.add(Inbox(key="k", kind="x", body="{}", lane="l", received_at=NOW, due=NOW))
        session.commit()
    schema.upgrade(empty)
    with Session(empty) as session:
        assert session.get(Inbox, 1) is not None


def test_a_model_that_has_moved_on_is_noticed(empty: Engine) -> None:
    schema.upgrade(empty)
    with empty.connect() as connection:
        for table in ("outbox", "shown_card"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Inbox.metadata)


def test_the_id_of_a_timer_that_has_fired_is_never_given_again(empty: Engine) -> None:
    schema.upgrade(empty)
    ids = []
    with Session(empty) as session:
        for days in range(3):
            timers.set(session, "silence", 7, NOW + timedelta(days=days))
            (row,) = timers.due(session, NOW + timedelta(days=9), 10)
            ids.append(row.id)
            session.delete(row)
            session.flush()
    assert ids == [1, 2, 3]
