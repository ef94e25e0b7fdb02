"""Somebody else's client of the imitated DingTalk."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, web
from aiohttp.test_utils import TestServer

from bot.clock import Clock
from bot.playground.dingtalk import DingTalkServer
from bot.playground.dingtalk.gateway import Pace
from bot.playground.world import Member, World

VECTORS = json.loads(
    (Path(__file__).parents[2] / "payloads/vectors/dingtalk.json").read_text(encoding="utf-8")
)
GROUP = "cidGROUP0001=="
MESSAGES = "/v1.0/im/bot/messages/get"
CLICKS = "/v1.0/card/instances/callback"
SUBSCRIPTIONS = VECTORS["stream"]["open"]["request"]["json"]["subscriptions"]
PACE = Pace(
    click_seconds=0.2,
    event_seconds=0.05,
    message_seconds=0.02,
    repeat_seconds=(0.001,),
)


@dataclass
class Client:
    server: DingTalkServer
    world: World
    clock: Clock
    http: ClientSession
    base: str

    async def post(self, path: str, body: Any, **headers: str) -> tuple[int, Any]:
        async with self.http.post(self.base + path, json=body, headers=headers) as response:
            return response.status, await response.json()

    async def call(self, path: str, body: Any, *, method: str = "POST") -> tuple[int, Any]:
        headers = {"x-acs-dingtalk-access-token": await self.token()}
        async with self.http.request(
            method, self.base + path, json=body, headers=headers
        ) as response:
            return response.status, await response.json()

    async def token(self) -> str:
        app = self.server.app
        body = {"appKey": app.client_id, "appSecret": app.client_secret}
        _, answer = await self.post("/v1.0/oauth2/accessToken", body)
        return str(answer["accessToken"])

    async def ticket(self, subscriptions: Any = SUBSCRIPTIONS) -> dict[str, str]:
        app = self.server.app
        body = {
            "clientId": app.client_id,
            "clientSecret": app.client_secret,
            "subscriptions": subscriptions,
        }
        _, answer = await self.post(
            "/v1.0/gateway/connections/open", body, Accept="application/json"
        )
        found: dict[str, str] = answer
        return found

    async def connect(self, subscriptions: Any = SUBSCRIPTIONS) -> ClientWebSocketResponse:
        return await self.http.ws_connect(url_of(await self.ticket(subscriptions)))

    def card(self, **changes: Any) -> dict[str, Any]:
        case = next(c for c in VECTORS["openapi"]["cases"] if c["name"] == "card_create_ok")
        model = {"robotCode": self.server.app.client_id}
        return {**case["request"]["json"], "imGroupOpenDeliverModel": model, **changes}


def url_of(opened: dict[str, str]) -> str:
    return f"{opened['endpoint']}?ticket={quote_plus(opened['ticket'])}"


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    clock = Clock(datetime(2026, 1, 5, 2, 0, tzinfo=UTC), frozen=True)
    world = World(clock)
    world.join("dingtalk", Member("manager0001", "王小明"))
    world.join("dingtalk", Member("manager0002", "李小红"))
    server = DingTalkServer(world, clock, pace=PACE)
    app = web.Application()
    app.add_routes(server.routes())
    async with TestServer(app) as listening, ClientSession() as http:
        settings = server.settings(str(listening.make_url("/")))
        yield Client(server, world, clock, http, settings.api_url)
        await server.stop()


def recorded(name: str) -> Any:
    return next(c for c in VECTORS["openapi"]["cases"] if c["name"] == name)


def assert_like(answer: Any, name: str) -> None:
    """The same keys at every level, and the same code where there is one."""
    expected = recorded(name)["response"]
    assert answer[1].keys() == expected.keys()
    assert answer[0] == recorded(name)["status"]
    assert answer[1].get("code") == expected.get("code")


def answer_to(frame: dict[str, Any], data: Any) -> dict[str, Any]:
    headers = {"messageId": frame["headers"]["messageId"], "contentType": "application/json"}
    return {"code": 200, "headers": headers, "message": "OK", "data": json.dumps(data)}
