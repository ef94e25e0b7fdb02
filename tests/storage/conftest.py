"""Databases to test on: a SQLite file, and a schema of its own on PostgreSQL where one answers."""

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from storage.columns import Sealed
from storage.db import Database, connect
from storage.models import Inbox

USUAL_PLACES = (
    "postgresql+psycopg:///test?host=/var/run/postgresql",
    "postgresql+psycopg://postgres@127.0.0.1:5432/test",
)
REMEDY = (
    "no PostgreSQL answers. Remedy: install one with a database `test` on a local socket or "
    "127.0.0.1:5432, or set YINUO_TEST_POSTGRES=postgresql://user:password@host/database"
)


def _answers(url: str) -> bool:
    engine = create_engine(url, connect_args={"connect_timeout": 2})
    try:
        engine.connect().close()
    except OperationalError:
        return False
    finally:
        engine.dispose()
    return True


@pytest.fixture(scope="session")
def postgres() -> str:
    """The URL of a PostgreSQL to make schemas in."""
    given = os.environ.get("YINUO_TEST_POSTGRES")
    found = next(filter(_answers, [given] if given else USUAL_PLACES), None)
    if found is None and os.environ.get("YINUO_TESTS_SKIP_NOTHING") == "1":
        pytest.fail(REMEDY)
    if found is None:
        pytest.skip(REMEDY)
    return found


@pytest.fixture(autouse=True)
def _unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Personal data can be read; a key that nobody else has set is forgotten after the test."""
    if Sealed._box is None:
        monkeypatch.setattr(Sealed, "_box", Fernet(Fernet.generate_key()))


@contextmanager
def own_schema(postgres: str) -> Iterator[str]:
    """The URL of the same PostgreSQL seen from an empty schema, which is dropped at the end."""
    name = f"yinuo_{secrets.token_hex(6)}"
    quick = {"options": "-csynchronous_commit=off"}
    admin = create_engine(postgres, isolation_level="AUTOCOMMIT", connect_args=quick)
    with admin.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
        options = f"-csearch_path={name}%20-csynchronous_commit=off"
        yield f"{postgres}{'&' if '?' in postgres else '?'}options={options}"
        connection.execute(text(f"DROP SCHEMA {name} CASCADE"))
    admin.dispose()


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
