"""Slow calls that wait to be made."""

from datetime import UTC, datetime

from sqlmodel import Session

from storage import jobs
from storage.models import Job

NOW = datetime(2026, 1, 28, 2, 20, tzinfo=UTC)


def take(db: Session, now: datetime = NOW, token: str = "t") -> list[Job]:
    return list(jobs.claim(db, now, token, 10))


def test_a_job_is_taken_once_with_what_it_needs(session: Session) -> None:
    jobs.add(session, "contact.details", 3, {"external": "wecom:wm1"}, NOW)
    (job,) = take(session)
    assert (job.name, job.subject, job.data) == ("contact.details", 3, {"external": "wecom:wm1"})
    assert take(session) == []
    assert jobs.in_flight(session)


def test_a_finished_job_is_gone(session: Session) -> None:
    jobs.add(session, "contact.details", 3, {}, NOW)
    (job,) = take(session)
    assert jobs.finish(session, job.id or 0, "t")
    session.flush()
    assert (jobs.next_due(session), jobs.in_flight(session)) == (None, False)


def test_a_job_of_a_dead_process_is_taken_again_when_its_lease_ends(session: Session) -> None:
    jobs.add(session, "contact.details", 3, {}, NOW)
    take(session)
    (job,) = take(session, NOW + jobs.LEASE)
    assert job.attempts == 2


def test_leases_can_be_given_up_at_once(session: Session) -> None:
    jobs.add(session, "contact.details", 3, {}, NOW)
    take(session)
    jobs.release(session, NOW)
    session.expire_all()
    assert len(take(session)) == 1


def test_a_late_finisher_answers_nothing(session: Session) -> None:
    jobs.add(session, "contact.details", 3, {}, NOW)
    take(session, token="slow")
    (job,) = take(session, NOW + jobs.LEASE, token="quick")
    assert not jobs.finish(session, job.id or 0, "slow")
    assert jobs.retry(session, job.id or 0, "slow", NOW, "no answer")
    assert job.token == "quick"


def test_a_failed_job_is_tried_again_and_not_for_ever(session: Session) -> None:
    jobs.add(session, "contact.details", 3, {}, NOW)
    now = NOW
    for wait in jobs.RETRIES:
        (job,) = take(session, now)
        assert jobs.retry(session, job.id or 0, "t", now, "no answer")
        now += wait
        assert jobs.next_due(session) == now
    (job,) = take(session, now)
    assert not jobs.retry(session, job.id or 0, "t", now, "no answer")
    assert job.error == "no answer"
