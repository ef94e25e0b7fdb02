"""A lead's way from the first touch to where it stands, told in sentences of its owner."""

from dataclasses import dataclass, field
from datetime import date
from functools import partial

from storage import followups
from storage.demo.days import spoken
from storage.demo.diary import Diary, Told
from storage.demo.errands import Errand
from storage.demo.plans import Plan, Touch
from storage.demo.staff import Staff
from storage.models import Contact, Customer, FollowUp, Lead, Person

UNPRICED = ("new", "contacted")
NO_OBJECTION = ("strong_intent", "key_person_change")
SUMMARY = 30
"""Characters."""


@dataclass
class Journey:
    diary: Diary
    staff: Staff
    plan: Plan
    rep: Person
    customer: Customer
    contact: Contact
    lead: Lead = field(init=False)
    """Exists once the diary was lived through."""

    def tell(self) -> None:
        """Write the whole journey into the diary."""
        diary, plan = self.diary, self.plan
        diary.add(diary.moment(diary.day(-plan.began)), self.rep, plan.said, self._begin)
        for number, touch in enumerate(plan.touches):
            self._tell(touch, self._contact_after(number))

    def _tell(self, touch: Touch, next_contact: date | None) -> None:
        day = self.diary.day(-touch.back)
        at, words, errand = self.diary.moment(day), touch.said, None
        if touch.promise is not None:
            who = f"{self.contact.name}（{self.customer.name}）"
            errand = Errand(self.diary, self.staff, touch.promise, self.rep, who, at)
            words = words.replace("{day}", spoken(errand.latest))
        self.diary.add(at, self.rep, words, partial(self._touch, touch, next_contact, errand))
        if errand is not None:
            errand.tell()

    def _contact_after(self, number: int) -> date | None:
        """The next contact as it was planned at a touch: the day of the next one."""
        later = self.plan.touches[number + 1 :]
        if later:
            return self.diary.day(-later[0].back)
        return None if self.plan.next is None else self.diary.day(self.plan.next)

    def _begin(self, told: Told) -> None:
        plan = self.plan
        self.lead = Lead(
            owner_id=self.rep.id or 0,
            customer_id=self.customer.id,
            contact_id=self.contact.id,
            source=plan.source,
            channel=plan.channel,
            region=self.customer.region,
            next_contact=self._contact_after(-1),
            created_at=told.at,
            touched_at=told.at,
        )
        told.db.add(self.lead)
        told.db.flush()
        told.fact("lead.created", lead=self.lead, source=plan.source, channel=plan.channel)

    def _touch(
        self, touch: Touch, next_contact: date | None, errand: Errand | None, told: Told
    ) -> None:
        before = self.lead.stage
        self._move(touch, next_contact, told)
        note = followups.add(told.db, self._note(touch, before, told))
        told.fact("followup.logged", lead=self.lead, followup=note.id)
        if self.lead.stage != before:
            told.fact("lead.stage", lead=self.lead, was=before, stage=touch.stage)
        for tag in touch.tags:
            if tag not in NO_OBJECTION:
                told.fact("objection.raised", lead=self.lead, tag=tag)
        if errand is not None:
            errand.catch(told, self.lead, note)

    def _move(self, touch: Touch, next_contact: date | None, told: Told) -> None:
        lead, plan = self.lead, self.plan
        lead.stage = touch.stage or lead.stage
        lead.tags = sorted({*lead.tags, *touch.tags})
        lead.next_contact = next_contact
        lead.touched_at = told.at
        lead.silence_round += 1
        if lead.stage not in UNPRICED:
            lead.amount = plan.amount
            lead.expected_close = None if plan.close is None else self.diary.day(plan.close)

    def _note(self, touch: Touch, before: str, told: Told) -> FollowUp:
        return FollowUp(
            lead_id=self.lead.id,
            author_id=self.rep.id or 0,
            inbox_id=told.inbox_id,
            chat=told.chat,
            text=told.words,
            summary=told.words[:SUMMARY],
            tags=list(touch.tags),
            stage=touch.stage or None,
            why={"stage": told.words} if touch.stage else {},
            before={"stage": before},
            people=[self.contact.name],
            company=self.customer.name,
            state="confirmed",
            at=told.at,
        )
