"""Budgets of a day: one row that all processes share."""

from datetime import date, timedelta

from sqlmodel import Session

from storage import spending

DAY = date(2026, 1, 28)


def take(db: Session, tokens: int = 10, day: date = DAY, calls: int = 3, most: int = 100) -> bool:
    return spending.take(db, "model", day, tokens, most_calls=calls, most_tokens=most)


def test_a_day_has_so_many_calls_and_the_next_one_has_them_again(session: Session) -> None:
    assert [take(session) for _ in range(5)] == [True, True, True, False, False]
    assert take(session, day=DAY + timedelta(days=1))
    assert spending.on(session, "model", DAY) == (3, 30)


def test_a_call_that_would_cost_too_much_is_not_made_but_a_smaller_one_is(
    session: Session,
) -> None:
    assert take(session, 90)
    assert not take(session, 11)
    assert take(session, 10)


def test_what_was_used_replaces_what_was_expected(session: Session) -> None:
    take(session, 90)
    spending.correct(session, "model", DAY, -60)
    assert spending.on(session, "model", DAY) == (1, 30)
    assert take(session, 70)


def test_services_do_not_share_a_purse(session: Session) -> None:
    take(session, 100)
    assert spending.take(session, "other", DAY, 100, most_calls=1, most_tokens=100)
    assert spending.on(session, "nobody", DAY) == (0, 0)
