"""The imitated Feishu by itself, as its documentation describes it: no adapter of ours involved."""

import asyncio
import copy
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from bot.clock import Clock
from bot.playground.feishu import FeishuServer
from bot.playground.sounds import opus
from bot.playground.world import Member, World

LIN, CHEN, GROUP = "ou_lin", "ou_chen", "oc_east"
API = "/playground/feishu/open-apis"
MESSAGES = f"{API}/im/v1/messages"

CARD: dict[str, Any] = {
    "schema": "2.0",
    "config": {"update_multi": True},
    "header": {"title": {"tag": "plain_text", "content": "线索"}, "template": "blue"},
    "body": {
        "elements": [
            {"tag": "markdown", "content": f"<at id={LIN}></at> **星河科技**"},
            {
                "tag": "button",
                "text": {"tag": "plain_text", "content": "认领"},
                "behaviors": [{"type": "callback", "value": {"a": "claim"}}],
            },
            {
                "tag": "form",
                "name": "lead",
                "elements": [
                    {
                        "tag": "select_static",
                        "name": "stage",
                        "required": True,
                        "placeholder": {"tag": "plain_text", "content": "阶段"},
                        "options": [
                            {"text": {"tag": "plain_text", "content": "线索"}, "value": "new"}
                        ],
                    },
                    {"tag": "date_picker", "name": "day", "initial_date": "2024-05-10"},
                    {"tag": "input", "name": "note", "max_length": 5},
                    {
                        "tag": "button",
                        "name": "save",
                        "form_action_type": "submit",
                        "text": {"tag": "plain_text", "content": "保存"},
                        "behaviors": [{"type": "callback", "value": "save:1"}],
                    },
                ],
            },
        ]
    },
}


@dataclass
class Ground:
    """The server, a client that calls it, and an app that hears its callbacks."""

    clock: Clock
    world: World
    feishu: FeishuServer
    api: "TestClient[Any, Any]"
    heard: list[dict[str, Any]] = field(default_factory=list)
    answers: list[web.Response] = field(default_factory=list)
    delay_seconds: float = 0.0

    async def hear(self, request: web.Request) -> web.Response:
        self.heard.append(await request.json())
        await asyncio.sleep(self.delay_seconds)
        return self.answers.pop(0) if self.answers else web.json_response({})

    async def token(self) -> str:
        settings = self.feishu.settings("")
        credentials = {
            "app_id": settings.app_id,
            "app_secret": settings.app_secret.get_secret_value(),
        }
        path = f"{API}/auth/v3/tenant_access_token/internal"
        answer = await (await self.api.post(path, json=credentials)).json()
        return str(answer["tenant_access_token"])

    async def call(self, method: str, path: str, body: Any = None, **query: str) -> ClientResponse:
        headers = {"Authorization": f"Bearer {await self.token()}"}
        return await self.api.request(method, path, params=query, json=body, headers=headers)

    async def send(
        self, content: Any, msg_type: str = "interactive", to: str = LIN, **more: Any
    ) -> Any:
        body = {"receive_id": to, "msg_type": msg_type, "content": json.dumps(content), **more}
        kind = "chat_id" if to.startswith("oc_") else "open_id"
        return await (await self.call("POST", MESSAGES, body, receive_id_type=kind)).json()

    async def card(self, to: str = LIN) -> str:
        return str((await self.send(CARD, to=to))["data"]["message_id"])

    async def patch(self, message_id: str, card: Any = CARD) -> Any:
        body = {"content": json.dumps(card)}
        return await (await self.call("PATCH", f"{MESSAGES}/{message_id}", body)).json()


@pytest.fixture
async def ground() -> AsyncIterator[Ground]:
    clock = Clock(datetime(2024, 5, 6, 2, 0, tzinfo=UTC), frozen=True)
    world = World(clock)
    world.join("feishu", Member(LIN, "林晓"))
    world.join("feishu", Member(CHEN, "陈宇"))
    feishu = FeishuServer(world, clock, retry_seconds=(0, 0, 0, 0), answer_seconds=0.05)
    feishu.open_group(GROUP)
    served, callback = web.Application(), web.Application()
    served.add_routes(feishu.routes())
    api = TestClient(TestServer(served))
    await api.start_server()
    ground = Ground(clock, world, feishu, api)
    callback.add_routes([web.post("/", ground.hear)])
    listener = TestServer(callback)
    await listener.start_server()
    feishu.callback_url = str(listener.make_url("/"))
    yield ground
    await feishu.stop()
    await listener.close()
    await api.close()


