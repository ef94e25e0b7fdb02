"""Databases to test on: a SQLite file, and a schema of its own on PostgreSQL where one answers."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine
from sqlmodel import Session

from storage.columns import Sealed
from storage.db import Database, connect
from storage.models import Inbox
from tests.postgres import find, own_schema


@pytest.fixture(scope="session")
def postgres() -> str:
    """The URL of a PostgreSQL to make schemas in."""
    return find()


@pytest.fixture(autouse=True)
def _unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Personal data can be read; a key that nobody else has set is forgotten after the test."""
    if Sealed._box is None:
        monkeypatch.setattr(Sealed, "_box", Fernet(Fernet.generate_key()))


BACKENDS = ("sqlite", "postgresql")


@pytest.fixture(params=BACKENDS)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without tables."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path / 'yinuo.db'}"
        else:
            url = stack.enter_context(own_schema(request.getfixturevalue("postgres")))
        engine = connect(url, durable=False)
        yield engine
        engine.dispose()


# These tests share one database of each kind; what a test did there is undone at its end.


@pytest.fixture(scope="session", params=BACKENDS)
def shared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path_factory.mktemp('shared') / 'yinuo.db'}"
        else:
            url = stack.enter_context(own_schema(request.getfixturevalue("postgres")))
        engine = connect(url, durable=False)
        Inbox.metadata.create_all(engine)
        yield engine
        engine.dispose()


@pytest.fixture
def session(shared: Engine) -> Iterator[Session]:
    with shared.connect() as connection, connection.begin() as undone:
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session
        undone.rollback()


@pytest.fixture
def db(shared: Engine) -> Iterator[Database]:
    """An open database with its writer."""
    database = Database(shared)
    database.open()
    yield database
    database.close()
    with shared.begin() as connection:
        for table in reversed(Inbox.metadata.sorted_tables):
            connection.execute(table.delete())
