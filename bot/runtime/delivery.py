"""From the outbox to the platforms: in order per address, with receipts, until it is settled."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlmodel import Session

from bot.platforms.protocol import (
    EditRefused,
    Now,
    Platform,
    PlatformError,
    RateLimited,
    Rejected,
    Sent,
)
from bot.runtime.loop import Loop, Round
from cards import model
from cards.model import Card
from cards.render import plain
from storage import outbox, people
from storage.db import Database
from storage.models import Outbox, ShownCard

log = structlog.get_logger()
TIMEOUT = 20.0
"""Seconds for one call; below the lease, so that nobody else sends what is still on its way."""
AT_ONCE = 16


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

    @property
    def platform(self) -> str:
        return self.address.partition(":")[0]


class Delivery(Loop):
    """Sends what the outbox holds, and writes down what became of it."""

    def __init__(self, db: Database, now: Now, platforms: Mapping[str, Platform]) -> None:
        super().__init__(now)
        self.db = db
        self._platforms = platforms
        self._token = secrets.token_hex(8)

    async def step(self) -> Round:
        parcels, due = await self.db.write(self._claim)
        await asyncio.gather(*(self._deliver(parcel) for parcel in parcels))
        return Round(bool(parcels), due)

    def _claim(self, db: Session) -> tuple[list[Parcel], datetime | None]:
        rows = outbox.claim(db, self.now(), self._token, AT_ONCE)
        return [_parcel(row, card) for row, card in rows], None if rows else outbox.next_due(db)

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
            await self._again(parcel, str(limit), timedelta(seconds=limit.retry_after))
        except Rejected as refusal:
            await self._refused(parcel, refusal)
        except (PlatformError, TimeoutError) as fault:
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
        card = model.load(parcel.body)
        if parcel.action == "edit":
            return await platform.edit(parcel.address, parcel.sent, card, card_id=parcel.card_id)
        return await platform.send(parcel.address, card, card_id=parcel.card_id)

    async def _delivered(self, parcel: Parcel, sent: Sent) -> None:
        now = self.now()
        await self.db.write(
            lambda db: outbox.delivered(
                db, parcel.id, now, sent.message_id, sent.edit_code, sent.note
            )
        )

    async def _edit_refused(self, parcel: Parcel, refusal: EditRefused) -> None:
        """Try the next right to edit, else continue on a new card.

        After a try that broke off the refusal means that it did get through: such a right works
        once, and we alone hold it.
        """
        if parcel.attempts > 1 and parcel.sent.edit_code:
            await self._delivered(parcel, Sent("", note=f"an earlier try took effect: {refusal}"))
            return
        now, reason = self.now(), f"编辑未成，改发新卡：{refusal}"
        if not await self.db.write(lambda db: outbox.drop_code(db, parcel.id, now)):
            await self.db.write(lambda db: outbox.send_anew(db, parcel.id, now, reason))

    async def _refused(self, parcel: Parcel, refusal: Rejected) -> None:
        """From card to text, then to the person's next channel, then it is refused for good."""
        log.warning("delivery.refused", outbox=parcel.id, reason=str(refusal))
        if parcel.action != "welcome" and not model.load(parcel.body).is_plain:
            text = model.dump(Card(text=plain.render(model.load(parcel.body))))
            await self.db.write(lambda db: outbox.say_plainly(db, parcel.id, text, self.now()))
            return
        other = await self.db.write(lambda db: _next_channel(db, parcel))
        if other:
            now = self.now()
            reason = f"{parcel.platform} 未送达：{refusal}"
            await self.db.write(lambda db: outbox.move(db, parcel.id, other, now, reason))
        else:
            await self._settle(parcel, "refused", str(refusal))

    async def _again(self, parcel: Parcel, error: str, wait: timedelta | None = None) -> None:
        now = self.now()
        log.warning("delivery.again", outbox=parcel.id, error=error)
        if not await self.db.write(lambda db: outbox.retry(db, parcel.id, now, error, wait)):
            await self._settle(parcel, "refused", error)

    async def _settle(self, parcel: Parcel, state: str, error: str = "", note: str = "") -> None:
        now = self.now()
        await self.db.write(
            lambda db: outbox.settle(db, parcel.id, now, state, error=error, note=note)
        )


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
    )


def _next_channel(db: Session, parcel: Parcel) -> str:
    """The account after this one in the person's list, the one used last being first; empty
    when there is none."""
    if parcel.person_id is None:
        return ""
    known = list(people.addresses(db, parcel.person_id))
    later = known[known.index(parcel.address) + 1 :] if parcel.address in known else []
    return later[0] if later else ""
