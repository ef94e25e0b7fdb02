"""What is used of a platform's monthly allowances, by all processes together."""

from datetime import datetime, timedelta, timezone

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from storage.models import Usage

CHINA = timezone(timedelta(hours=8))
"""The platforms count calendar months there."""
_TABLE = Usage.metadata.tables["usage"]
_KEY = ["service", "kind", "month"]


def month_of(now: datetime) -> str:
    return f"{now.astimezone(CHINA):%Y-%m}"


def spend(db: Session, service: str, kind: str, now: datetime) -> int:
    """Count one more; how many there are now."""
    return _put(db, service, kind, now, used=1, then=_TABLE.c.used + 1)


def use_up(db: Session, service: str, kind: str, now: datetime, most: int) -> int:
    """The platform says that nothing is left: others spend from the same allowance."""
    return _put(db, service, kind, now, used=max(most, used(db, service, kind, now)), then=None)


def _put(db: Session, service: str, kind: str, now: datetime, *, used: int, then: object) -> int:
    flavour = postgresql if db.get_bind().dialect.name == "postgresql" else sqlite
    row = {"service": service, "kind": kind, "month": month_of(now), "used": used}
    change = {"used": used if then is None else then}
    put = flavour.insert(_TABLE).values(row).on_conflict_do_update(index_elements=_KEY, set_=change)
    return int(db.execute(put.returning(_TABLE.c.used)).scalar_one())


def used(db: Session, service: str, kind: str, now: datetime) -> int:
    query = select(col(Usage.used)).where(
        col(Usage.service) == service,
        col(Usage.kind) == kind,
        col(Usage.month) == month_of(now),
    )
    return db.scalar(query) or 0
