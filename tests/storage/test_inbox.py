"""What reached us is saved once, handled in order per lane, retried and kept."""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session, select

from storage import inbox
from storage.models import Inbox

NOW = datetime(2026, 1, 28, 2, 20, tzinfo=UTC)


def add(db: Session, key: str, lane: str = "chat", at: datetime = NOW) -> bool:
    return inbox.add(db, key=key, kind="MessageReceived", body="{}", lane=lane, at=at)


def ready(db: Session, now: datetime = NOW) -> list[str]:
    return [row.key for row in inbox.ready(db, now, 50)]


def fail(db: Session, key: str, now: datetime) -> bool:
    row = db.exec(select(Inbox).where(Inbox.key == key)).one()
    return inbox.failed(db, row, now, "Traceback: no")


def test_a_second_copy_of_an_event_is_not_saved(session: Session) -> None:
    assert [add(session, "a"), add(session, "b"), add(session, "a")] == [True, True, False]
    assert len(session.exec(select(Inbox)).all()) == 2


def test_only_the_first_event_of_each_lane_is_ready(session: Session) -> None:
    for key, lane in [("a1", "a"), ("b1", "b"), ("a2", "a")]:
        add(session, key, lane)
    assert ready(session) == ["a1", "b1"]


def test_the_next_event_of_a_lane_is_ready_when_the_first_is_done(session: Session) -> None:
    add(session, "a1")
    add(session, "a2")
    inbox.done(session, inbox.ready(session, NOW, 50)[0], NOW)
    assert ready(session) == ["a2"]


def test_a_failed_event_holds_its_lane_until_it_is_tried_again(session: Session) -> None:
    add(session, "a1")
    add(session, "a2")
    assert not fail(session, "a1", NOW)
    assert ready(session) == []
    assert ready(session, NOW + inbox.RETRIES[0]) == ["a1"]


def test_what_waits_behind_a_failed_event_wakes_nobody(session: Session) -> None:
    add(session, "a1")
    add(session, "a2")
    fail(session, "a1", NOW)
    assert inbox.next_due(session) == NOW + inbox.RETRIES[0]


def test_nothing_is_due_in_an_empty_inbox(session: Session) -> None:
    assert inbox.next_due(session) is None


def test_an_event_that_fails_again_and_again_is_parked_with_its_traceback(
    session: Session,
) -> None:
    add(session, "a1")
    now, outcomes = NOW, []
    for wait in (*inbox.RETRIES, timedelta()):
        assert ready(session, now) == ["a1"]
        outcomes.append(fail(session, "a1", now))
        now += wait
    assert outcomes == [False, False, False, False, True]
    assert [row.error for row in inbox.parked(session)] == ["Traceback: no"]


def test_a_parked_event_lets_its_lane_go_on(session: Session) -> None:
    add(session, "a1")
    add(session, "a2")
    for _ in range(5):
        fail(session, "a1", NOW)
    assert ready(session) == ["a2"]


def test_parked_events_can_be_run_again_and_others_cannot(session: Session) -> None:
    add(session, "a1", "a")
    add(session, "b1", "b")
    inbox.done(session, inbox.ready(session, NOW, 50)[1], NOW)
    for _ in range(5):
        fail(session, "a1", NOW)
    later = NOW + timedelta(days=1)
    ids = [row.id or 0 for row in session.exec(select(Inbox))]
    assert inbox.run_again(session, ids, later) == 1
    assert ready(session, later) == ["a1"]
    assert inbox.parked(session) == []