async def test_a_token_stays_the_same_until_half_an_hour_is_left(ground: Ground) -> None:
    first = await ground.token()
    ground.clock.move_to(ground.clock() + timedelta(minutes=90))
    assert await ground.token() == first
    ground.clock.move_to(ground.clock() + timedelta(seconds=1))
    assert await ground.token() != first
    headers = {"Authorization": f"Bearer {first}"}
    answer = await ground.api.post(MESSAGES, json={}, headers=headers)
    assert (await answer.json())["code"] == 99992402, "the old token is valid as well"


async def test_wrong_credentials_and_tokens_are_refused(ground: Ground) -> None:
    path = f"{API}/auth/v3/tenant_access_token/internal"
    secret = await ground.api.post(path, json={"app_id": "cli_x", "app_secret": "y"})
    without = await ground.api.post(MESSAGES, json={})
    wrong = await ground.api.post(MESSAGES, json={}, headers={"Authorization": "Bearer t-x"})

    assert (secret.status, (await secret.json())["code"]) == (200, 10014)
    assert (without.status, (await without.json())["code"]) == (400, 99991661)
    assert (wrong.status, (await wrong.json())["code"]) == (400, 99991663)


async def test_a_message_is_shown_and_described(ground: Ground) -> None:
    answer = await ground.send({"text": "新线索"}, "text")
    shown = ground.world.messages[0]

    assert answer["code"] == 0
    assert answer["data"]["message_id"] == shown.id
    assert answer["data"]["chat_id"].startswith("oc_")
    assert answer["data"]["create_time"] == "1714960800000"
    assert (shown.chat, shown.sender, shown.payload) == (LIN, "bot", {"text": "新线索"})


async def test_people_are_found_by_every_kind_of_id(ground: Ground) -> None:
    ids = ground.feishu.directory.ids(CHEN) | {
        "chat_id": ground.feishu.directory.chat_id(CHEN),
    }
    for kind, receive_id in ids.items():
        body = {"receive_id": receive_id, "msg_type": "text", "content": '{"text":"在"}'}
        answer = await ground.call("POST", MESSAGES, body, receive_id_type=kind)
        assert (await answer.json())["code"] == 0
    assert [message.chat for message in ground.world.messages] == [CHEN] * 4


@pytest.mark.parametrize(
    ("kind", "receive_id", "code"),
    [
        ("open_id", "ou_nobody", 99992351),
        ("union_id", "on_nobody", 99992364),
        ("user_id", "nobody", 99992360),
        ("chat_id", "oc_elsewhere", 230002),
        ("phone", "13800138000", 99992402),
    ],
)
async def test_unknown_receivers(ground: Ground, kind: str, receive_id: str, code: int) -> None:
    body = {"receive_id": receive_id, "msg_type": "text", "content": '{"text":"在"}'}
    answer = await ground.call("POST", MESSAGES, body, receive_id_type=kind)

    assert (answer.status, (await answer.json())["code"]) == (400, code)
    assert answer.headers["X-Tt-Logid"] == (await answer.json())["error"]["log_id"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"content": {"text": "在"}}, 230001),
        ({"content": "[]"}, 230001),
        ({"content": '{"text":""}'}, 230001),
        ({"content": json.dumps({"text": "长" * 60_000}, ensure_ascii=False)}, 230025),
        ({"content": ""}, 99992402),
        ({"msg_type": "hongbao"}, 230001),
        ({"uuid": "x" * 51}, 99992402),
    ],
)
async def test_bad_messages(ground: Ground, changes: dict[str, Any], code: int) -> None:
    body = {"receive_id": LIN, "msg_type": "text", "content": '{"text":"在"}'} | changes
    answer = await ground.call("POST", MESSAGES, body)

    assert (await answer.json())["code"] == code
    assert ground.world.messages == []


