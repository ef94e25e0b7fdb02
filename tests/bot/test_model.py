"""Asking a model over a real socket: forms, streams, refusals, limits, budget."""

import json
from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import structlog
from aiohttp import web

from bot.clock import Clock
from bot.model.client import LONGEST_ANSWER, LONGEST_BODY, ModelClient, Reply
from bot.model.opinion import EXPECTED_ANSWER, SecondOpinion
from bot.platforms.protocol import PlatformError, RateLimited, Rejected, Unauthorized, Unreachable
from storage import spending
from storage.db import Database
from tests.bot.conftest import later
from tests.model_server import KEY, Act, ModelServer, answer, hang_up, refuse, send

pytestmark = pytest.mark.usefixtures("quiet_logs")
QUESTION: dict[str, Any] = {"system": "be brief", "user": "样机？", "schema": {"type": "object"}}
TODAY = date(2026, 1, 28)


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        yield server


async def ask(server: ModelServer, **changed: Any) -> Reply:
    return await ModelClient(server.settings(**changed)).ask(**QUESTION)


async def complaint(server: ModelServer, act: Act, **changed: Any) -> PlatformError:
    server.acts.append(act)
    with pytest.raises(PlatformError) as caught:
        await ask(server, **changed)
    assert KEY not in str(caught.value)
    return caught.value


# Questions and answers -------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_is_one_json_object_and_its_tokens(
    server: ModelServer, stream: bool
) -> None:
    server.says({"tags": ["价格"]})
    assert await ask(server, stream=stream) == Reply('{"tags": ["价格"]}', 120)
    (sent,) = server.asked
    assert sent["model"] == "small"
    assert [message["role"] for message in sent["messages"]] == ["system", "user"]
    assert sent["response_format"]["json_schema"]["schema"] == QUESTION["schema"]
    assert server.keys == [f"Bearer {KEY}"]


async def test_an_endpoint_without_a_key_is_sent_none(server: ModelServer) -> None:
    await ask(server, key="")
    assert server.keys == [""]


async def test_where_only_json_objects_are_known_the_schema_is_told_in_words(
    server: ModelServer,
) -> None:
    server.strict = False
    client = ModelClient(server.settings())
    assert (await client.ask(**QUESTION)).text == "{}"
    assert (await client.ask(**QUESTION)).text == "{}"
    forms = [sent["response_format"]["type"] for sent in server.asked]
    assert forms == ["json_schema", "json_object", "json_object"]
    assert json.dumps(QUESTION["schema"]) in server.asked[1]["messages"][0]["content"]


async def test_a_request_that_is_wrong_in_every_form_leaves_the_strict_one_in_use(
    server: ModelServer,
) -> None:
    client = ModelClient(server.settings())
    server.acts.extend([refuse(404), refuse(404)])
    with pytest.raises(Rejected, match="404"):
        await client.ask(**QUESTION)
    await client.ask(**QUESTION)
    assert server.asked[-1]["response_format"]["type"] == "json_schema"


@pytest.mark.parametrize(
    "content",
    ['<think>maybe {"a": 2}</think>{"a": 1}', '```json\n{"a": 1}\n```', ' {"a": 1} \n'],
)
async def test_what_stands_around_the_object_is_left_out(server: ModelServer, content: str) -> None:
    server.content = content
    assert json.loads((await ask(server)).text) == {"a": 1}


async def test_an_endpoint_that_does_not_stream_is_understood_too(server: ModelServer) -> None:
    whole = {"choices": [{"message": {"content": '{"a": 1}'}}]}
    server.acts.append(answer(json.dumps(whole).encode()))
    assert await ask(server, stream=True) == Reply('{"a": 1}', 0)


async def test_half_a_letter_does_no_harm(server: ModelServer) -> None:
    whole = b'{"choices": [{"message": {"content": "{\\"a\\": \\"\\ud800\\"}"}}]}'
    server.acts.append(answer(whole))
    assert (await ask(server)).text == '{"a": "?"}'


