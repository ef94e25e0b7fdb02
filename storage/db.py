"""The database: one writer whose queue shares commits, and readers beside it.

Every write is a function of a session. Functions that wait in the queue at the same moment run
one after the other in one transaction, each in a savepoint of its own, and are answered after
the commit: a full sync to disk is paid once for all of them.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext
from typing import Any, TypeVar

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlmodel import Session

T = TypeVar("T")
Work = Callable[[Session], Any]
BATCH = 256


def connect(url: str, *, durable: bool = True) -> Engine:
    """An engine for a SQLite or PostgreSQL URL. `durable=False` is for tests only."""
    if not url.startswith("sqlite"):
        return create_engine(_with_driver(url), pool_pre_ping=True)
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": 30})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # transactions are begun by us, see `begin` below
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={'FULL' if durable else 'OFF'}",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        immediate = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    @event.listens_for(engine, "checkin")
    def leave(connection: Any, _: Any) -> None:
        """SQLite stays in a transaction whose commit failed, as on a full disk."""
        if connection is not None and connection.in_transaction:
            connection.rollback()

    return engine


def _with_driver(url: str) -> URL:
    """`postgresql://…`, as operators write it, means the driver we are tested with."""
    given = make_url(url)
    plain = given.drivername in ("postgresql", "postgres")
    return given.set(drivername="postgresql+psycopg") if plain else given


class WriterSession(Session):
    """Holds on to the records it has seen, so that asking for one again costs nothing: the
    identity map alone forgets whatever nobody holds. It lives for one shared commit."""


@event.listens_for(WriterSession, "loaded_as_persistent")
@event.listens_for(WriterSession, "pending_to_persistent")
def _hold(session: Session, record: Any) -> None:
    session.info.setdefault("held", []).append(record)


Task = tuple[Work, "Future[Any]"]


class Database:
    """Start it with `open()`, end it with `close()`; what was queued before is still written.

    There are two lanes. Urgent work goes first, and ordinary work that shares a commit makes way
    after each piece: somebody outside waits for an acknowledgement.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writes = engine.execution_options(writes=True)
        self._urgent: deque[Task] = deque()
        self._ordinary: deque[Task] = deque()
        self._change = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._write_forever, name="writer", daemon=True)

    def open(self) -> None:
        self._thread.start()

    def close(self) -> None:
        with self._change:
            self._closed = True
            self._change.notify()
        if self._thread.is_alive():
            self._thread.join()
        self.engine.dispose()

    async def write(self, work: Callable[[Session], T], *, urgent: bool = False) -> T:
        """Run `work` in the writer; returns after the commit, raises what it raised."""
        return await asyncio.wrap_future(self.submit(work, urgent=urgent))

    def submit(self, work: Callable[[Session], T], *, urgent: bool = False) -> "Future[T]":
        """As `write`, for whoever does not wait. Raises RuntimeError after `close`."""
        answer: Future[T] = Future()
        with self._change:
            if self._closed:
                raise RuntimeError("the database is closed: nothing can be written any more")
            (self._urgent if urgent else self._ordinary).append((work, answer))
            self._change.notify()
        return answer

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for looking only, on a connection of its own."""
        with Session(self.engine) as session:
            yield session

    def _write_forever(self) -> None:
        while (lane := self._wait()) is not None:
            self._write_batch(lane)

    def _wait(self) -> deque[Task] | None:
        """The lane to serve next; None when all is written and closed."""
        with self._change:
            self._change.wait_for(lambda: self._urgent or self._ordinary or self._closed)
            return self._urgent or self._ordinary or None

    def _next(self, lane: deque[Task]) -> Task | None:
        """More for the commit under way; None when it should end."""
        with self._change:
            makes_way = lane is self._ordinary and self._urgent
            return lane.popleft() if lane and not makes_way else None

    def _write_batch(self, lane: deque[Task]) -> None:
        answers: list[Future[Any]] = []
        tellings: list[Callable[[], None]] = []
        try:
            with WriterSession(self._writes, expire_on_commit=False) as session:
                while len(answers) < BATCH and (task := self._next(lane)) is not None:
                    work, answer = task
                    if answer.set_running_or_notify_cancel():
                        answers.append(answer)
                        tellings.append(_run(session, work, answer, first=len(answers) == 1))
                session.commit()
        except Exception as problem:  # the commit itself failed: nobody's work is saved
            for answer in answers:
                answer.set_exception(problem)
            return
        for tell in tellings:
            tell()


def _run(session: Session, work: Work, answer: "Future[Any]", *, first: bool) -> Callable[[], None]:
    """Do one piece of work; returns how to answer once all is committed.

    It has a savepoint of its own, unless it is the first: then there is nothing to save yet.
    """
    try:
        with nullcontext() if first else session.begin_nested():
            result = work(session)
            session.flush()
    except Exception as problem:  # belongs to whoever asked, not to the batch
        failure = problem
        if first:
            session.rollback()
        return lambda: answer.set_exception(failure)
    return lambda: answer.set_result(result)
