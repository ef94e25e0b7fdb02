"""The database: one writer whose queue shares commits, and readers beside it.

Every write is a function of a session. Functions that wait in the queue at the same moment run
one after the other in one transaction, each in a savepoint of its own, and are answered after
the commit: a full sync to disk is paid once for all of them.
"""

import asyncio
import queue
import threading
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


class Database:
    """Start it with `open()`, end it with `close()`; what was queued before is still written."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writes = engine.execution_options(writes=True)
        self._queue: queue.SimpleQueue[tuple[Work, Future[Any]] | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._write_forever, name="writer", daemon=True)

    def open(self) -> None:
        self._thread.start()

    def close(self) -> None:
        with self._closing:
            self._closed = True
            self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join()
        self.engine.dispose()

    async def write(self, work: Callable[[Session], T]) -> T:
        """Run `work` in the writer; returns after the commit, raises what it raised."""
        return await asyncio.wrap_future(self.submit(work))

    def submit(self, work: Callable[[Session], T]) -> "Future[T]":
        """As `write`, for whoever does not wait. Raises RuntimeError after `close`."""
        answer: Future[T] = Future()
        with self._closing:
            if self._closed:
                raise RuntimeError("the database is closed: nothing can be written any more")
            self._queue.put((work, answer))
        return answer

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for looking only, on a connection of its own."""
        with Session(self.engine) as session:
            yield session

    def _write_forever(self) -> None:
        while (first := self._queue.get()) is not None:
            batch, last = [first], False
            while len(batch) < BATCH and not self._queue.empty():
                following = self._queue.get()
                if following is None:
                    last = True
                    break
                batch.append(following)
            self._write_batch(batch)
            if last:
                return

    def _write_batch(self, batch: list[tuple[Work, "Future[Any]"]]) -> None:
        answers: list[Callable[[], None]] = []
        try:
            with WriterSession(self._writes, expire_on_commit=False) as session:
                for work, answer in batch:
                    if answer.set_running_or_notify_cancel():
                        answers.append(_run(session, work, answer, alone=len(batch) == 1))
                session.commit()
        except Exception as problem:  # the commit itself failed: nobody's work is saved
            for _, answer in batch:
                if answer.running():
                    answer.set_exception(problem)
            return
        for tell in answers:
            tell()


def _run(session: Session, work: Work, answer: "Future[Any]", *, alone: bool) -> Callable[[], None]:
    """Do one piece of work in its savepoint; returns how to answer once all is committed.

    Work that has the transaction to itself needs no savepoint in it.
    """
    try:
        with nullcontext() if alone else session.begin_nested():
            result = work(session)
    except Exception as problem:  # belongs to whoever asked, not to the batch
        failure = problem
        if alone:
            session.rollback()
        return lambda: answer.set_exception(failure)
    return lambda: answer.set_result(result)
