"""Aware times, and personal data that cannot be read in the file."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import StatementError
from sqlmodel import Session, select

from storage.columns import Sealed
from storage.models import Contact, Timer

PHONE = "13800138000"


def save_contact(session: Session, phone: str | None) -> None:
    session.add(Contact(name="张总", phone=phone))
    session.commit()


def test_a_phone_number_comes_back_as_it_was(session: Session) -> None:
    save_contact(session, PHONE)
    session.expire_all()
    assert session.exec(select(Contact)).one().phone == PHONE


def test_a_phone_number_is_unreadable_in_the_database(session: Session) -> None:
    save_contact(session, PHONE)
    (stored,) = session.connection().execute(text("SELECT phone FROM contact")).one()
    assert PHONE not in stored
    assert stored.startswith("gAAAA")


@pytest.mark.parametrize("phone", [None, ""])
def test_no_phone_number_needs_no_key(session: Session, phone: str | None) -> None:
    Sealed._box = None
    save_contact(session, phone)
    session.expire_all()
    assert session.exec(select(Contact)).one().phone == phone


def test_without_the_key_nothing_personal_is_written(session: Session) -> None:
    Sealed._box = None
    with pytest.raises(StatementError, match="locked"):
        save_contact(session, PHONE)


def test_a_moment_comes_back_aware_in_utc(session: Session) -> None:
    local = datetime.fromisoformat("2026-01-28T10:20:00.123456+08:00")
    session.add(Timer(name="remind", due=local))
    session.commit()
    session.expire_all()
    due = session.exec(select(Timer)).one().due
    assert (due, due.tzinfo) == (local, UTC)


def test_a_moment_without_a_zone_is_refused(session: Session) -> None:
    session.add(Timer(name="remind", due=datetime(2026, 1, 28)))
    with pytest.raises(StatementError, match="no time zone"):
        session.flush()


def test_moments_are_stored_in_utc(session: Session) -> None:
    local = datetime.fromisoformat("2026-01-28T00:20:00+08:00")
    session.add(Timer(name="remind", due=local))
    session.flush()
    (stored,) = session.connection().execute(text("SELECT due FROM timer")).one()
    assert str(stored).startswith("2026-01-27 16:20:00")