# Refusals and faults ---------------------------------------------------------------------


async def test_a_refused_key_is_named_and_not_shown(server: ModelServer) -> None:
    problem = await complaint(server, refuse(401, f"Incorrect API key provided: {KEY[:6]}…"))
    assert isinstance(problem, Unauthorized)
    assert KEY[:6] not in str(problem)
    assert "MODEL__KEY" in str(problem)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0", 1.0), ("Wed, 28 Jan 2026", 30.0), ("inf", 86400.0), ("nan", 1.0)],
)
async def test_the_waiting_time_of_an_endpoint_is_passed_on(
    server: ModelServer, header: str, seconds: float
) -> None:
    problem = await complaint(server, refuse(429, Retry_After=header))
    assert isinstance(problem, RateLimited)
    assert problem.retry_after == seconds


@pytest.mark.parametrize("status", [500, 502, 503, 408])
async def test_a_passing_fault_may_be_tried_again(server: ModelServer, status: int) -> None:
    problem = await complaint(server, refuse(status, f"we are sorry, {KEY}"))
    assert isinstance(problem, Unreachable)
    assert f"HTTP {status}: we are sorry" in str(problem)


@pytest.mark.parametrize("status", [301, 307, 402, 410])
async def test_nothing_is_sent_elsewhere(server: ModelServer, status: int) -> None:
    assert isinstance(await complaint(server, refuse(status, Location="/other")), Rejected)
    assert len(server.asked) == 1


async def test_a_slow_model_is_given_up(server: ModelServer) -> None:
    problem = await complaint(server, server.hang, seconds=0.05)
    assert isinstance(problem, Unreachable)


async def test_a_model_that_hangs_up_is_unreachable(server: ModelServer) -> None:
    assert isinstance(await complaint(server, hang_up), Unreachable)


async def test_nobody_there_is_unreachable(server: ModelServer) -> None:
    client = ModelClient(server.settings())
    await server.__aexit__()
    with pytest.raises(Unreachable, match="Connect"):
        await client.ask(**QUESTION)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"choices": []}',
        b'{"choices": 3}',
        b'{"choices": [{"message": {"content": null}}]}',
        b'{"choices": [{"message": {"content": "sorry"}}]}',
        b'{"choices": [{"message": {"content": "{\\"a\\": "}}]}',
        b'{"choices": [{"message": {"content": "{]}"}}]}',
        b"\xff\xfe",
        b"[" * 100_000,
        json.dumps({"choices": [{"message": {"content": '{"a":' * 5000 + "}"}}]}).encode(),
    ],
    ids=repr,
)
async def test_an_answer_that_is_none_is_refused(server: ModelServer, body: bytes) -> None:
    assert isinstance(await complaint(server, answer(body)), Rejected)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_long_answer_is_not_read_to_its_end(server: ModelServer, stream: bool) -> None:
    server.says({"a": "长" * LONGEST_ANSWER})
    with pytest.raises(Rejected, match="longer"):
        await ask(server, stream=stream)


