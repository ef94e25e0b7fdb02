"""Plays the scenario's steps on one seating, and checks what everybody sees after each."""

import tomllib
from collections.abc import Iterator, Sequence
from copy import deepcopy
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.playground.press import interaction, text_of
from bot.playground.world import Content, Member, Shown
from tests.bot.watch import Dump, everything, records
from tests.conftest import Bot
from tests.raw_clicks import send_click
from tests.scenario.ways import Way

STRANGERS = {
    "wecom": "lu.ren",
    "dingtalk": "luren0001",
    "feishu": "ou_luren00000000000000000000000001",
}
MOMENT = timedelta(seconds=1)
"""Passes between two things that people do."""
Place = Literal["sales", "delivery", "stranger", "group"]


class Step(BaseModel):
    """One thing somebody does, and what comes of it; the keys are explained in story.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    who: Literal["sales", "delivery", "stranger"]
    at: datetime | None = None
    says: str | None = None
    speaks: str | None = None
    shows: str | None = None
    presses: str | None = None
    place: Literal["", "group"] = Field("", alias="in")
    unaddressed: bool = False
    of: str = ""
    fills: dict[str, tuple[str, ...]] = {}
    sees: dict[Place, tuple[str, ...]] = {}
    quiet: tuple[Place, ...] = ()
    hides: dict[Place, tuple[str, ...]] = {}
    keeps: dict[str, Place] = {}
    changes: bool = True
    stores: bool = True
    needs: str = ""

    @model_validator(mode="after")
    def does_one_thing(self) -> "Step":
        done = [self.says, self.speaks, self.shows, self.presses]
        assert sum(thing is not None for thing in done) == 1, f"{self.title!r}: one verb"
        return self

    @property
    def uttered(self) -> tuple[Content, str]:
        if self.speaks is not None:
            return "voice", self.speaks
        return ("text", self.says) if self.says is not None else ("image", self.shows or "")


def read_steps(file: Path) -> list[Step]:
    told = tomllib.loads(file.read_text(encoding="utf-8"))
    return [Step.model_validate(step) for step in told["step"]]


class Stage:
    """A running bot, with a stranger and a group beside the seats it knows."""

    def __init__(self, bot: Bot, way: Way) -> None:
        self.bot, self.way = bot, way
        self.platform = way.seating[0]
        self.stranger = STRANGERS[self.platform]
        self.kept: dict[str, Shown] = {}
        bot.ground.world.join(self.platform, Member(self.stranger, "路人"))
        if self.platform == "feishu":
            bot.ground.feishu.open_group(way.group)

    async def play(self, step: Step) -> None:
        await self.bot.at(step.at or self.bot.clock() + MOMENT)
        seen, before = self._screens(), self._records(step)
        await self._do(step)
        self._check(step, self._news(seen))
        after = self._records(step)
        changed = [(rows, after[name]) for name, rows in before.items() if rows != after[name]]
        assert not changed, f"{step.title}: changed {changed}"
        for name, place in step.keeps.items():
            cards = [m for m in self._shown(place) if m.content == "card"]
            self.kept[name] = deepcopy(cards[-1])

    async def _do(self, step: Step) -> None:
        if step.presses is None:
            await self._utter(step)
        elif step.of:
            card = self.kept[step.of]
            sent = interaction(card, step.presses, step.fills)
            await send_click(self.bot, card, sent, self._member(step.who))
        else:
            await self.bot.presses(step.who, step.presses, step.fills)

    async def _utter(self, step: Step) -> None:
        platform = self.bot.ground.seat(step.who).platform if step.who != "stranger" else ""
        server = self.bot.ground.servers[platform or self.platform]
        content, text = step.uttered
        chat = self.way.group if step.place else ""
        if step.unaddressed:
            # Only a platform that delivers such talk (`needs = "overhearing"`) can tell.
            await self.bot.ground.feishu.say(
                self._member(step.who), text, chat=chat, mentioned=False
            )
        else:
            await server.say(self._member(step.who), text, content=content, chat=chat)
        await self.bot.loops.settle()

    def _check(self, step: Step, news: dict[Place, str]) -> None:
        for place, words in step.sees.items():
            for word in words:
                assert word in news[place], f"{step.title}: {place} sees no {word!r} in\n{news}"
        for place in step.quiet:
            assert not news[place], f"{step.title}: {place} hears\n{news[place]}"
        for place, words in step.hides.items():
            everything = "\n".join(text_of(message) for message in self._shown(place))
            for word in words:
                assert word not in everything, f"{step.title}: {place} was shown {word!r}"

    # What is seen ------------------------------------------------------------------------

    def _member(self, who: str) -> str:
        return self.stranger if who == "stranger" else self.bot.ground.seat(who).member

    def _chat(self, place: Place) -> tuple[str, str]:
        if place == "group":
            return self.platform, self.way.group
        if place == "stranger":
            return self.platform, self.stranger
        part = self.bot.ground.seat(place)
        return part.platform, part.member

    def _shown(self, place: Place) -> list[Shown]:
        chat = self.bot.ground.world.chat(*self._chat(place))
        return [message for message in chat if message.sender == "bot"]

    def _messages(self) -> Iterator[tuple[Place, Shown]]:
        places: Sequence[Place] = ("sales", "delivery", "stranger", "group")
        for place in places:
            yield from ((place, message) for message in self._shown(place))

    def _screens(self) -> dict[str, str]:
        return {message.id: text_of(message) for _, message in self._messages()}

    def _news(self, seen: dict[str, str]) -> dict[Place, str]:
        """What is new or reads otherwise, without the marks of emphasis."""
        news: dict[Place, str] = {"sales": "", "delivery": "", "stranger": "", "group": ""}
        for place, message in self._messages():
            text = text_of(message)
            if seen.get(message.id) != text:
                news[place] += text.replace("*", "").replace("~", "") + "\n"
        return news

    def _records(self, step: Step) -> Dump:
        """Of what the step must leave alone."""
        if not step.stores:
            return everything(self.bot)
        return records(self.bot) if not step.changes else {}
