"""Which member of ours is a contact of which customer; several members may be of one."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from storage.models import Friendship

MEMBER, CUSTOMER, TRANSFER = "member", "customer", "transfer"
"""Who ends a friendship."""


def of(db: Session, member: str, external_id: str) -> Friendship | None:
    """Between those two addresses, also when it has ended."""
    return db.get(Friendship, _key(member, external_id))


def begin(
    db: Session,
    member: str,
    external_id: str,
    at: datetime,
    *,
    person_id: int | None,
    mutual: bool = True,
) -> Friendship:
    """The pair's one row, live since then; a half friendship becomes whole, never half again. What
    has ended later than that stays ended: events come in any order."""
    found = of(db, member, external_id)
    if found is None:
        key = _key(member, external_id)
        found = Friendship(key=key, member=member, external_id=external_id, mutual=mutual, since=at)
    elif found.ended_at is not None:
        if found.ended_at > at:
            return found
        found.since, found.mutual, found.tags = at, mutual, []
    found.ended_at, found.ended_by = None, ""
    found.mutual = found.mutual or mutual
    found.person_id = person_id if person_id is not None else found.person_id
    db.add(found)
    db.flush()
    return found


def adopt(db: Session, member: str, person_id: int) -> Sequence[Friendship]:
    """A member is bound from now on: his live friendships, the latest first."""
    found = db.scalars(
        select(Friendship)
        .where(col(Friendship.key).startswith(f"{member.casefold()}/", autoescape=True))
        .order_by(col(Friendship.since).desc(), col(Friendship.key))
    ).all()
    for friend in found:
        friend.person_id = person_id
        db.add(friend)
    db.flush()
    return [friend for friend in found if friend.is_live]


def end(db: Session, found: Friendship, by: str, at: datetime) -> bool:
    """False when it began anew after that."""
    if found.since > at:
        return False
    found.ended_at, found.ended_by = at, by
    db.add(found)
    db.flush()
    return True


def with_customer(db: Session, external_id: str) -> Sequence[Friendship]:
    """All of a customer's, the latest first."""
    query = select(Friendship).where(col(Friendship.external_id) == external_id)
    return db.scalars(query.order_by(col(Friendship.since).desc(), col(Friendship.key))).all()


def _key(member: str, external_id: str) -> str:
    return f"{member.casefold()}/{external_id}"
