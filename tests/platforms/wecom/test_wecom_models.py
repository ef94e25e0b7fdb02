"""A foreign library as a witness: wechatpy's client talks to the imitated WeCom, and our adapter
asks it for what wechatpy asks.

wechatpy 1.8.18 knows no template cards and no acquisition links: for those there is the page alone.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from wechatpy.enterprise import WeChatClient
from wechatpy.exceptions import WeChatClientException

from bot.clock import Clock
from bot.platforms.wecom.adapter import WeCom
from bot.playground.wecom import WeComServer
from bot.playground.world import ExternalContact, Member, World
from cards.model import Card
from tests.asked import Asked, Recorder, unknown_to

CUSTOMER = "wmCUSTOMER01"
OURS_ALONE = [".duplicate_check_interval", ".enable_duplicate_check"]
"""Newer than the library [D90236]."""


class Sdk(WeChatClient):  # type: ignore[misc]
    """At another address than the one that is written into it."""

    def fetch_access_token(self) -> Any:
        params = {"corpid": self.corp_id, "corpsecret": self.secret}
        return self._fetch_access_token(f"{self.API_BASE_URL}gettoken", params)


@dataclass
class Stage:
    adapter: WeCom
    server: WeComServer
    world: World
    recorder: Recorder
    sdk: Sdk

    def take(self) -> list[Asked]:
        """What was asked since the last look."""
        asked, self.recorder.asked = self.recorder.asked, []
        return asked

    def with_sdk_token(self, query: Mapping[str, str]) -> dict[str, str]:
        return {**query, "access_token": self.sdk.access_token}

    async def by_sdk(self, do: Callable[..., Any], *args: Any, **options: Any) -> Any:
        return await asyncio.to_thread(do, *args, **options)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    clock = Clock(datetime(2026, 1, 28, 2, 0, tzinfo=UTC), frozen=True)
    world = World(clock)
    world.join("wecom", Member("zhang.wei", "张伟"))
    world.join("wecom", Member("LiNa", "李娜"))
    server = WeComServer(world, clock, retry_seconds=0)
    recorder = Recorder("/playground/wecom/cgi-bin")
    async with TestServer(recorder.application(*server.routes(), web.post("/heard", hear))) as api:
        server.callback_url = str(api.make_url("/heard"))
        settings = server.settings(str(api.make_url("/playground/wecom")))
        adapter = WeCom(settings, clock)
        await adapter.start(accept)
        sdk = Sdk(settings.corp_id, settings.secret.get_secret_value(), timeout=3)
        sdk.API_BASE_URL = f"{settings.api_url}/cgi-bin/"
        yield Stage(adapter, server, world, recorder, sdk)
        await adapter.stop()
        await server.stop()


async def hear(_: web.Request) -> web.Response:
    return web.Response()


async def accept(_: object) -> bool:
    return True


async def test_a_message_is_asked_for_as_by_wechatpy(stage: Stage) -> None:
    await stage.adapter.send("wecom:LiNa", Card(text="样机寄了吗"), card_id="k1")
    our_token, ours = stage.take()
    send = stage.sdk.message.send_text
    answer = await stage.by_sdk(send, stage.server.agent_id, ["zhang.wei", "ghost"], "寄了")
    their_token, theirs = stage.take()

    assert answer["invaliduser"] == "ghost"
    assert [one.payload for one in stage.world.chat("wecom", "zhang.wei")] == [{"content": "寄了"}]
    assert our_token == their_token
    assert (ours.method, ours.path, ours.query.keys()) == ("POST", theirs.path, theirs.query.keys())
    assert unknown_to(theirs.body, ours.body) == OURS_ALONE


async def test_channel_codes_are_asked_for_as_by_wechatpy(stage: Stage) -> None:
    made = await stage.adapter.desk.open_channel("yn1", "展会A", ["wecom:LiNa"], asks=False)
    ours = stage.take()[-1]
    contact = stage.sdk.external_contact
    way = {"remark": "展会B", "state": "yn2", "user": ["LiNa"]}
    theirs = await stage.by_sdk(contact.add_contact_way, 1, 2, **way)
    assert stage.server.customers.ways.ways.keys() == {made["config_id"], theirs["config_id"]}
    assert unknown_to(stage.take()[-1].body, ours.body) == []

    config = made["config_id"]
    await stage.adapter.desk.change_channel(config, "yn1", "展会C", ["wecom:LiNa"], asks=True)
    ours = stage.take()[-1]
    await stage.by_sdk(contact.update_contact_way, config, "展会C", False, None, "yn1", ["LiNa"])
    assert stage.take()[-1] == ours

    await stage.adapter.desk.close_channel(config)
    ours = stage.take()[-1]
    await stage.by_sdk(contact.del_contact_way, theirs["config_id"])
    assert stage.take()[-1].body.keys() == ours.body.keys()
    assert stage.server.customers.ways.ways == {}


async def test_customers_and_their_tags_are_asked_for_as_by_wechatpy(stage: Stage) -> None:
    await stage.server.add_contact("zhang.wei", ExternalContact(CUSTOMER, "李女士"))
    contact = stage.sdk.external_contact
    stage.take()
    await stage.adapter.contact(CUSTOMER)
    ours = stage.take()[-1]
    found = await stage.by_sdk(contact.get, CUSTOMER)
    assert found["external_contact"]["name"] == "李女士"
    assert stage.take()[-1] == replace(ours, query=stage.with_sdk_token(ours.query))

    desk = stage.adapter.desk
    await desk.write_tags("wecom:zhang.wei", CUSTOMER, ["报价"], [])
    _, made, marked = stage.take()
    (tag,) = marked.body["add_tag"]
    group = await stage.by_sdk(contact.add_corp_tag, None, "别的", None, [{"name": "报价"}])
    assert unknown_to(stage.take()[-1].body, made.body) == []
    await stage.by_sdk(contact.mark_tag, "zhang.wei", CUSTOMER, [tag], [])
    assert stage.take()[-1].body == marked.body
    assert group["tag_group"]["group_name"] == "别的"


async def test_a_welcome_of_wechatpy_is_taken_once(stage: Stage) -> None:
    await stage.server.add_contact("zhang.wei", ExternalContact(CUSTOMER, "李女士"))
    (code,) = stage.server.contacts.welcomes
    await stage.adapter.welcome(code, "您好")
    ours = stage.take()[-1]
    template = {"welcome_code": code, "text": {"content": "您好"}}
    with pytest.raises(WeChatClientException, match="41051"):
        await stage.by_sdk(stage.sdk.external_contact.send_welcome_msg, template)
    assert stage.take()[-1] == replace(ours, query=stage.with_sdk_token(ours.query))


async def test_members_and_files_are_given_to_wechatpy(stage: Stage) -> None:
    member = await stage.by_sdk(stage.sdk.user.get, "zhang.wei")
    theirs = stage.take()[-1]
    assert await stage.adapter.desk.colleague("wecom:zhang.wei") == {"name": member["name"]}
    assert (stage.take()[-1].path, member["name"]) == (theirs.path, "张伟")

    kept = await stage.by_sdk(stage.sdk.media.upload, "file", ("报价单.txt", b"3 pages"))
    assert await stage.adapter.fetch(kept["media_id"]) == (b"3 pages", "application/octet-stream")


async def test_wechatpy_understands_a_refusal(stage: Stage) -> None:
    send = stage.sdk.message.send_text
    with pytest.raises(WeChatClientException, match="81013"):
        await stage.by_sdk(send, stage.server.agent_id, ["ghost"], "寄了")
    wrong = Sdk(stage.server.corp_id, "wrong", timeout=3)
    wrong.API_BASE_URL = stage.sdk.API_BASE_URL
    with pytest.raises(WeChatClientException, match="40001"):
        await stage.by_sdk(wrong.user.get, "zhang.wei")
