"""Databases to test on: a SQLite file, and a schema of its own on PostgreSQL where one answers."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

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


@pytest.fixture
def schema_url(postgres: str) -> Iterator[str]:
    """The same PostgreSQL seen from an empty schema, which is dropped after the test."""
    name = f"yinuo_{secrets.token_hex(6)}"
    admin = create_engine(postgres, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
        yield f"{postgres}{'&' if '?' in postgres else '?'}options=-csearch_path={name}"
        connection.execute(text(f"DROP SCHEMA {name} CASCADE"))
    admin.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without tables."""
    if request.param == "sqlite":
        engine = connect(f"sqlite:///{tmp_path / 'yinuo.db'}", durable=False)
    else:
        engine = connect(request.getfixturevalue("schema_url"))
    yield engine
    engine.dispose()


@pytest.fixture
def engine(empty: Engine) -> Engine:
    """A database with all tables, made from the models."""
    Inbox.metadata.create_all(empty)
    return empty


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session


@pytest.fixture
def db(engine: Engine) -> Iterator[Database]:
    """An open database with its writer."""
    database = Database(engine)
    database.open()
    yield database
    database.close()
