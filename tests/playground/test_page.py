"""The page's routes: what they tell, what they do, and what they refuse."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient

from bot.playground.page import STATIC
from bot.playground.page_requests import BODY_LIMIT
from tests.playground.page_ground import WECOM_BUTTONS, Ground

Client = TestClient[web.Request, web.Application]
API = "/playground/api"


@pytest.fixture
async def client(
    ground: Ground, aiohttp_client: Callable[[web.Application], Awaitable[Client]]
) -> Client:
    return await aiohttp_client(ground.app())


async def post(client: Client, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
    response = await client.post(f"{API}/{path}", json=body)
    return response.status, await response.json()


async def state(client: Client) -> dict[str, Any]:
    told: dict[str, Any] = await (await client.get(f"{API}/state")).json()
    return told


async def events(response: ClientResponse) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    while True:
        name = (await response.content.readline()).decode().removeprefix("event: ").strip()
        data = (await response.content.readline()).decode().removeprefix("data: ")
        await response.content.readline()
        yield name, json.loads(data)


async def test_the_page_runs_nothing_but_its_own_files(client: Client) -> None:
    response = await client.get("/")
    policy = response.headers["Content-Security-Policy"]
    html = await response.text()

    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert html.count("<script") == html.count('<script type="module" src="/playground/static/')
    assert "style=" not in html
    assert "onclick" not in html


async def test_each_file_the_page_names_is_there(client: Client) -> None:
    for path in STATIC.iterdir():
        response = await client.get(f"/playground/static/{path.name}")
        assert response.status == (404 if path.suffix == ".html" else 200), path.name


@pytest.mark.parametrize("name", ["../page.py", "..%2fpage.py", "%2e%2e/page.py", "none.js"])
async def test_no_other_file_is_served(client: Client, name: str) -> None:
    response = await client.get(f"/playground/static/{name}")
    assert response.status == 404


def test_the_page_is_small() -> None:
    assert sum(path.stat().st_size for path in STATIC.iterdir()) < 60 * 1024


async def test_state_tells_who_sees_what(ground: Ground, client: Client) -> None:
    ground.wecom.show("li", "card", WECOM_BUTTONS)
    ground.dingtalk.show("li", "text", {"content": "另一个平台上的同名成员"})
    told = await state(client)

    assert told["now"] == "2026-01-28T10:20+08:00"
    assert told["counts"] == {"sent": 2, "edited": 0}
    assert [seat["key"] for seat in told["seats"]] == ["sales", "manager", "delivery", "customer"]
    assert [len(seat["messages"]) for seat in told["seats"]] == [1, 0, 0, 0]
    [message] = told["seats"][0]["messages"]
    assert message["payload"] == WECOM_BUTTONS
    assert not message["own"]


async def test_what_a_member_says_reaches_the_platform(ground: Ground, client: Client) -> None:
    status, told = await post(client, "say", seat="delivery", text=" 接单 P12 ")

    assert status == 200
    assert told["message"]["own"]
    assert ground.world.messages[0].payload == {"content": "接单 P12"}
    assert ground.world.messages[0].chat == "ou_chen"


async def test_a_voice_message_is_said_as_one(ground: Ground, client: Client) -> None:
    await post(client, "say", seat="sales", text="张总说下周再议", content="voice")
    assert ground.world.messages[0].content == "voice"


async def test_a_click_answers_with_the_toast_and_the_card(ground: Ground, client: Client) -> None:
    shown = ground.wecom.show("li", "card", WECOM_BUTTONS)
    pressed = {"key": "followup.confirm?followup=1", "selected": {"owner": ["wu"]}}
    status, told = await post(client, "click", seat="sales", message=shown.id, interaction=pressed)

    assert status == 200
    assert told["toast"] == "已收到"
    assert told["message"]["edits"] == 1
    assert told["message"]["clicked"] == pressed
    assert ground.wecom.clicks == [pressed]


async def test_nobody_clicks_what_another_seat_sees(ground: Ground, client: Client) -> None:
    shown = ground.wecom.show("somebody-else", "card", WECOM_BUTTONS)
    status, told = await post(client, "click", seat="sales", message=shown.id, interaction={})

    assert (status, told["error"]) == (400, "这个席位上没有这条消息，请刷新页面。")
    assert ground.wecom.clicks == []


async def test_a_refused_click_says_why(ground: Ground, client: Client) -> None:
    shown = ground.wecom.show("li", "card", {**WECOM_BUTTONS, "replace_text": "已确认"})
    status, told = await post(client, "click", seat="sales", message=shown.id, interaction={})
    assert (status, told["error"]) == (400, "这张卡片已经不能再点")


@pytest.mark.parametrize(
    ("asked", "reached"),
    [
        ({"hours": 1}, "2026-01-28T11:20+08:00"),
        ({"hours": 72}, "2026-01-31T10:20+08:00"),
        ({"to": "2026-02-05T09:00"}, "2026-02-05T09:00+08:00"),
        ({"to": "2026-02-05T09:00:00Z"}, "2026-02-05T17:00+08:00"),
    ],
)
async def test_the_clock_walks_to_a_moment(
    client: Client, asked: dict[str, Any], reached: str
) -> None:
    status, told = await post(client, "clock", **asked)
    assert (status, told["now"], told["moving_to"]) == (200, reached, None)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"to": "2026-01-28T10:20"}, "只能往前走"),
        ({"to": "2028-01-01T00:00"}, "最多走一年"),
        ({"to": "下周三"}, "字段缺少或不对：to"),
        ({"hours": 5}, "字段缺少或不对：hours"),
        ({"hours": 1, "to": "2026-02-05T09:00"}, "二选一"),
        ({}, "二选一"),
    ],
)
async def test_the_clock_refuses_with_a_reason(
    ground: Ground, client: Client, asked: dict[str, Any], why: str
) -> None:
    status, told = await post(client, "clock", **asked)
    assert status == 400
    assert why in told["error"]
    assert not ground.hands.has_left.is_set()


async def test_one_walk_at_a_time(ground: Ground, client: Client) -> None:
    ground.hands.may_arrive.clear()
    first = asyncio.create_task(post(client, "clock", hours=1))
    await ground.hands.has_left.wait()
    status, told = await post(client, "clock", hours=1)
    on_the_way = await state(client)
    ground.hands.may_arrive.set()

    assert (status, told["error"]) == (400, "时钟正在走，请等它停下来。")
    assert on_the_way["moving_to"] == "2026-01-28T11:20+08:00"
    assert (await first)[1]["moving_to"] is None


async def test_a_customer_becomes_a_contact_and_is_greeted(ground: Ground, client: Client) -> None:
    asked = {"name": "李女士", "company": "江北医院", "channel": "展会3号馆"}
    status, told = await post(client, "customer", **asked)
    again, refused = await post(client, "customer", **asked)

    assert (status, told["friend"]["seller"]) == (200, "小李")
    [(member, contact)] = ground.added
    assert member == "li"
    assert (contact.name, contact.corp_name, contact.state) == ("李女士", "江北医院", "展会3号馆")
    assert (again, refused["error"]) == (400, "李女士已经是小李的微信好友了，换个称呼再试。")
    [greeting] = (await state(client))["seats"][3]["messages"]
    assert (greeting["to"], greeting["own"]) == ("李女士", False)


async def test_the_bot_does_not_hear_the_customer(client: Client) -> None:
    status, told = await post(client, "say", seat="customer", text="在吗")
    assert status == 400
    assert "机器人看不到" in told["error"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Content-Type": "text/plain"},
    ],
)
async def test_other_sites_cannot_act(
    ground: Ground, client: Client, headers: dict[str, str]
) -> None:
    body = json.dumps({"seat": "sales", "text": "今日"})
    response = await client.post(
        f"{API}/say", data=body, headers={"Content-Type": "application/json"} | headers
    )
    assert response.status == 403
    assert (await response.json())["error"] == "只接受本页面发出的请求。"
    assert ground.world.messages == []


async def test_the_page_itself_may_act(client: Client) -> None:
    response = await client.post(
        f"{API}/say",
        json={"seat": "sales", "text": "今日"},
        headers={"Origin": str(client.make_url("/")).rstrip("/"), "Sec-Fetch-Site": "same-origin"},
    )
    assert response.status == 200


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        (b"{", 400, "不是有效的 JSON 对象"),
        (b"[]", 400, "不是有效的 JSON 对象"),
        (b"\xff", 400, "不是有效的 JSON 对象"),
        (b"{}", 400, "seat、text"),
        (b'{"seat": "sales", "text": "  "}', 400, "text"),
        (b'{"seat": "sales", "text": "1", "as": "admin"}', 400, "as"),
        (b'{"seat": "boss", "text": "1"}', 400, "没有「boss」这个席位，可用的是：sales"),
        (b" " * (BODY_LIMIT + 1), 413, "最多 64 KB"),
    ],
)
async def test_bad_bodies_are_refused_in_chinese(
    client: Client, body: bytes, status: int, why: str
) -> None:
    headers = {"Content-Type": "application/json"}
    response = await client.post(f"{API}/say", data=body, headers=headers)
    assert response.status == status
    assert why in (await response.json())["error"]


async def test_the_stream_tells_news_edits_and_the_time(ground: Ground, client: Client) -> None:
    async with client.get(f"{API}/stream") as response:
        told = events(response)
        assert response.content_type == "text/event-stream"
        name, clock = await anext(told)
        assert (name, clock["now"]) == ("clock", "2026-01-28T10:20+08:00")

        shown = ground.feishu.show("ou_chen", "text", {"text": "新任务"})
        name, news = await next_of(told, "message")
        assert (news["seat"], news["message"]["payload"]) == ("delivery", {"text": "新任务"})

        ground.world.change(shown, {"text": "新任务（X2）"})
        _, news = await next_of(told, "message")
        assert news["message"]["edits"] == 1

        await post(client, "clock", hours=24)
        while (await next_of(told, "clock"))[1]["now"] != "2026-01-29T10:20+08:00":
            pass


async def next_of(
    told: AsyncIterator[tuple[str, dict[str, Any]]], wanted: str
) -> tuple[str, dict[str, Any]]:
    return await anext(event async for event in told if event[0] == wanted)


async def test_stopping_ends_the_streams(ground: Ground, client: Client) -> None:
    async with client.get(f"{API}/stream") as response:
        await response.content.readline()
        await ground.page.stop(web.Application())
        assert b"clock" not in await response.content.read()