async def test_the_same_uuid_sends_once_within_an_hour(ground: Ground) -> None:
    first = await ground.send({"text": "在"}, "text", uuid="u1")
    assert (await ground.send({"text": "在"}, "text", uuid="u1"))["data"] == first["data"]
    ground.clock.move_to(ground.clock() + timedelta(hours=1))
    await ground.send({"text": "在"}, "text", uuid="u1")

    assert len(ground.world.messages) == 2


async def test_an_answer_hangs_below_its_message(ground: Ground) -> None:
    asked = await ground.feishu.say(CHEN, "在吗", chat=GROUP)
    body = {"msg_type": "text", "content": '{"text":"在"}'}
    answer = await (await ground.call("POST", f"{MESSAGES}/{asked.id}/reply", body)).json()

    assert answer["data"]["parent_id"] == asked.id
    shown = ground.world.messages[-1]
    assert (shown.chat, shown.reply_to) == (GROUP, asked.id)


async def test_only_young_cards_of_the_bot_are_edited(ground: Ground) -> None:
    card = await ground.card()
    text = (await ground.send({"text": "在"}, "text"))["data"]["message_id"]
    theirs = (await ground.feishu.say(LIN, "在")).id

    assert (await ground.patch(card))["code"] == 0
    assert ground.world.messages[0].edits == 1
    assert (await ground.patch(text))["code"] == 230001
    assert (await ground.patch(theirs))["code"] == 230012
    assert (await ground.patch("om_none"))["code"] == 99992354
    ground.clock.move_to(ground.clock() + timedelta(days=14, seconds=1))
    assert (await ground.patch(card))["code"] == 230031
    ground.feishu.recall(card)
    assert (await ground.patch(card))["code"] == 230011


async def test_a_person_gets_five_messages_a_second_and_a_card_five_edits(ground: Ground) -> None:
    card = await ground.card()
    sent = [(await ground.send({"text": "在"}, "text"))["code"] for _ in range(5)]
    edited = [(await ground.patch(card))["code"] for _ in range(6)]

    assert sent == [0, 0, 0, 0, 230020]
    assert edited == [0, 0, 0, 0, 0, 230020]
    assert (await ground.send({"text": "在"}, "text", to=CHEN))["code"] == 0


async def test_an_api_is_called_fifty_times_a_second(ground: Ground) -> None:
    codes = []
    for _ in range(51):
        answer = await ground.call("PATCH", f"{MESSAGES}/om_none", {"content": "{}"})
        codes.append((await answer.json())["code"])

    assert codes == [99992354] * 50 + [99991400]
    assert answer.status == 429
    assert float(answer.headers["x-ogw-ratelimit-reset"]) == 1.0


def elements(card: dict[str, Any]) -> list[Any]:
    found: list[Any] = card["body"]["elements"]
    return found


Spoil = Callable[[dict[str, Any]], object]
NEST: dict[str, Any] = {"tag": "column_set", "columns": [{"tag": "column", "elements": []}]}
TABLE = {"tag": "table", "columns": [], "rows": []}


def nested(levels: int) -> dict[str, Any]:
    outer = copy.deepcopy(NEST)
    if levels > 1:
        outer["columns"][0]["elements"] = [nested(levels - 1)]
    return outer


