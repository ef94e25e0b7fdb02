"""PostgreSQL for tests: found where it usually answers, each test in a schema of its own."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

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


def find() -> str:
    """The URL of a PostgreSQL to make schemas in. Skips the test, loudly, where none answers."""
    given = os.environ.get("YINUO_TEST_POSTGRES", "")
    given = given.replace("postgresql://", "postgresql+psycopg://", 1)
    found = next(filter(_answers, [given] if given else USUAL_PLACES), None)
    if found is None and os.environ.get("YINUO_TESTS_SKIP_NOTHING") == "1":
        pytest.fail(REMEDY)
    if found is None:
        pytest.skip(REMEDY)
    return found


@contextmanager
def own_schema(postgres: str) -> Iterator[str]:
    """The URL of the same PostgreSQL seen from an empty schema, which is dropped at the end."""
    name = f"yinuo_{secrets.token_hex(6)}"
    quick = {"options": "-csynchronous_commit=off"}
    admin = create_engine(postgres, isolation_level="AUTOCOMMIT", connect_args=quick)
    with admin.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
        options = f"-csearch_path={name}%20-csynchronous_commit=off"
        try:
            yield f"{postgres}{'&' if '?' in postgres else '?'}options={options}"
        finally:
            connection.execute(text(f"DROP SCHEMA {name} CASCADE"))
            connection.close()
            admin.dispose()
