"""One writer whose queue shares commits, and readers beside it."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from storage.db import Database, connect
from storage.models import Team


def add_team(name: str) -> Callable[[Session], int | None]:
    def work(db: Session) -> int | None:
        team = Team(name=name)
        db.add(team)
        db.flush()
        return team.id

    return work


def names(db: Session) -> list[str]:
    return list(db.exec(select(Team.name).order_by(Team.name)))


def noting(order: list[str], word: str) -> Callable[[Session], None]:
    return lambda _: order.append(word)


class Gate:
    """Work that keeps the writer busy until told, so that others queue up behind it."""

    def __init__(self) -> None:
        self.entered, self.opened = threading.Event(), threading.Event()

    def __call__(self, db: Session) -> None:
        self.entered.set()
        assert self.opened.wait(5)


def hold(db: Database) -> Gate:
    gate = Gate()
    db.submit(gate)
    assert gate.entered.wait(5)
    return gate


def count_commits(db: Database) -> list[Any]:
    commits: list[Any] = []
    event.listen(db.engine, "commit", commits.append)
    return commits


async def test_a_write_is_answered_with_its_result_after_the_commit(db: Database) -> None:
    assert await db.write(add_team("east"))
    with db.read() as reader:
        assert names(reader) == ["east"]


async def test_writes_that_wait_together_share_one_commit(db: Database) -> None:
    gate = hold(db)
    answers = [db.submit(add_team(f"team {n:03}")) for n in range(100)]
    commits = count_commits(db)
    gate.opened.set()
    await asyncio.gather(*map(asyncio.wrap_future, answers))
    assert len(commits) <= 2  # the gate's own, and one for the hundred
    with db.read() as reader:
        assert len(names(reader)) == 100


async def test_urgent_work_overtakes_what_waits_and_is_committed_on_its_own(db: Database) -> None:
    """Whoever waits for an acknowledgement does not wait for a hundred others."""
    gate, done = hold(db), list[str]()
    ordinary = [db.submit(noting(done, str(number))) for number in range(100)]
    urgent = db.submit(add_team("east"), urgent=True)
    urgent.add_done_callback(lambda _: done.append("acknowledged"))
    gate.opened.set()
    await asyncio.gather(asyncio.wrap_future(urgent), *map(asyncio.wrap_future, ordinary))
    assert done == ["acknowledged", *map(str, range(100))]


async def test_ordinary_work_under_way_makes_way_for_urgent_work(db: Database) -> None:
    first, second, order = hold(db), Gate(), list[str]()
    db.submit(second)
    later = db.submit(noting(order, "ordinary"))
    first.opened.set()
    assert await asyncio.to_thread(second.entered.wait, 5)
    urgent = db.submit(noting(order, "urgent"), urgent=True)
    second.opened.set()
    await asyncio.gather(*map(asyncio.wrap_future, [later, urgent]))
    assert order == ["urgent", "ordinary"]


async def test_a_failure_undoes_its_own_work_and_nobody_elses(db: Database) -> None:
    def fail(session: Session) -> None:
        add_team("lost")(session)
        raise ZeroDivisionError

    gate = hold(db)
    answers = [db.submit(work) for work in (add_team("before"), fail, add_team("after"))]
    gate.opened.set()
    with pytest.raises(ZeroDivisionError):
        await asyncio.wrap_future(answers[1])
    await asyncio.wrap_future(answers[2])
    with db.read() as reader:
        assert names(reader) == ["after", "before"]


async def test_a_failure_alone_in_its_transaction_is_undone(db: Database) -> None:
    def fail(session: Session) -> None:
        add_team("lost")(session)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await db.write(fail)
    with db.read() as reader:
        assert names(reader) == []


async def test_a_statement_the_database_refuses_spoils_nothing_else(db: Database) -> None:
    def fail(session: Session) -> None:
        session.add(Team(name="orphan", parent_id=404))
        session.flush()

    gate = hold(db)
    answers = [db.submit(work) for work in (add_team("before"), fail, add_team("after"))]
    gate.opened.set()
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        await asyncio.wrap_future(answers[1])
    with db.read() as reader:
        assert names(reader) == ["after", "before"]


def add_orphan_noticed_at_commit(db: Session) -> None:
    """The database checks the parent only when the transaction ends."""
    postpone_the_check = {
        "sqlite": "PRAGMA defer_foreign_keys = ON",
        "postgresql": "ALTER TABLE team ALTER CONSTRAINT team_parent_id_fkey INITIALLY DEFERRED",
    }
    db.execute(text(postpone_the_check[db.get_bind().dialect.name]))
    db.add(Team(name="orphan", parent_id=404))
    db.flush()


async def test_nobody_is_told_of_success_when_the_commit_fails(db: Database) -> None:
    gate = hold(db)
    innocent, guilty = db.submit(add_team("east")), db.submit(add_orphan_noticed_at_commit)
    gate.opened.set()
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        await asyncio.wrap_future(innocent)
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        await asyncio.wrap_future(guilty)
    assert await db.write(names) == []


async def test_cancelled_work_is_not_done(db: Database) -> None:
    gate = hold(db)
    cancelled, kept = db.submit(add_team("cancelled")), db.submit(add_team("kept"))
    assert cancelled.cancel()
    gate.opened.set()
    await asyncio.wrap_future(kept)
    assert await db.write(names) == ["kept"]


async def test_a_writer_who_no_longer_waits_stops_nobody(db: Database) -> None:
    gate = hold(db)
    task = asyncio.create_task(db.write(add_team("impatient")))
    await asyncio.sleep(0)
    task.cancel()
    gate.opened.set()
    assert await db.write(add_team("patient"))


def test_closing_writes_what_was_queued(db: Database) -> None:
    gate = hold(db)
    answers = [db.submit(add_team(name)) for name in ("a", "b", "c")]
    gate.opened.set()
    db.close()
    assert all(answer.done() for answer in answers)
    with Session(db.engine) as reader:
        assert names(reader) == ["a", "b", "c"]


def test_after_closing_a_write_is_refused_at_once(db: Database) -> None:
    db.close()
    with pytest.raises(RuntimeError, match="closed"):
        db.submit(add_team("late"))


def test_a_reader_sees_only_what_is_committed(db: Database) -> None:
    seen: list[list[str]] = []

    def look(session: Session) -> None:
        add_team("fresh")(session)
        with db.read() as reader:
            seen.append(names(reader))

    db.submit(look).result(5)
    with db.read() as reader:
        seen.append(names(reader))
    assert seen == [[], ["fresh"]]


def test_a_plain_postgresql_address_means_the_driver_we_test_with() -> None:
    engine = connect("postgresql://sales:secret@db.example/yinuo")
    assert engine.url.drivername == "postgresql+psycopg"
    assert engine.url.password == "secret"
