"""Leases: one holder at a time, on both databases."""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from storage import leases

NOW = datetime(2026, 1, 28, 2, 20, tzinfo=UTC)
TERM = timedelta(seconds=15)


def take(db: Session, holder: str, after: int = 0, name: str = "feishu") -> leases.Taken | None:
    now = NOW + timedelta(seconds=after)
    return leases.take(db, name, holder, now, now + TERM)


def test_one_holds_it_until_it_runs_out(session: Session) -> None:
    assert take(session, "a") == (1, None)
    assert take(session, "b", after=14) is None
    assert take(session, "b", after=15) == (2, None)
    assert take(session, "a", after=16) is None


def test_each_name_has_a_holder_of_its_own(session: Session) -> None:
    assert take(session, "a") is not None
    assert take(session, "b", name="dingtalk") is not None


def test_a_renewed_lease_lasts_longer_and_remembers_who_was_connected(session: Session) -> None:
    take(session, "a")
    later = NOW + timedelta(seconds=10)
    assert leases.renew(session, "feishu", 1, later + TERM, seen_at=later)
    assert take(session, "b", after=24) is None
    assert take(session, "b", after=25) == (2, later)


def test_what_was_taken_by_another_cannot_be_renewed(session: Session) -> None:
    take(session, "a")
    take(session, "b", after=15)
    assert not leases.renew(session, "feishu", 1, NOW + 9 * TERM, seen_at=None)
    assert take(session, "a", after=29) is None


def test_what_ran_out_and_nobody_took_can_be_renewed(session: Session) -> None:
    take(session, "a")
    assert leases.renew(session, "feishu", 1, NOW + 9 * TERM, seen_at=None)


def test_whoever_does_not_know_that_he_took_it_takes_it_again(session: Session) -> None:
    take(session, "a")
    assert take(session, "a", after=1) == (2, None)
    assert not leases.renew(session, "feishu", 1, NOW + 9 * TERM, seen_at=None)


def test_a_released_lease_is_free_at_once(session: Session) -> None:
    take(session, "a")
    leases.release(session, "b", NOW, seen_at=NOW)
    assert take(session, "b") is None
    leases.release(session, "a", NOW, seen_at=NOW)
    assert take(session, "b") == (2, NOW)
    leases.release(session, "b", NOW, seen_at=None)
    assert take(session, "c") == (3, NOW)


def test_the_only_process_finds_all_leases_free(session: Session) -> None:
    take(session, "a")
    take(session, "a", name="dingtalk")
    leases.release_all(session, NOW)
    assert take(session, "b") is not None
    assert take(session, "b", name="dingtalk") is not None
