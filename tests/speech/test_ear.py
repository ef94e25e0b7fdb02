"""The transcription protocol, over a socket, against a server that speaks it."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from bot.clock import Clock
from bot.platforms.protocol import PlatformError, RateLimited, Unreachable
from bot.playground import sounds
from bot.playground.ear import EarServer, Fault
from bot.playground.world import World
from bot.speech import ear as ear_room
from bot.speech.ear import Ear, certainty_of
from bot.speech.sound import Unhearable
from tests.speech.sounds import tone

WORDS = "张总说价格高，样机下周三前寄出"


class Booth:
    def __init__(self, server: EarServer, world: World, origin: str) -> None:
        self.server, self.world = server, world
        self.ear = Ear(server.settings(origin))

    def said(self, words: str = WORDS) -> bytes:
        return sounds.amr(self.world.speak(words))

    def change(self, **settings: Any) -> None:
        assert self.ear.settings is not None
        self.ear.settings = self.ear.settings.model_copy(update=settings)


@pytest.fixture
async def booth() -> AsyncIterator[Booth]:
    world = World(Clock())
    server = EarServer(world)
    app = web.Application()
    app.add_routes(server.routes())
    async with TestServer(app) as running:
        with structlog.testing.capture_logs():
            yield Booth(server, world, str(running.make_url("")).rstrip("/"))
        await server.stop()


async def test_F04_words_come_with_their_length_and_certainty(booth: Booth) -> None:
    heard = await booth.ear.hear(booth.said())
    assert heard.text == WORDS
    assert heard.seconds == pytest.approx(4.6)
    assert heard.certainty == pytest.approx(0.9)
    (form,) = booth.server.requests
    assert form == {"file": "voice.wav", "model": "whisper-1", "response_format": "verbose_json"}


async def test_F04_an_endpoint_without_details_is_asked_plainly_from_then_on(booth: Booth) -> None:
    booth.server.plain = True
    for _ in range(2):
        heard = await booth.ear.hear(booth.said())
        assert (heard.text, heard.certainty) == (WORDS, None)
    assert [form.get("response_format") for form in booth.server.requests] == [
        "verbose_json",
        None,
        None,
    ]


async def test_the_language_is_told_where_it_is_set(booth: Booth) -> None:
    booth.change(language="zh")
    await booth.ear.hear(booth.said())
    assert booth.server.requests[0]["language"] == "zh"


async def test_the_whole_address_may_be_given(booth: Booth) -> None:
    assert booth.ear.settings is not None
    booth.change(url=booth.ear.settings.url + "/audio/transcriptions/")
    assert (await booth.ear.hear(booth.said())).text == WORDS


async def test_a_sound_without_words_has_no_text(booth: Booth) -> None:
    assert (await booth.ear.hear(tone("opus"))).text == ""
    booth.server.faults.append("empty")
    assert (await booth.ear.hear(booth.said())).text == ""


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(401, "key"), (403, "key"), (404, "refused"), (405, "refused"), (413, "too_large")],
)
async def test_F04_what_an_administrator_must_mend_is_not_tried_again(
    booth: Booth, fault: Fault, reason: str
) -> None:
    booth.server.faults.append(fault)
    with pytest.raises(Unhearable, match=re.escape(f"HTTP {fault}")) as problem:
        await booth.ear.hear(booth.said())
    assert problem.value.reason == reason


async def test_a_wrong_key_is_told_apart_from_a_wrong_model(booth: Booth) -> None:
    booth.change(model="whisper-9")
    with pytest.raises(Unhearable) as problem:
        await booth.ear.hear(booth.said())
    assert problem.value.reason == "refused"
    booth.change(key=SecretStr("hush-wrong-key"))
    with pytest.raises(Unhearable) as problem:
        await booth.ear.hear(booth.said())
    assert problem.value.reason == "key"
    assert "hush" not in str(problem.value)


@pytest.mark.parametrize(
    ("fault", "error"),
    [(429, RateLimited), (500, Unreachable), (503, Unreachable), ("nonsense", Unreachable)],
)
async def test_F04_what_passes_is_worth_another_try(
    booth: Booth, fault: Fault, error: type[PlatformError]
) -> None:
    booth.server.faults.append(fault)
    with pytest.raises(error):
        await booth.ear.hear(booth.said())
    assert (await booth.ear.hear(booth.said())).text == WORDS


async def test_F04_a_slow_endpoint_is_given_up(
    booth: Booth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ear_room, "ANSWER_SECONDS", 0.01)
    booth.server.faults.append("silence")
    with pytest.raises(Unreachable, match="TimeoutError"):
        await booth.ear.hear(booth.said())


async def test_F04_an_endpoint_that_is_down_is_unreachable(booth: Booth) -> None:
    booth.change(url="http://127.0.0.1:9/v1")
    with pytest.raises(Unreachable):
        await booth.ear.hear(booth.said())


async def test_F04_without_an_endpoint_nothing_is_heard() -> None:
    with pytest.raises(Unhearable) as problem:
        await Ear().hear(sounds.amr(50))
    assert problem.value.reason == "off"


@pytest.mark.parametrize(
    ("segments", "certainty"),
    [
        (None, None),
        ([], None),
        ([{"start": 0, "end": 1}], None),
        ([{"start": 0, "end": 1, "avg_logprob": "?"}], None),
        ([{"start": 0, "end": 1, "avg_logprob": 0.2}], 1.0),
        (
            [{"start": 0, "end": 3, "avg_logprob": 0}, {"start": 3, "end": 4, "avg_logprob": -99}],
            0.75,
        ),
    ],
)
def test_certainty_is_weighed_by_length(segments: object, certainty: float | None) -> None:
    assert certainty_of({"segments": segments}) == (
        None if certainty is None else pytest.approx(certainty)
    )
