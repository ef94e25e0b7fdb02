"""Who alone may act in a name, and until when: one row a name, for processes on any machines.

Their clocks have to agree to within a few seconds, as those of machines in one house do.
"""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from storage.models import Lease


class Taken(NamedTuple):
    """What the new holder of a lease is told."""

    fence: int
    seen_at: datetime | None


def take(db: Session, name: str, holder: str, now: datetime, until: datetime) -> Taken | None:
    """None while somebody else holds it."""
    flavour = postgresql if db.get_bind().dialect.name == "postgresql" else sqlite
    row = flavour.insert(Lease).values(name=name, holder=holder, fence=1, until=until)
    is_free = or_(col(Lease.until) <= now, col(Lease.holder) == holder)
    changes = {"holder": holder, "fence": col(Lease.fence) + 1, "until": until}
    put = row.on_conflict_do_update(index_elements=["name"], set_=changes, where=is_free)
    found = db.execute(put.returning(col(Lease.fence), col(Lease.seen_at))).first()
    return Taken(found[0], found[1]) if found else None


def renew(db: Session, name: str, fence: int, until: datetime, *, seen_at: datetime | None) -> bool:
    """False when it was taken by somebody else meanwhile; a lease that ran out and was taken by
    nobody is renewed as well."""
    statement = (
        update(Lease)
        .where(col(Lease.name) == name, col(Lease.fence) == fence)
        .values(until=until, seen_at=seen_at)
        .returning(col(Lease.name))
    )
    return db.execute(statement).scalar() is not None


def release(db: Session, holder: str, now: datetime, *, seen_at: datetime | None) -> None:
    """Give up whatever is held, however it was come by."""
    seen = {} if seen_at is None else {"seen_at": seen_at}
    db.execute(update(Lease).where(col(Lease.holder) == holder).values(until=now, **seen))


def release_all(db: Session, now: datetime) -> None:
    """For the one process that may run on a database: all holders are dead."""
    db.execute(update(Lease).where(col(Lease.until) > now).values(until=now))
