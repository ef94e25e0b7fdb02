"""A second opinion on a note: within the day's budget, from a model that is well."""

import json
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.model.breaker import Breaker
from bot.model.client import ModelClient
from bot.platforms.protocol import Now, Rejected, Unauthorized
from config.schema import ModelSettings
from storage import spending
from storage.db import Database

SERVICE = "model"
EXPECTED_ANSWER = 600
"""Tokens; together with one per letter of the question, what a call is expected to cost."""


class SecondOpinion:
    """The slow call behind `note.opinion`. Its days end in the team's time zone."""

    def __init__(self, settings: ModelSettings, db: Database, now: Now, zone: ZoneInfo) -> None:
        self._settings = settings
        self._db = db
        self._now = now
        self._zone = zone
        self._client = ModelClient(settings)
        self._breaker = Breaker(now)

    async def __call__(self, data: dict[str, str]) -> dict[str, Any]:
        """`data` holds a question; the result is `{"answer": <JSON text>}`."""
        question = json.loads(data["question"])
        expected = len(data["question"]) + EXPECTED_ANSWER
        self._breaker.check()
        day = await self._take(expected)
        with self._breaker.attempt():
            try:
                reply = await self._client.ask(**question)
            except Unauthorized as refusal:  # asking again would not help
                raise Rejected(str(refusal)) from None
        if reply.tokens:
            await self._correct(day, reply.tokens - expected)
        return {"answer": reply.text}

    async def _take(self, tokens: int) -> date:
        """What fails stays booked as expected: it may have been worked on."""
        day = self._now().astimezone(self._zone).date()
        limits = self._settings

        def take(db: Session) -> bool:
            return spending.take(
                db,
                SERVICE,
                day,
                tokens,
                most_calls=limits.calls_a_day,
                most_tokens=limits.tokens_a_day,
            )

        if not await self._db.write(take):
            raise Rejected(f"the model's budget of {day} is used up")
        return day

    async def _correct(self, day: date, tokens: int) -> None:
        await self._db.write(lambda db: spending.correct(db, SERVICE, day, tokens))
