"""A server that speaks OpenAI's chat completions over a socket, and says what it is told to."""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Self

from aiohttp import web

from config.schema import ModelSettings

KEY = "sk-hush-hush"
Act = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ModelServer:
    """`acts` are done one after the other; once none is left, `content` is answered."""

    def __init__(self) -> None:
        self.content = "{}"
        self.tokens: object = 120
        self.acts: deque[Act] = deque()
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.strict = True
        self.port = 0
        self._released = asyncio.Event()

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes([web.post("/v1/chat/completions", self._complete)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._released.set()
        await self._runner.cleanup()

    def settings(self, **changed: Any) -> ModelSettings:
        given = {"url": f"http://127.0.0.1:{self.port}/v1", "name": "small", "key": KEY, **changed}
        return ModelSettings.model_validate(given)

    def says(self, answer: object) -> None:
        """From now on, this object."""
        self.content = json.dumps(answer, ensure_ascii=False)

    @property
    def note(self) -> str:
        """The note as it was shown to the model last."""
        return str(json.loads(self.asked[-1]["messages"][1]["content"])["note"])

    # What it does ----------------------------------------------------------------------

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        self.keys.append(request.headers.get("Authorization", ""))
        self.asked.append(await request.json())
        form = self.asked[-1]["response_format"]["type"]
        if form == "json_schema" and not self.strict:
            told = {"error": {"message": "response_format.type must be text or json_object"}}
            return web.json_response(told, status=400)
        if self.acts:
            return await self.acts.popleft()(request)
        if self.asked[-1].get("stream"):
            return await self._stream(request)
        message = {"role": "assistant", "content": self.content}
        return web.json_response(
            {"choices": [{"index": 0, "message": message}], "usage": {"total_tokens": self.tokens}}
        )

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for begin in range(0, len(self.content), 7):
            delta = {"content": self.content[begin : begin + 7]}
            await send(response, {"choices": [{"index": 0, "delta": delta}]})
        await send(response, {"choices": [], "usage": {"total_tokens": self.tokens}})
        await response.write(b": a comment\n\ndata: [DONE]\n\n")
        return response

    async def hang(self, _: web.Request) -> web.StreamResponse:
        await self._released.wait()
        return web.Response()


async def send(response: web.StreamResponse, event: Mapping[str, object]) -> None:
    await response.write(f"data: {json.dumps(event)}\n\n".encode())


def refuse(status: int, text: str = "no", **headers: str) -> Act:
    async def act(_: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, text=text, headers=named)

    return act


def answer(data: bytes, content_type: str = "application/json") -> Act:
    async def act(_: web.Request) -> web.StreamResponse:
        return web.Response(body=data, content_type=content_type)

    return act


async def hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.close()
    return web.Response()
