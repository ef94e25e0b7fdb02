"""A promise's way from the sentence that made it to where it stands."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from storage import promises
from storage.demo.days import midnight, spoken, workday
from storage.demo.diary import Change, Diary, Told
from storage.demo.plans import Came, Word
from storage.demo.staff import Staff
from storage.models import FollowUp, Lead, Person, Promise, PromiseState

ANSWERED_MINUTES = (20, 110)
LATE_DAYS = (1, 3)
COUNTER_DAYS = 2
REFUSAL = "那几天已经排满"
KEPT = (Came.DONE, Came.LATE)


@dataclass
class Errand:
    diary: Diary
    staff: Staff
    word: Word
    rep: Person
    customer: str
    at: datetime
    promise: Promise = field(init=False)
    """Exists once the diary was lived through."""

    @property
    def latest(self) -> date:
        return workday(self.at.date(), self.word.days)

    @property
    def counter(self) -> date:
        return workday(self.latest, COUNTER_DAYS)

    @property
    def what(self) -> str:
        return f"{self.customer}的{self.word.deliverable}"

    @property
    def is_ours(self) -> bool:
        return self.word.promiser == "us"

    def tell(self) -> None:
        """Write what came of it into the diary."""
        came = self.word.came
        if self.is_ours and came != Came.PENDING and self._owner() is not self.rep:
            self._tell_answer(came)
        if came == Came.CANCELLED:
            words = f"{self.what}先不用了，客户那边改了主意"
            self._later(self.diary.moment(self._end()), self.rep, words, self._cancel)
        elif came in KEPT:
            by = self._owner() if self.is_ours else self.rep
            words = f"{self.what}已经办好" if self.is_ours else f"{self.what}收到了"
            self._later(self.diary.moment(self._end()), by, words, self._finish)

    def catch(self, told: Told, lead: Lead, note: FollowUp) -> None:
        """The sentence is said: the promise exists, and somebody is asked to keep it."""
        owner = self._owner() if self.is_ours else None
        asked = owner is not None and owner is not self.rep
        self.promise = promises.add(told.db, self._record(told, lead, note, owner))
        told.fact("promise.caught", lead=lead, promise=self.promise)
        self.promise.state = PromiseState.PENDING if asked else PromiseState.ACCEPTED
        self.promise.asked_at = told.at if asked else None
        self.promise.accepted_at = told.at if owner is self.rep else None
        if asked:
            told.fact("promise.asked", promise=self.promise, owner=self.promise.owner_id)
        elif self.is_ours:
            told.fact("promise.accepted", promise=self.promise)

    def _record(self, told: Told, lead: Lead, note: FollowUp, owner: Person | None) -> Promise:
        word, latest = self.word, self.latest
        day = spoken(latest)
        return Promise(
            lead_id=lead.id,
            followup_id=note.id or 0,
            rep_id=self.rep.id or 0,
            owner_id=owner.id if owner else None,
            text=word.text.replace("{day}", day),
            deliverable=word.deliverable,
            kind=word.kind,
            promiser=word.promiser,
            plan=workday(latest, -1) if self.is_ours else latest,
            latest=latest,
            due_at=midnight(latest + timedelta(days=1)),
            why_due=f"“{day}前”含当天，计划早一个工作日" if self.is_ours else f"说的是{day}",
            created_at=told.at,
        )

    def _owner(self) -> Person:
        """The named one, else the first who delivers such things, else the rep."""
        if self.word.owner:
            return self.staff.named[self.word.owner]
        return next(iter(self.staff.who_deliver(self.word.kind)), self.rep)

    def _end(self) -> date:
        """The day it was settled: in time, unless it came late."""
        if self.word.came == Came.LATE:
            return workday(self.latest, self.diary.rng.randint(*LATE_DAYS))
        return workday(self.latest, -1) if self.word.days > 1 else self.latest

    # Answers -----------------------------------------------------------------------------

    def _tell_answer(self, came: Came) -> None:
        owner, minutes = self._owner(), self.diary.rng.randint(*ANSWERED_MINUTES)
        at = self.at + timedelta(minutes=minutes)
        if came == Came.REFUSED:
            self._later(at, owner, f"{self.what}做不到，{REFUSAL}", self._refuse)
        elif came in (Came.COUNTERED, Came.AGREED):
            words = f"{self.what}最早{spoken(self.counter)}"
            self._later(at, owner, words, self._offer)
        else:
            self._later(at, owner, f"{self.what}，接单", self._accept)
        if came == Came.AGREED:
            words = f"{self.what}接受{spoken(self.counter)}，我跟客户说"
            self._later(at + timedelta(minutes=minutes), self.rep, words, self._agree)

    def _later(self, at: datetime, by: Person, words: str, change: Change) -> None:
        self.diary.add(at, by, words, change)

    def _accept(self, told: Told) -> None:
        self.promise.accepted_at = told.at
        self._become(PromiseState.ACCEPTED, "promise.accepted", told)

    def _refuse(self, told: Told) -> None:
        self._become(PromiseState.REFUSED, "promise.refused", told)

    def _offer(self, told: Told) -> None:
        self.promise.counter = self.counter
        self._become(PromiseState.COUNTERED, "promise.countered", told, day=str(self.counter))

    def _agree(self, told: Told) -> None:
        promise = self.promise
        promise.plan = promise.latest = self.counter
        promise.due_at = midnight(self.counter + timedelta(days=1))
        promise.why_due = f"{spoken(self.counter)}：交付最早，{self.rep.name}已接受"
        promise.accepted_at, promise.version = told.at, promise.version + 1
        self._become(PromiseState.ACCEPTED, "promise.agreed", told, day=str(self.counter))

    def _finish(self, told: Told) -> None:
        self.promise.done_at = told.at
        self._become(PromiseState.DONE, "promise.done", told)

    def _cancel(self, told: Told) -> None:
        self._become(PromiseState.CANCELLED, "promise.cancelled", told)

    def _become(self, state: PromiseState, fact: str, told: Told, **data: Any) -> None:
        self.promise.state = state
        told.db.flush()
        told.fact(fact, promise=self.promise, **data)
