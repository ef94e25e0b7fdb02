"""Put a reading into the schema of the public benchmark of sales notes."""

from datetime import datetime
from typing import Any

from nlp.reading import read
from nlp.time.types import TimeSpan
from nlp.types import PromiseFound, ReadContext, Reading

Labels = dict[str, Any]


def read_labels(text: str, now: str | datetime, role: str) -> Labels:
    moment = datetime.fromisoformat(now) if isinstance(now, str) else now
    return labels_of(read(text, moment, ReadContext(role=role)))


def labels_of(reading: Reading) -> Labels:
    moment = reading.now
    return {
        "people": [{"name": slot.value} for slot in reading.people],
        "company": reading.company and reading.company.value,
        "tags": [slot.value for slot in reading.tags],
        "stage": reading.stage and reading.stage.value,
        "expected_close": reading.expected_close and window(reading.expected_close.value, moment),
        "next_contact": reading.next_contact and window(reading.next_contact.value, moment),
        "amount": reading.amount and reading.amount.value,
        "commitments": [_commitment(promise, moment) for promise in reading.promises],
    }


def _commitment(promise: PromiseFound, now: datetime) -> Labels:
    return {
        "text": promise.text,
        "deliverable": promise.deliverable,
        "kind": promise.kind,
        "promiser": promise.promiser,
        "due": window(promise.due, now) if promise.due else None,
        "conditional": promise.conditional,
        "state": promise.state,
    }


def window(span: TimeSpan, now: datetime) -> dict[str, str] | None:
    """`end` is exclusive; whole days are written as dates; nothing starts before today."""
    if span.start is None or span.end is None:
        return None
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    start = max(span.start, today) if span.end > today else span.start
    return {"start": _moment(start), "end": _moment(span.end)}


def _moment(moment: datetime) -> str:
    whole = moment.hour == moment.minute == 0
    return moment.strftime("%Y-%m-%d" if whole else "%Y-%m-%dT%H:%M")
