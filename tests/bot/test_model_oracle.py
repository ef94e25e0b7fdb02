"""The vendor's SDK as a witness: it understands our imitated model, and asks as our client does."""

from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest

from bot.model.client import ModelClient
from tests.model_server import KEY, ModelServer, refuse

SCHEMA = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
ASKED: dict[str, Any] = {
    "model": "small",
    "messages": [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "样机？"},
    ],
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA},
    },
}


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        server.says({"tags": ["价格"]})
        yield server


@pytest.fixture
async def sdk(server: ModelServer) -> AsyncIterator[openai.AsyncOpenAI]:
    url = server.settings().url
    async with openai.AsyncOpenAI(base_url=url, api_key=KEY, max_retries=0) as sdk:
        yield sdk


async def test_the_sdk_understands_our_server(server: ModelServer, sdk: openai.AsyncOpenAI) -> None:
    whole = await sdk.chat.completions.create(**ASKED)
    assert whole.choices[0].message.content == server.content
    assert whole.usage is not None
    assert whole.usage.total_tokens == 120


async def test_the_sdk_understands_our_stream(server: ModelServer, sdk: openai.AsyncOpenAI) -> None:
    stream = await sdk.chat.completions.create(
        **ASKED, stream=True, stream_options={"include_usage": True}
    )
    events = [event async for event in stream]
    told = "".join(event.choices[0].delta.content or "" for event in events if event.choices)
    assert told == server.content
    assert events[-1].usage is not None
    assert events[-1].usage.total_tokens == 120


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
    ],
)
async def test_the_sdk_understands_our_refusals(
    server: ModelServer, sdk: openai.AsyncOpenAI, status: int, kind: type[Exception]
) -> None:
    server.acts.append(refuse(status))
    with pytest.raises(kind):
        await sdk.chat.completions.create(**ASKED)


@pytest.mark.parametrize("stream", [False, True])
async def test_our_client_asks_as_the_sdk_does(
    server: ModelServer, sdk: openai.AsyncOpenAI, stream: bool
) -> None:
    more: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}
    await sdk.chat.completions.create(**ASKED, **(more if stream else {}))
    client = ModelClient(server.settings(stream=stream))
    await client.ask(system="be brief", user="样机？", schema=SCHEMA)
    assert server.asked[0] == server.asked[1]
    assert server.keys[0] == server.keys[1]
