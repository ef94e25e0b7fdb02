"""From the outbox to the platforms: in order per address, with receipts, until it is settled."""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from sqlmodel import Session

from bot import events
from bot.events import PushRefused
from bot.platforms.protocol import (
    EditRefused,
    Now,
    Platform,
    PlatformError,
    RateLimited,
    Rejected,
    SendsOnOneLine,
    Sent,
)
from bot.runtime.budget import Meter
from bot.runtime.loop import Errands, Round
from cards import model
from cards.model import Card
from cards.quotas import merged
from cards.render import plain
from storage import holding, inbox, parcels, people
from storage.db import Database
from storage.models import Outbox, ShownCard

log = structlog.get_logger()
T = TypeVar("T")
LONGEST_REASON = 500
"""Characters of a platform's answer that go into the news of it."""
TIMEOUT = 20.0
"""Seconds for one call; below the lease, so that nobody else sends what is still on its way."""
SHARED_SLEEP = 2.0
"""Seconds after which an outbox that other processes write to is looked at again."""
AT_ONCE = 16
GREETERS = 4
"""Errands beside those that only greetings may use: a welcome has 20 s, whatever hangs."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One outbox row, read out of its session."""

    id: int
    action: str
    address: str
    body: str
    attempts: int
    card_id: str
    sent: Sent
    person_id: int | None
    expires_at: datetime | None
    plain: bool
    tried: tuple[str, ...]
    token: str
    slot: str
    error: str
    """Of the try before."""

    @property
    def platform(self) -> str:
        return self.address.partition(":")[0]

    @property
    def card(self) -> Card:
        whole = model.load(self.body)
        return Card(text=plain.render(whole)) if self.plain else whole

    @property
    def is_text(self) -> bool:
        return self.action == "welcome" or self.card.is_plain

    @property
    def was_put_off(self) -> bool:
        """The platform took nothing when it was tried: that try did not count."""
        return self.attempts == 1 and self.error != ""

    @property
    def holds_one_time_right(self) -> bool:
        """DingTalk's right to edit is the card's own id, and is never used up."""
        return self.sent.edit_code not in ("", self.card_id)


