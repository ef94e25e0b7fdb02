"""The revisions lead to exactly what the models describe."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, MetaData
from sqlmodel import Session

from storage import schema, timers
from storage.models import FollowUp, Inbox

NOW = datetime(2026, 1, 28, 2, 20, tzinfo=UTC)
OLD_ROWS: dict[str, dict[str, Any]] = {
    "person": {"id": 1, "name": "小李", "role": "sales", "delivers": [], "active": True},
    "follow_up": {
        "id": 1,
        "author_id": 1,
        "inbox_id": 1,
        "chat": "wecom:li",
        "text": "张总嫌贵",
        "summary": "",
        "tags": [],
        "why": {},
        "before": {},
        "people": [],
        "company": "",
        "state": "open",
        "at": NOW.replace(tzinfo=None),
    },
}
"""What a release before this one wrote."""


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


@pytest.mark.parametrize("old", ["0001", "0002"])
def test_a_database_of_an_older_release_keeps_its_notes(empty: Engine, old: str) -> None:
    schema.upgrade(empty, old)
    with empty.begin() as connection:
        tables = MetaData()
        tables.reflect(connection)
        for table, values in OLD_ROWS.items():
            connection.execute(tables.tables[table].insert().values(values))
    schema.upgrade(empty)
    with Session(empty) as session:
        note = session.get_one(FollowUp, 1)
        assert note.text == "张总嫌贵"
        assert (note.proposal, note.origins, note.doubt) == ({}, [], {})


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
