"""Meetings that notes speak of, and what became of them in somebody's calendar."""

import secrets
from datetime import datetime

from sqlmodel import Session, col, select

from storage.models import Appointment

KEY_BYTES = 16
"""32 characters: Feishu takes no fewer."""


def add(
    db: Session, followup_id: int, begins: datetime, ends: datetime, *, promise_id: int | None
) -> Appointment:
    found = Appointment(
        followup_id=followup_id,
        promise_id=promise_id,
        begins=begins,
        ends=ends,
        key=secrets.token_hex(KEY_BYTES),
    )
    db.add(found)
    db.flush()
    return found


def get(db: Session, appointment_id: int) -> Appointment | None:
    return db.get(Appointment, appointment_id)


def of_followup(db: Session, followup_id: int) -> Appointment | None:
    return db.exec(select(Appointment).where(col(Appointment.followup_id) == followup_id)).first()


def of_promise(db: Session, promise_id: int) -> Appointment | None:
    return db.exec(select(Appointment).where(col(Appointment.promise_id) == promise_id)).first()