SPOILS: dict[str, tuple[Spoil, int]] = {
    "schema 1.0": (lambda card: card.pop("schema"), 200621),
    "unknown top level": (lambda card: card.update(elements=[]), 200621),
    "unknown property": (lambda card: elements(card)[0].update(colour="red"), 200621),
    "unknown config": (lambda card: card["config"].update(wide_screen_mode=True), 200621),
    "unknown body": (lambda card: card["body"].update(gap=1), 200621),
    "exclusive card": (lambda card: card["config"].update(update_multi=False), 200621),
    "unknown template": (lambda card: card["header"].update(template="pink"), 200621),
    "tag of 1.0": (lambda card: elements(card).append({"tag": "note", "elements": []}), 200861),
    "unknown tag": (lambda card: elements(card).append({"tag": "progress"}), 200621),
    "no tag": (lambda card: elements(card).append({}), 200621),
    "nobody": (lambda card: elements(card)[0].update(content="<at id=ou_x></at>"), 100290),
    "empty choice": (lambda card: elements(card)[2]["elements"][0].update(options=[]), 200621),
    "long input": (lambda card: elements(card)[2]["elements"][2].update(max_length=1001), 200621),
    "no submit": (lambda card: elements(card)[2]["elements"].pop(), 200621),
    "same name twice": (lambda card: elements(card)[2].update(name="save"), 200621),
    "bad behavior": (lambda card: elements(card)[1].update(behaviors=[{"type": "x"}]), 200621),
    "form inside": (
        lambda card: elements(card).append(
            {**NEST, "columns": [{"tag": "column", "elements": [elements(card).pop()]}]}
        ),
        200621,
    ),
    "201 elements": (
        lambda card: elements(card).extend([{"tag": "hr"} for _ in range(200)]),
        11310,
    ),
    "six deep": (lambda card: elements(card).append(nested(3)), 11310),
    "four tables": (lambda card: elements(card).extend([TABLE] * 4), 11310),
    "bad element id": (lambda card: elements(card)[0].update(element_id="1st"), 200621),
    "body is a list": (lambda card: card.update(body=[]), 200621),
    "elements are words": (lambda card: card["body"].update(elements="x"), 200621),
}


@pytest.mark.parametrize("name", list(SPOILS))
async def test_a_card_that_breaks_a_rule_is_not_built(ground: Ground, name: str) -> None:
    spoil, sub_code = SPOILS[name]
    card = copy.deepcopy(CARD)
    spoil(card)
    answer = await ground.send(card)

    assert answer["code"] == 230099
    assert f"ErrCode: {sub_code};" in answer["msg"]
    assert ground.world.messages == []


async def test_a_card_of_more_than_30_kb_is_too_long(ground: Ground) -> None:
    card = copy.deepcopy(CARD)
    elements(card)[0]["content"] = "长" * 10_300

    assert (await ground.send(card))["code"] == 230025


@pytest.mark.parametrize(
    ("content", "message_type", "key"),
    [("voice", "audio", "file_key"), ("image", "image", "image_key"), ("file", "file", "file_key")],
)
async def test_files_are_fetched_by_message_and_key(
    ground: Ground, content: Any, message_type: str, key: str
) -> None:
    shown = await ground.feishu.say(LIN, "报价单.xlsx", content=content)
    path = f"{MESSAGES}/{shown.id}/resources/{shown.payload[key]}"
    right, wrong = ("image", "file") if content == "image" else ("file", "image")

    assert (await ground.call("GET", path, type=wrong)).status == 400
    answer = await ground.call("GET", path, type=right)
    sound = opus(50 + 8 * 12) if content == "voice" else None
    assert await answer.read() == (sound or "报价单.xlsx".encode())


async def test_an_event_that_is_not_answered_with_200_comes_again(ground: Ground) -> None:
    ground.answers += [web.Response(status=status) for status in (500, 302, 403)]
    await ground.feishu.say(LIN, "在")
    await ground.feishu.pusher.settled()

    assert ground.feishu.pusher.pushes[0].statuses == [500, 302, 403, 200]
    assert len({body["encrypt"] for body in ground.heard}) == 1


async def test_an_event_is_given_up_after_four_repetitions(ground: Ground) -> None:
    ground.feishu.callback_url = "http://127.0.0.1:9/"
    await ground.feishu.say(LIN, "在")
    await ground.feishu.pusher.settled()

    assert ground.feishu.pusher.pushes[0].statuses == [0] * 5