class Delivery(Errands):
    """Sends what the outbox holds, and writes down what became of it. `after` is called when an
    event was put in the inbox."""

    def __init__(
        self,
        db: Database,
        now: Now,
        platforms: Mapping[str, Platform],
        meter: Meter,
        *,
        after: Callable[[], None],
    ) -> None:
        super().__init__(now, at_once=AT_ONCE + GREETERS)
        if db.engine.dialect.name != "sqlite":
            self.longest_sleep = SHARED_SLEEP
        self.db = db
        self._platforms = platforms
        self._meter = meter
        self._after = after

    async def step(self) -> Round:
        if not self.free:
            return Round(worked=False)
        elsewhere = self._out_of_reach()
        claimed, look = await self.db.write(lambda db: self._claim(db, elsewhere))
        for parcel in claimed:
            self.set_out(self._deliver(parcel))
        return look

    def _out_of_reach(self) -> list[str]:
        speakers = [p for p in self._platforms.values() if isinstance(p, SendsOnOneLine)]
        return [beginning for speaker in speakers for beginning in speaker.out_of_reach]

    def _claim(self, db: Session, elsewhere: Sequence[str]) -> tuple[list[Parcel], Round]:
        now, room = self.now(), self.free - GREETERS
        if room <= 0:
            return self._claim_greetings(db, now, elsewhere)
        waits_until = holding.next_due(db)
        if waits_until is not None and waits_until <= now:
            holding.bring_back(db, now, merged)
            waits_until = holding.next_due(db)
        rows = parcels.claim(db, now, secrets.token_hex(8), room, elsewhere=elsewhere)
        kept = [(row, card) for row, card in rows if not self._holds_back(db, row, now)]
        if rows:
            return [_parcel(row, card) for row, card in kept], Round(worked=True)
        moments = (parcels.next_due(db, elsewhere=elsewhere), waits_until)
        return [], Round(worked=False, due=min(filter(None, moments), default=None))

    def _claim_greetings(
        self, db: Session, now: datetime, elsewhere: Sequence[str]
    ) -> tuple[list[Parcel], Round]:
        """Everybody else waits until an errand comes home, which rings."""
        token = secrets.token_hex(8)
        rows = parcels.claim(db, now, token, self.free, greetings_only=True, elsewhere=elsewhere)
        return [_parcel(row, card) for row, card in rows], Round(worked=bool(rows))

    def _holds_back(self, db: Session, row: Outbox, now: datetime) -> bool:
        """While the month's allowance is low, whatever nobody waits for is kept for later."""
        service = row.address.partition(":")[0]
        if not (self._meter.is_low(db, service) and holding.is_notice(db, row)):
            return False
        holding.hold(db, row, now)
        return True

    async def _deliver(self, parcel: Parcel) -> None:
        if parcel.expires_at is not None and self.now() > parcel.expires_at:
            await self._settle(parcel, "expired", "时限已过")
            return
        try:
            async with asyncio.timeout(TIMEOUT):
                sent = await self._hand_over(parcel)
        except EditRefused as refusal:
            await self._edit_refused(parcel, refusal)
        except RateLimited as limit:
            await self._postpone(parcel, limit)
        except Rejected as refusal:
            await self._refused(parcel, refusal)
        except (PlatformError, TimeoutError) as fault:
            await self._again(parcel, f"{type(fault).__name__}: {fault}")
        except Exception as fault:  # a defect of ours must not keep the address waiting for ever
            log.exception("delivery.fault", outbox=parcel.id)
            await self._again(parcel, f"{type(fault).__name__}: {fault}")
        else:
            await self._delivered(parcel, sent)

    async def _hand_over(self, parcel: Parcel) -> Sent:
        platform = self._platforms.get(parcel.platform)
        if platform is None:
            raise Rejected(f"no platform {parcel.platform!r} is configured")
        if parcel.action == "welcome":
            await platform.welcome(parcel.sent.message_id, parcel.body)
            return Sent("")
        if parcel.action == "send":
            return await platform.send(parcel.address, parcel.card, card_id=parcel.card_id)
        if not (parcel.sent.message_id or parcel.sent.edit_code):
            raise EditRefused("this card has never arrived")
        return await platform.edit(parcel.address, parcel.sent, parcel.card, card_id=parcel.card_id)

    async def _delivered(self, parcel: Parcel, sent: Sent) -> None:
        receipt = (sent.message_id, sent.edit_code, sent.note)
        await self._write(parcels.delivered, parcel, *receipt)

    async def _edit_refused(self, parcel: Parcel, refusal: EditRefused) -> None:
        """Try the next right to edit, else continue on a new card.

        After a try that broke off the refusal means that it did get through: such a right works
        once, and we alone hold it. Unless the platform's side of it says otherwise.
        """
        if parcel.attempts > 1 and parcel.holds_one_time_right and not refusal.unused:
            await self._delivered(parcel, Sent("", note=f"an earlier try took effect: {refusal}"))
        elif not await self._write(parcels.drop_code, parcel):
            await self._write(parcels.send_anew, parcel, f"编辑未成，改发新卡：{refusal}")

    async def _refused(self, parcel: Parcel, refusal: Rejected) -> None:
        """From card to text, then to the person's next channel, then it is refused for good.

        A greeting is taken once: refused after a try that broke off, it had got through.
        """
        log.warning("delivery.refused", outbox=parcel.id, reason=str(refusal))
        if parcel.action == "welcome" and parcel.attempts > 1:
            await self._delivered(parcel, Sent("", note=f"an earlier try took effect: {refusal}"))
        elif not parcel.is_text:
            await self._write(parcels.say_plainly, parcel, f"卡片未被接受，改发文字：{refusal}")
        else:
            await self._give_up(parcel, str(refusal))

    async def _postpone(self, parcel: Parcel, limit: RateLimited) -> None:
        """A greeting is put off once (41096, D92137): after that somebody else has greeted."""
        if parcel.action == "welcome" and parcel.was_put_off:
            await self._refused(parcel, Rejected(str(limit)))
            return
        log.warning("delivery.postponed", outbox=parcel.id, seconds=limit.retry_after)
        wait = timedelta(seconds=limit.retry_after)
        if not await self._write(parcels.postpone, parcel, str(limit), wait):
            await self._give_up(parcel, str(limit))

    async def _again(self, parcel: Parcel, error: str) -> None:
        log.warning("delivery.again", outbox=parcel.id, error=error)
        if not await self._write(parcels.retry, parcel, error):
            await self._give_up(parcel, error)

    async def _give_up(self, parcel: Parcel, reason: str) -> None:
        """Here; another channel of the same person may do."""
        other = await self.db.write(lambda db: _next_channel(db, parcel))
        if other:
            await self._write(parcels.move, parcel, other, f"{parcel.platform} 未送达：{reason}")
        elif parcel.action == "welcome":
            await self._settle(parcel, "refused", reason)
        else:
            await self._write(_refuse, parcel, parcel, reason)
            self._after()

    async def _settle(self, parcel: Parcel, state: str, reason: str) -> None:
        await self._write(parcels.settle, parcel, state, reason)

    async def _write(self, change: Callable[..., T], parcel: Parcel, *more: object) -> T:
        """Do it to the parcel's row, as far as we still hold it."""
        now = self.now()
        return await self.db.write(lambda db: change(db, parcel.id, parcel.token, now, *more))


def _parcel(row: Outbox, card: ShownCard) -> Parcel:
    return Parcel(
        row.id or 0,
        row.action,
        row.address,
        row.body,
        row.attempts,
        row.card_id,
        Sent(card.message_id, next(iter(card.edit_codes), "")),
        card.person_id,
        row.expires_at,
        row.plain,
        tuple(row.tried),
        row.token,
        card.slot,
        row.error,
    )


def _refuse(
    db: Session, row_id: int, token: str, now: datetime, parcel: Parcel, reason: str
) -> None:
    """Close it for good; that somebody was not reached is news, in the same transaction."""
    if not parcels.settle(db, row_id, token, now, "refused", reason):
        return
    event = PushRefused(
        key=f"refused:{parcel.id}",
        at=now,
        outbox_id=parcel.id,
        address=parcel.address,
        reason=reason[:LONGEST_REASON],
        person_id=parcel.person_id,
        slot=parcel.slot,
    )
    kind, body = events.dump(event)
    inbox.add(db, key=event.key, kind=kind, body=body, lane=events.lane(event), at=now)


def _next_channel(db: Session, parcel: Parcel) -> str:
    """The person's account used last among those not yet tried; empty when there is none."""
    if parcel.person_id is None:
        return ""
    known = people.addresses(db, parcel.person_id)
    return next((a for a in known if a not in (parcel.address, *parcel.tried)), "")
