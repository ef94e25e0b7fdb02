"""A person's accounts in the IMs: which there are, which is preferred, which goes."""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlmodel import Session, col

from storage.models import Account, FollowUp


def of(db: Session, person_id: int) -> Sequence[Account]:
    """In the order in which they are written to."""
    query = select(Account).where(col(Account.person_id) == person_id)
    order = (col(Account.preferred).desc(), col(Account.last_seen).desc(), col(Account.key))
    return db.scalars(query.order_by(*order)).all()


def at(db: Session, address: str) -> Account | None:
    return db.get(Account, address.casefold())


def prefer(db: Session, person_id: int, account: Account | None) -> None:
    """Write there unasked; None: wherever the person was last."""
    for each in of(db, person_id):
        each.preferred = account is not None and each.key == account.key
        db.add(each)
    db.flush()


def remove(db: Session, account: Account) -> None:
    """Notes written there are shown from now on where the person is reached first."""
    left = [each for each in of(db, account.person_id) if each.key != account.key]
    if left:
        notes = update(FollowUp).where(
            col(FollowUp.author_id) == account.person_id, col(FollowUp.chat) == account.address
        )
        db.execute(notes.values(chat=left[0].address))
    db.delete(account)
    db.flush()
