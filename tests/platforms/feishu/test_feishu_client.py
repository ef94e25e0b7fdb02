"""The client by itself: one token for many calls, answers below a message, and odd servers."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.platforms.feishu.client import FeishuClient, id_type
from bot.platforms.protocol import RateLimited, Unreachable
from tests.platforms.feishu.conftest import GROUP, LIN, Stage


@pytest.fixture
async def client(stage: Stage) -> AsyncIterator[FeishuClient]:
    """A client of its own beside the adapter's."""
    client = FeishuClient(stage.settings, stage.clock, timeout_seconds=0.2)
    await client.open()
    yield client
    await client.close()


@pytest.fixture
async def odd(stage: Stage) -> AsyncIterator[FeishuClient]:
    """A client whose server gives no token but a page, as a broken proxy does."""

    async def page(request: web.Request) -> web.Response:
        return web.Response(text="<html>", content_type="text/html", status=502)

    app = web.Application()
    app.add_routes([web.route("*", "/{path:.*}", page)])
    server = TestServer(app)
    await server.start_server()
    client = FeishuClient(stage.feishu.settings(str(server.make_url(""))), stage.clock)
    await client.open()
    yield client
    await client.close()
    await server.close()


async def test_an_answer_hangs_below_the_message(stage: Stage, client: FeishuClient) -> None:
    asked = await stage.feishu.say(LIN, "在吗", chat=GROUP)
    first = await client.reply(asked.id, "text", {"text": "在"}, uuid="r1")
    again = await client.reply(asked.id, "text", {"text": "在"}, uuid="r1")

    assert first == again == stage.last.id
    assert (stage.last.chat, stage.last.reply_to) == (GROUP, asked.id)


async def test_calls_at_once_share_one_token(stage: Stage, client: FeishuClient) -> None:
    await asyncio.gather(
        *(client.send(LIN, "text", {"text": str(n)}, uuid=f"u{n}") for n in range(5))
    )

    assert stage.feishu.gate.calls == {"token": 1, "create": 5}


async def test_a_page_in_place_of_an_answer_is_unreachable(odd: FeishuClient) -> None:
    with pytest.raises(Unreachable, match="HTTP 502 without a code"):
        await odd.send(LIN, "text", {"text": "在"}, uuid="u1")


async def test_a_closed_client_is_unreachable(client: FeishuClient) -> None:
    await client.close()

    with pytest.raises(Unreachable, match="not open"):
        await client.send(LIN, "text", {"text": "在"}, uuid="u1")


async def test_a_limit_without_a_waiting_time_waits_a_second(
    stage: Stage, client: FeishuClient
) -> None:
    stage.feishu.fail_next(code=230020)

    with pytest.raises(RateLimited) as limited:
        await client.send(LIN, "text", {"text": "在"}, uuid="u1")
    assert limited.value.retry_after == 1.0


@pytest.mark.parametrize(
    ("receive_id", "kind"),
    [("ou_1", "open_id"), ("on_1", "union_id"), ("oc_1", "chat_id"), ("a1b2c3d4", "user_id")],
)
def test_an_id_tells_its_kind(receive_id: str, kind: str) -> None:
    assert id_type(receive_id) == kind