async def test_a_callback_answered_with_a_card_changes_it(ground: Ground) -> None:
    card = copy.deepcopy(CARD) | {"body": {"elements": [{"tag": "markdown", "content": "已认领"}]}}
    answer = {"toast": {"type": "success", "content": "好"}, "card": {"type": "raw", "data": card}}
    ground.answers.append(web.json_response(answer))
    message_id = await ground.card()

    assert await ground.feishu.click(
        LIN, message_id, {"tag": "button", "value": {"a": "claim"}}
    ) == {"toast": "好"}
    shown = ground.world.messages[0]
    assert (shown.payload, shown.edits) == (card, 1)
    assert shown.clicked == {"tag": "button", "value": {"a": "claim"}}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (web.Response(status=500), 200671),
        (web.Response(status=302, headers={"Location": "/"}), 200671),
        (web.Response(text="ok"), 200672),
        (web.json_response([]), 200672),
        (web.json_response({"card": {"data": {"elements": []}}}), 200830),
        (web.json_response({"card": {"data": {"schema": "2.0", "foot": 1}}}), 200673),
    ],
)
async def test_a_bad_answer_to_a_click_is_an_error_on_the_screen(
    ground: Ground, answer: web.Response, code: int
) -> None:
    message_id = await ground.card()
    ground.answers.append(answer)

    shown = await ground.feishu.click(LIN, message_id, {"tag": "button", "value": {"a": "claim"}})
    assert shown["toast"].endswith(str(code))
    assert len(ground.heard) == 1, "a callback is never repeated"
    assert ground.world.messages[0].edits == 0


async def test_a_late_answer_to_a_click_is_none(ground: Ground) -> None:
    message_id = await ground.card()
    ground.delay_seconds = 0.08

    shown = await ground.feishu.click(LIN, message_id, {"tag": "button", "value": {"a": "claim"}})
    assert shown["toast"].endswith("200341")


@pytest.mark.parametrize(
    ("user", "interaction", "why"),
    [
        ("ou_nobody", {}, "没有这个人"),
        (CHEN, {}, "没有这张卡片"),
        (LIN, {"tag": "button", "value": {"a": "other"}}, "没有这个按钮"),
        (LIN, {"tag": "checker"}, "没有这个按钮"),
        (LIN, {"name": "save"}, "请先填写：阶段"),
        (LIN, {"name": "save", "form_value": {"stage": "won"}}, "没有这个选项"),
        (LIN, {"name": "save", "form_value": {"stage": "new", "day": "周五"}}, "不是日期"),
        (LIN, {"name": "save", "form_value": {"stage": "new", "note": "一二三四五六"}}, "最多 5"),
        (LIN, {"name": "save", "form_value": {"stage": "new", "owner": "x"}}, "没有这一项"),
    ],
)
async def test_what_a_client_could_not_send_is_refused(
    ground: Ground, user: str, interaction: dict[str, Any], why: str
) -> None:
    message_id = await ground.card()

    with pytest.raises(ValueError, match=why):
        await ground.feishu.click(user, message_id, interaction)
    assert ground.heard == []


async def test_old_recalled_and_missing_cards_cannot_be_clicked(ground: Ground) -> None:
    message_id = await ground.card()
    with pytest.raises(ValueError, match="不存在"):
        await ground.feishu.click(LIN, "om_none", {})
    with pytest.raises(ValueError, match="不是卡片"):
        await ground.feishu.click(LIN, (await ground.feishu.say(LIN, "在")).id, {})
    ground.clock.move_to(ground.clock() + timedelta(days=15))
    with pytest.raises(ValueError, match="14 天"):
        await ground.feishu.click(LIN, message_id, {})
    ground.feishu.recall(message_id)
    with pytest.raises(ValueError, match="撤回"):
        await ground.feishu.click(LIN, message_id, {})


async def test_strangers_and_foreign_groups_cannot_speak(ground: Ground) -> None:
    with pytest.raises(ValueError, match="没有这个人"):
        await ground.feishu.say("ou_nobody", "在")
    with pytest.raises(ValueError, match="不在这个群"):
        await ground.feishu.say(LIN, "在", chat="oc_elsewhere")
    with pytest.raises(ValueError, match="不能自己发卡片"):
        await ground.feishu.say(LIN, "在", content="card")


async def test_a_request_address_must_return_the_challenge(ground: Ground) -> None:
    assert not await ground.feishu.check_url()
    ground.answers.append(web.Response(text='{"challenge"'))
    assert not await ground.feishu.check_url()