async def test_a_body_without_end_is_cut(server: ModelServer) -> None:
    async def talk(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65536)

    problem = await complaint(server, talk)
    assert str(LONGEST_BODY) in str(problem)


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"error": {"message": "overloaded"}}, Unreachable),
        ({"choices": 3}, Rejected),
        ({"choices": [{"delta": None}]}, Rejected),
        ({"choices": [{"delta": {"content": '{"a": '}}]}, Rejected),
    ],
)
async def test_a_stream_that_breaks_off_is_refused(
    server: ModelServer, event: dict[str, Any], kind: type[PlatformError]
) -> None:
    async def act(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await send(response, event)
        return response

    assert isinstance(await complaint(server, act, stream=True), kind)


# Budget and circuit ----------------------------------------------------------------------


class Desk:
    """A second opinion on a database of its own."""

    def __init__(self, server: ModelServer, db: Database, clock: Clock, **changed: Any) -> None:
        self.server, self.db, self.clock = server, db, clock
        settings = server.settings(**changed)
        self.opinion = SecondOpinion(settings, db, clock, ZoneInfo("Asia/Shanghai"))
        self.question = json.dumps(QUESTION, ensure_ascii=False)

    async def ask(self) -> dict[str, Any]:
        return await self.opinion({"question": self.question})

    def spent(self, day: date = TODAY) -> tuple[int, int]:
        with self.db.read() as reader:
            return spending.on(reader, "model", day)


async def test_an_opinion_costs_what_was_used(
    server: ModelServer, db: Database, clock: Clock
) -> None:
    desk = Desk(server, db, clock)
    assert await desk.ask() == {"answer": "{}"}
    assert desk.spent() == (1, 120)


@pytest.mark.parametrize("tokens", [None, "many", 0, -7])
async def test_where_nobody_counts_the_expected_price_is_booked(
    server: ModelServer, db: Database, clock: Clock, tokens: object
) -> None:
    desk = Desk(server, db, clock)
    server.tokens = tokens
    await desk.ask()
    assert desk.spent() == (1, len(desk.question) + EXPECTED_ANSWER)


async def test_a_count_beyond_belief_is_not_believed(
    server: ModelServer, db: Database, clock: Clock
) -> None:
    desk = Desk(server, db, clock)
    server.tokens = 10**30
    await desk.ask()
    assert desk.spent() == (1, 1_000_000)


async def test_the_calls_of_a_day_are_counted_by_all_processes_together(
    server: ModelServer, db: Database, clock: Clock
) -> None:
    desks = [Desk(server, db, clock, calls_a_day=2) for _ in range(3)]
    await desks[0].ask()
    await desks[1].ask()
    with pytest.raises(Rejected, match="budget of 2026-01-28 is used up"):
        await desks[2].ask()
    assert len(server.asked) == 2


async def test_the_budget_is_whole_again_at_midnight_of_the_team(
    server: ModelServer, db: Database, clock: Clock
) -> None:
    desk = Desk(server, db, clock, calls_a_day=1)
    await desk.ask()
    clock.move_to(later(13.5 * 3600))
    with pytest.raises(Rejected):
        await desk.ask()
    clock.move_to(later(14 * 3600))
    await desk.ask()
    assert desk.spent(date(2026, 1, 29)) == (1, 120)


async def test_the_tokens_of_a_day_end_too(server: ModelServer, db: Database, clock: Clock) -> None:
    desk = Desk(server, db, clock, tokens_a_day=800)
    server.tokens = 700
    await desk.ask()
    with pytest.raises(Rejected, match="budget"):
        await desk.ask()
    assert len(server.asked) == 1


async def test_a_model_that_fails_is_left_alone_and_costs_nothing_meanwhile(
    server: ModelServer, db: Database, clock: Clock
) -> None:
    desk = Desk(server, db, clock)
    server.acts.extend([refuse(500), answer(b"<html>"), refuse(401)])
    for _ in range(3):
        with pytest.raises(PlatformError):
            await desk.ask()
    with pytest.raises(Unreachable, match="circuit is open"):
        await desk.ask()
    assert (len(server.asked), desk.spent()[0]) == (3, 3)
    clock.move_to(later(60))
    await desk.ask()
    assert len(server.asked) == 4


async def test_a_wrong_key_is_final_and_told_without_the_key(
    server: ModelServer, db: Database, clock: Clock
) -> None:
    structlog.reset_defaults()
    server.acts.append(refuse(401, KEY))
    with structlog.testing.capture_logs() as logs, pytest.raises(Rejected, match="MODEL__KEY"):
        await Desk(server, db, clock).ask()
    assert KEY not in repr(logs)
    assert KEY not in repr(server.settings())
