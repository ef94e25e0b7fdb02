"""Promises: what one side owes the other."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import or_, select
from sqlmodel import Session, col

from storage.models import SETTLED, Promise, PromiseState


def get(db: Session, promise_id: int) -> Promise | None:
    return db.get(Promise, promise_id)


def add(db: Session, promise: Promise) -> Promise:
    db.add(promise)
    db.flush()
    return promise


def of_followup(db: Session, followup_id: int) -> Sequence[Promise]:
    query = select(Promise).where(
        col(Promise.followup_id) == followup_id, col(Promise.state) != PromiseState.CANCELLED
    )
    return db.scalars(query.order_by(col(Promise.id))).all()


def open_of(db: Session, person_id: int) -> Sequence[Promise]:
    """Open promises a colleague made or has to fulfil, the most urgent first."""
    query = select(Promise).where(
        or_(col(Promise.rep_id) == person_id, col(Promise.owner_id) == person_id),
        col(Promise.state).not_in(SETTLED),
    )
    return db.scalars(query.order_by(col(Promise.due_at).is_(None), col(Promise.due_at))).all()


def planned_on(promises: Sequence[Promise], day: date) -> list[Promise]:
    """Those whose plan date has come by `day`, or that have no date at all."""
    return [p for p in promises if p.plan is None or p.plan <= day]
