"""Asking the company's memory when it has grown: a metric, and where a number comes from."""

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import bindparam, func, inspect, select, text
from sqlmodel import Session, col

from bench.report import Figure, Table
from commands.opening import open_database
from config.settings import Settings
from storage import facts
from storage.db import Database
from storage.models import Fact, Inbox

FACTS = 1_000_000
PER_LEAD = 40
PER_PROMISE = 8
PEOPLE = 56
ROUNDS = 5
YEARS_BACK = 3
MONTH = timedelta(days=30)
FILL = text(
    """
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)
    INSERT INTO fact (type, at, inbox_id, person_id, lead_id, promise_id, words, data, snapshot)
    SELECT
        CASE i % 8
            WHEN 0 THEN 'promise.caught' WHEN 1 THEN 'promise.asked' WHEN 2 THEN 'promise.agreed'
            WHEN 3 THEN CASE WHEN i % 5 = 0 THEN 'promise.late' ELSE 'promise.accepted' END
            WHEN 4 THEN 'promise.done' WHEN 5 THEN 'followup.logged'
            WHEN 6 THEN 'objection.raised' ELSE 'lead.stage'
        END,
        strftime('%Y-%m-%d %H:%M:%f000', :begin, (i * :step) || ' seconds'),
        i + 1, i / 8 % :people + 1, i / :per_lead + 1, i / :per_promise + 1,
        '样机下周三前寄出', '{"what": "样机"}',
        '{"lead": {"stage": "proposal", "tags": ["price"], "amount": 120000}, "stock": null}'
    FROM n
    """
)
HEARD = text(
    """
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)
    INSERT INTO inbox (key, kind, body, lane, received_at, state, attempts, due, error)
    SELECT 'bench:' || i, 'MessageReceived', :body, 'wecom:rep',
        :begin, 'done', 0, :begin, ''
    FROM n
    """
).bindparams(bindparam("body", '{"text": "样机下周三前寄出"}', inspect(Inbox).columns.body.type))


def measure(*, count: int = FACTS) -> list[Table]:
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder:
        db = open_database(Settings(data=Path(folder), _env_file=None))
        filled = _fill(db, count, now)
        figures = [
            Figure("written in bulk, with the events they came from", f"{filled:.0f} s"),
            _asked(db, "metric: lateness per colleague, last 30 days", lambda s: late(s, now)),
            _asked(db, "lineage: one lead's facts with the words of each", words_of_lead),
            _asked(db, "one promise's history", lambda s: facts.of_promise(s, 7)),
        ]
        db.close()
    return [Table(f"{count:,} facts", figures, f"Medians of {ROUNDS}, on SQLite, warm.")]


def late(db: Session, now: datetime) -> object:
    """Of the promises that came to an end, how many were late, for each colleague."""
    kind, person = col(Fact.type), col(Fact.person_id)
    query = select(person, kind, func.count()).where(
        kind.in_(("promise.late", "promise.done")), col(Fact.at) >= now - MONTH
    )
    return db.execute(query.group_by(person, kind)).all()


def words_of_lead(db: Session) -> object:
    """Every fact of a lead, and the event it came from."""
    query = select(Fact, col(Inbox.body)).outerjoin(Inbox, col(Inbox.id) == col(Fact.inbox_id))
    return db.execute(query.where(col(Fact.lead_id) == 7).order_by(col(Fact.id))).all()


def _asked(db: Database, what: str, ask: Callable[[Session], object]) -> Figure:
    taken = []
    for _ in range(ROUNDS):
        with db.read() as session:
            began = time.perf_counter()
            ask(session)
            taken.append((time.perf_counter() - began) * 1000)
    return Figure(what, f"{statistics.median(taken):.1f} ms")


def _fill(db: Database, count: int, now: datetime) -> float:
    """Seconds it took. The last fact is of now."""
    begin = now - timedelta(days=365 * YEARS_BACK)
    numbers = {
        "count": count,
        "begin": f"{begin:%Y-%m-%d %H:%M:%S.%f}",
        "step": (now - begin).total_seconds() / count,
        "people": PEOPLE,
        "per_lead": PER_LEAD,
        "per_promise": PER_PROMISE,
    }
    began = time.perf_counter()
    with Session(db.engine) as session:
        session.execute(HEARD, {key: numbers[key] for key in ("count", "begin")})
        session.execute(FILL, numbers)
        session.commit()
    return time.perf_counter() - began
