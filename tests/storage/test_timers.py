"""Moments to be woken at."""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from storage import timers

NOW = datetime(2026, 1, 28, 2, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


def due(db: Session, now: datetime) -> list[tuple[str, int]]:
    return [(row.name, row.subject) for row in timers.due(db, now, 10)]


def test_a_timer_is_due_at_its_moment_and_not_before(session: Session) -> None:
    timers.set(session, "late", 7, NOW + HOUR)
    assert due(session, NOW) == []
    assert due(session, NOW + HOUR) == [("late", 7)]


def test_timers_come_in_the_order_of_their_moments(session: Session) -> None:
    for subject, hours in [(1, 3), (2, 1), (3, 2)]:
        timers.set(session, "late", subject, NOW + hours * HOUR)
    assert due(session, NOW + 9 * HOUR) == [("late", 2), ("late", 3), ("late", 1)]


def test_a_newer_wish_replaces_the_earlier_one_of_its_name_and_subject(session: Session) -> None:
    timers.set(session, "late", 7, NOW, {"round": "1"})
    timers.set(session, "late", 8, NOW)
    timers.set(session, "silence", 7, NOW)
    timers.set(session, "late", 7, NOW + HOUR, {"round": "2"})
    assert due(session, NOW) == [("late", 8), ("silence", 7)]
    assert [row.data for row in timers.due(session, NOW + HOUR, 10)] == [{}, {}, {"round": "2"}]


def test_a_dropped_timer_wakes_nobody(session: Session) -> None:
    timers.set(session, "late", 7, NOW)
    timers.drop(session, "late", 7)
    timers.drop(session, "late", 7)
    assert due(session, NOW) == []
    assert timers.next_due(session) is None


def test_the_next_moment_is_the_earliest(session: Session) -> None:
    timers.set(session, "late", 7, NOW + 2 * HOUR)
    timers.set(session, "late", 8, NOW + HOUR)
    assert timers.next_due(session) == NOW + HOUR


def test_a_look_takes_no_more_than_asked_for(session: Session) -> None:
    for subject in range(20):
        timers.set(session, "late", subject, NOW)
    assert len(timers.due(session, NOW, 10)) == 10
