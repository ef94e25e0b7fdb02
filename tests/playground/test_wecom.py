"""The imitated WeCom server, asked over HTTP without our adapter: it keeps the real one's rules."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import ClientSession, FormData, web
from aiohttp.test_utils import TestServer

from bot.clock import Clock
from bot.playground.wecom import WeComServer
from bot.playground.wecom.server import PICTURE
from bot.playground.world import ExternalContact, Member, Shown, World

BUTTONS: dict[str, Any] = {
    "card_type": "button_interaction",
    "main_title": {"title": "新线索：李女士"},
    "button_selection": {
        "question_key": "stage",
        "selected_id": "new",
        "option_list": [{"id": "new", "text": "未联系"}, {"id": "done", "text": "已联系"}],
    },
    "button_list": [
        {"text": "认领", "key": "claim"},
        {"text": "打开", "type": 1, "url": "https://example.com"},
    ],
    "task_id": "lead-1",
}
VOTE: dict[str, Any] = {
    "card_type": "vote_interaction",
    "main_title": {"title": "原因"},
    "checkbox": {
        "question_key": "why",
        "mode": 1,
        "option_list": [
            {"id": "price", "text": "价格", "is_checked": True},
            {"id": "time", "text": "时机"},
        ],
    },
    "submit_button": {"text": "提交", "key": "vote"},
    "task_id": "vote-1",
}
MULTIPLE: dict[str, Any] = {
    "card_type": "multiple_interaction",
    "main_title": {"title": "预约"},
    "select_list": [{"question_key": "slot", "option_list": [{"id": "a", "text": "10:00"}]}],
    "submit_button": {"text": "预约", "key": "book"},
    "task_id": "book-1",
}
NOTICE: dict[str, Any] = {
    "card_type": "text_notice",
    "main_title": {"title": "提醒"},
    "card_action": {"type": 1, "url": "https://example.com"},
}
CUSTOMER = ExternalContact(
    "wmK3aZ01", "李女士", corp_name="某某科技", mobiles=("13800000000",), state="expo"
)


@dataclass
class Desk:
    """Somebody with the app's credentials and a plain HTTP client."""

    clock: Clock
    world: World
    server: WeComServer
    api: str
    session: ClientSession
    token: str = ""
    heard: list[str] = field(default_factory=list)
    deaf: bool = False

    async def hear(self, request: web.Request) -> web.Response:
        self.heard.append(await request.text())
        return web.Response(status=503 if self.deaf else 200)

    async def get(self, path: str, **params: str) -> Any:
        query = {"access_token": self.token, **params}
        async with self.session.get(f"{self.api}/cgi-bin/{path}", params=query) as answer:
            return await answer.json()

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return await self.post_raw(path, json.dumps(body, ensure_ascii=False).encode())

    async def post_raw(self, path: str, data: bytes) -> dict[str, Any]:
        address = f"{self.api}/cgi-bin/{path}?access_token={self.token}"
        async with self.session.post(address, data=data) as answer:
            found: dict[str, Any] = await answer.json()
            return found

    async def log_in(self) -> dict[str, Any]:
        found: dict[str, Any] = await self.get(
            "gettoken", corpid=self.server.corp_id, corpsecret=self.server.gate.secret
        )
        self.token = found["access_token"]
        return found

    async def send(self, kind: str, part: Any, *, to: str = "zhang.wei", **more: Any) -> Any:
        body = {"touser": to, "agentid": self.server.agent_id, "msgtype": kind, kind: part, **more}
        return await self.post("message/send", body)

    async def update(self, code: str, **more: Any) -> dict[str, Any]:
        body = {"agentid": self.server.agent_id, "response_code": code, **more}
        return await self.post("message/update_template_card", body)

    def said(self, user: str = "zhang.wei") -> list[Shown]:
        return [one for one in self.world.chat("wecom", user) if one.sender == "bot"]

    def after(self, **time: float) -> None:
        self.clock.move_to(self.clock() + timedelta(**time))


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    clock = Clock(datetime(2026, 1, 28, 2, 0, tzinfo=UTC), frozen=True)
    world = World(clock)
    world.join("wecom", Member("zhang.wei", "张伟"))
    world.join("wecom", Member("LiNa", "李娜"))
    server = WeComServer(world, clock, retry_seconds=0)
    async with ClientSession() as session:
        desk = Desk(clock, world, server, "", session)
        app = web.Application()
        app.add_routes([*server.routes(), web.post("/bot", desk.hear)])
        async with TestServer(app) as address:
            desk.api = str(address.make_url("/playground/wecom"))
            server.callback_url = str(address.make_url("/bot"))
            await desk.log_in()
            yield desk
            await server.stop()


# Tokens ----------------------------------------------------------------------------------------


async def test_a_token_stays_the_same_until_it_ends(desk: Desk) -> None:
    first = desk.token
    desk.after(seconds=7199)
    assert (await desk.log_in())["expires_in"] == 1
    assert desk.token == first
    desk.after(seconds=1)
    assert (await desk.send("text", {"content": "在"}))["errcode"] == 42001
    await desk.log_in()
    assert desk.token != first


async def test_wrong_credentials_and_tokens_have_their_codes(desk: Desk) -> None:
    corp, secret = desk.server.corp_id, desk.server.gate.secret
    assert (await desk.get("gettoken", corpid="ww0", corpsecret=secret))["errcode"] == 40013
    assert (await desk.get("gettoken", corpid=corp, corpsecret="x"))["errcode"] == 40001
    desk.token = "x"
    assert (await desk.get("media/get"))["errcode"] == 40014
    desk.token = ""
    assert (await desk.get("media/get"))["errcode"] == 41001


# Sending ---------------------------------------------------------------------------------------


async def test_success_names_the_receivers_that_got_nothing_in_lower_case(desk: Desk) -> None:
    answer = await desk.send("text", {"content": "在"}, to="LINA|Nobody|zhang.wei")
    assert (answer["errcode"], answer["invaliduser"]) == (0, "nobody")
    assert [len(desk.said(user)) for user in ("LiNa", "zhang.wei")] == [1, 1]
    assert (await desk.send("text", {"content": "在"}, to="Nobody"))["errcode"] == 81013
    assert (await desk.send("text", {"content": "在"}, to=""))["errcode"] == 82001
    await desk.send("text", {"content": "大家好"}, to="@all")
    assert len(desk.said()) == 2


async def test_texts_have_limits_in_bytes(desk: Desk) -> None:
    await desk.send("text", {"content": "样" * 700})
    assert desk.said()[0].payload == {"content": "样" * 682}
    assert (await desk.send("markdown", {"content": "样" * 700}))["errcode"] == 45002
    assert (await desk.send("text", {"content": " "}))["errcode"] == 44004
    assert (await desk.send("dance", {}))["errcode"] == 40008
    assert (await desk.send("text", {"content": "在"}, agentid=1))["errcode"] == 40056


async def test_escapes_and_broken_bodies_are_refused(desk: Desk) -> None:
    body = {"touser": "zhang.wei", "msgtype": "text", "text": {"content": "样"}}
    escaped = await desk.post_raw("message/send", json.dumps(body).encode())
    broken = await desk.post_raw("message/send", b"{")
    assert (escaped["errcode"], broken["errcode"]) == (40033, 40058)


async def test_a_duplicate_is_suppressed_within_its_interval(desk: Desk) -> None:
    check: dict[str, Any] = {"enable_duplicate_check": 1, "duplicate_check_interval": 600}
    first = await desk.send("text", {"content": "在"}, **check)
    again = await desk.send("text", {"content": "在"}, **check)
    assert first["msgid"] == again["msgid"]
    assert (len(desk.said()), desk.server.messages.suppressed) == (1, 1)
    desk.after(seconds=600)
    await desk.send("text", {"content": "在"}, **check)
    await desk.send("text", {"content": "在"})
    assert len(desk.said()) == 3


async def test_a_suppressed_card_brings_no_right_to_edit(desk: Desk) -> None:
    first = await desk.send("template_card", BUTTONS, enable_duplicate_check=1)
    again = await desk.send("template_card", BUTTONS, enable_duplicate_check=1)
    assert first["response_code"]
    assert "response_code" not in again
    assert (await desk.send("template_card", BUTTONS))["errcode"] == 42014


async def test_more_than_30_a_minute_to_one_member_vanish_without_an_error(desk: Desk) -> None:
    answers = [await desk.send("text", {"content": str(number)}) for number in range(32)]
    assert {answer["errcode"] for answer in answers} == {0}
    assert len(desk.said()) == 30
    assert [payload for _, payload in desk.server.messages.dropped] == [
        {"content": "30"},
        {"content": "31"},
    ]
    desk.after(minutes=1)
    await desk.send("text", {"content": "又"})
    assert len(desk.said()) == 31


# Cards -----------------------------------------------------------------------------------------


def spoilt(card: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of the card with one place replaced, or taken out when `value` is None."""
    copy: dict[str, Any] = json.loads(json.dumps(card))
    place: Any = copy
    *parents, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in parents:
        place = place[step]
    place[last] = value
    if value is None:
        del place[last]
    return copy


@pytest.mark.parametrize(
    ("card", "path", "value", "code"),
    [
        (BUTTONS, "card_type", "dance", 42031),
        (BUTTONS, "task_id", None, 42014),
        (BUTTONS, "task_id", "线索", 42014),
        (BUTTONS, "task_id", "a" * 129, 42014),
        (BUTTONS, "main_title", None, 42033),
        (BUTTONS, "button_list", [], 40058),
        (BUTTONS, "button_list", BUTTONS["button_list"] * 4, 40058),
        (BUTTONS, "button_list.0.text", "", 42038),
        (BUTTONS, "button_list.0.key", None, 42039),
        (BUTTONS, "button_list.0.key", "样" * 342, 42039),
        (BUTTONS, "button_list.1", {"text": "再认领", "key": "claim"}, 42039),
        (BUTTONS, "button_list.1.url", None, 42028),
        (BUTTONS, "button_selection.question_key", "", 42043),
        (BUTTONS, "button_selection.option_list", [], 42037),
        (BUTTONS, "button_selection.option_list.0.id", "done", 42040),
        (BUTTONS, "button_selection.option_list.0.id", "样" * 43, 42040),
        (BUTTONS, "button_selection.option_list.0.text", None, 42041),
        (BUTTONS, "horizontal_content_list", [{"keyname": "a"}] * 7, 42035),
        (BUTTONS, "horizontal_content_list", [{"value": "a"}], 42027),
        (BUTTONS, "horizontal_content_list", [{"keyname": "a", "type": 1}], 42028),
        (BUTTONS, "horizontal_content_list", [{"keyname": "a", "type": 2}], 42029),
        (BUTTONS, "horizontal_content_list", [{"keyname": "a", "type": 3}], 42050),
        (BUTTONS, "action_menu", {"action_list": [{"key": "a"}, {"key": "a"}]}, 42051),
        (VOTE, "checkbox", None, 42043),
        (VOTE, "checkbox.option_list", [{"id": str(n), "text": "x"} for n in range(21)], 42037),
        (VOTE, "submit_button", None, 42046),
        (MULTIPLE, "select_list", [], 42047),
        (MULTIPLE, "select_list", MULTIPLE["select_list"] * 2, 42043),
        (MULTIPLE, "submit_button.key", "", 42046),
        (NOTICE, "card_action", None, 42045),
        (NOTICE, "card_action.url", None, 42028),
        (NOTICE, "card_action", {"type": 2}, 42030),
        (NOTICE, "jump_list", [{"title": "a"}] * 4, 42042),
        (NOTICE, "jump_list", [{"type": 1, "url": "u"}], 42033),
        (NOTICE, "card_type", "news_notice", 42044),
    ],
)
async def test_a_wrong_card_is_refused_with_the_real_code(
    desk: Desk, card: dict[str, Any], path: str, value: Any, code: int
) -> None:
    answer = await desk.send("template_card", spoilt(card, path, value))
    assert (answer["errcode"], desk.said()) == (code, [])


@pytest.mark.parametrize("card", [BUTTONS, VOTE, MULTIPLE, NOTICE])
async def test_a_right_card_is_shown_as_it_was_sent(desk: Desk, card: dict[str, Any]) -> None:
    answer = await desk.send("template_card", card)
    assert (answer["errcode"], "response_code" in answer) == (0, card is not NOTICE)
    assert [one.payload for one in desk.said()] == [card]


async def test_a_card_is_updated_once_per_code_for_those_who_are_named(desk: Desk) -> None:
    code = (await desk.send("template_card", BUTTONS, to="zhang.wei|LiNa"))["response_code"]
    assert (await desk.update(code))["errcode"] == 82101
    assert (await desk.update(code, userids=["nobody"]))["errcode"] == 82102
    changed = {"userids": ["lina", "nobody"], "button": {"replace_name": "已认领"}}
    assert (await desk.update(code, **changed))["invaliduser"] == ["nobody"]
    assert (await desk.update(code, **changed))["errcode"] == 40058

    assert [one.edits for one in (*desk.said(), *desk.said("LiNa"))] == [0, 1]
    assert desk.said("LiNa")[0].payload["replace_text"] == "已认领"


async def test_a_new_card_reaches_all_and_keeps_the_task(desk: Desk) -> None:
    code = (await desk.send("template_card", BUTTONS, to="@all"))["response_code"]
    wrong = await desk.update(code, atall=1, template_card={"card_type": "dance"})
    right = await desk.update(code, atall=1, template_card={**VOTE, "task_id": "other"})
    assert (wrong["errcode"], right["errcode"]) == (42031, 0)
    assert {one.payload["task_id"] for one in (*desk.said(), *desk.said("LiNa"))} == {"lead-1"}


async def test_a_code_ends_after_72_hours(desk: Desk) -> None:
    code = (await desk.send("template_card", BUTTONS))["response_code"]
    desk.after(hours=72)
    await desk.log_in()
    assert (await desk.update(code, atall=1, template_card=VOTE))["errcode"] == 40058


# Seats -----------------------------------------------------------------------------------------


async def test_a_click_sends_what_is_chosen_or_preset(desk: Desk) -> None:
    sent = await desk.send("template_card", BUTTONS)
    await desk.server.click("zhang.wei", sent["msgid"], {"key": "claim"})
    done = {"key": "claim", "selected": {"stage": ["done"]}}
    await desk.server.click("zhang.wei", sent["msgid"], done)

    preset, chosen = desk.server.callbacks.sent
    assert "<OptionId><![CDATA[new]]></OptionId>" in preset
    assert "<OptionId><![CDATA[done]]></OptionId>" in chosen
    assert desk.said()[0].clicked == done


@pytest.mark.parametrize(
    ("user", "interaction"),
    [
        ("zhang.wei", {"key": "打开"}),
        ("zhang.wei", {"key": "claim", "selected": {"other": ["new"]}}),
        ("zhang.wei", {"key": "claim", "selected": {"stage": ["other"]}}),
        ("zhang.wei", {"key": "claim", "selected": {"stage": ["new", "done"]}}),
        ("LiNa", {"key": "claim"}),
        ("nobody", {"key": "claim"}),
    ],
)
async def test_a_client_cannot_send_what_it_does_not_show(
    desk: Desk, user: str, interaction: dict[str, Any]
) -> None:
    sent = await desk.send("template_card", BUTTONS)
    with pytest.raises(ValueError, match=r"卡片|一项|成员"):
        await desk.server.click(user, sent["msgid"], interaction)
    assert desk.heard == []


async def test_a_settled_card_cannot_be_clicked(desk: Desk) -> None:
    sent = await desk.send("template_card", VOTE)
    await desk.update(sent["response_code"], atall=1, button={"replace_name": "已提交"})
    with pytest.raises(ValueError, match="不能再点"):
        await desk.server.click("zhang.wei", sent["msgid"], {"key": "vote"})


async def test_a_click_that_nobody_takes_is_told_to_the_clicker(desk: Desk) -> None:
    sent = await desk.send("template_card", VOTE)
    desk.deaf = True
    answer = await desk.server.click("zhang.wei", sent["msgid"], {"key": "vote"})
    assert answer == {"toast": "网络异常，请稍后再试"}
    assert len(desk.heard) == 4


async def test_an_app_hears_no_groups_no_quotes_and_no_files(desk: Desk) -> None:
    others: tuple[dict[str, Any], ...] = ({"chat": "g1"}, {"reply_to": "m1"}, {"content": "file"})
    for more in others:
        with pytest.raises(ValueError, match="企业微信"):
            await desk.server.say("zhang.wei", "你好", **more)
    assert desk.heard == []


# Customers and files ---------------------------------------------------------------------------


async def test_a_customer_is_known_through_his_members(desk: Desk) -> None:
    desk.world.externals["wm2"] = ExternalContact("wm2", "路人")
    await desk.server.add_contact("zhang.wei", CUSTOMER)
    found = await desk.get("externalcontact/get", external_userid=CUSTOMER.id)
    assert found["external_contact"]["corp_name"] == ""
    assert found["follow_user"][0]["remark_corp_name"] == "某某科技"
    assert found["follow_user"][0]["state"] == "expo"
    assert (await desk.get("externalcontact/get", external_userid="wm2"))["errcode"] == 84061
    assert (await desk.get("externalcontact/get", external_userid="wm3"))["errcode"] == 40096


async def test_a_half_contact_that_was_greeted_brings_no_second_code(desk: Desk) -> None:
    await desk.server.add_contact("zhang.wei", CUSTOMER, half=True)
    (code,) = desk.server.contacts.welcomes
    empty = await desk.post("externalcontact/send_welcome_msg", {"welcome_code": code})
    hello = {"welcome_code": code, "text": {"content": "您好"}}
    greeted = await desk.post("externalcontact/send_welcome_msg", hello)
    await desk.server.add_contact("zhang.wei", CUSTOMER)
    assert (empty["errcode"], greeted["errcode"]) == (40063, 0)
    assert len(desk.server.contacts.welcomes) == 1
    assert "WelcomeCode" not in desk.server.callbacks.sent[-1]


async def test_a_file_comes_back_as_it_was_uploaded(desk: Desk) -> None:
    form = FormData()
    form.add_field("media", PICTURE, filename="样机.png", content_type="image/png")
    address = f"{desk.api}/cgi-bin/media/upload?access_token={desk.token}&type=image"
    async with desk.session.post(address, data=form) as answer:
        media_id = (await answer.json())["media_id"]
    query = {"access_token": desk.token, "media_id": media_id}
    async with desk.session.get(f"{desk.api}/cgi-bin/media/get", params=query) as answer:
        assert (await answer.read(), answer.content_type) == (PICTURE, "image/png")
    desk.after(days=3)
    await desk.log_in()
    assert (await desk.get("media/get", media_id=media_id))["errcode"] == 40007


# Customer contact ------------------------------------------------------------------------

WAY: dict[str, Any] = {"type": 1, "scene": 2, "state": "expo", "user": ["zhang.wei"]}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": 3}, 40058),
        ({"scene": 0}, 40058),
        ({"user": []}, 40058),
        ({"user": ["zhang.wei", "LiNa"]}, 40058),
        ({"user": ["nobody"]}, 60111),
        ({"type": 2, "user": ["zhang.wei"] * 101}, 41041),
        ({"state": "x" * 31}, 40058),
        ({"remark": "展" * 31}, 40058),
    ],
)
async def test_a_channel_code_has_the_limits_of_the_document(
    desk: Desk, change: dict[str, Any], code: int
) -> None:
    answer = await desk.post("externalcontact/add_contact_way", {**WAY, **change})
    assert answer["errcode"] == code
    assert desk.server.customers.ways.ways == {}


async def test_a_scanned_code_brings_its_state_half_and_whole(desk: Desk) -> None:
    made = await desk.post("externalcontact/add_contact_way", WAY)
    assert len(made["config_id"]) == 32
    got = await desk.post("externalcontact/get_contact_way", {"config_id": made["config_id"]})
    assert got["contact_way"]["state"] == "expo"
    for _ in range(2):
        await desk.server.customers.scan(made["config_id"], CUSTOMER)
    changes = ["add_half_external_contact", "add_external_contact"]
    assert len(desk.server.callbacks.sent) == len(changes)
    for event, change in zip(desk.server.callbacks.sent, changes, strict=True):
        assert f"<ChangeType><![CDATA[{change}]]>" in event
        assert "<State><![CDATA[expo]]>" in event
    gone = {"config_id": made["config_id"]}
    assert (await desk.post("externalcontact/del_contact_way", gone))["errcode"] == 0
    assert (await desk.post("externalcontact/del_contact_way", gone))["errcode"] == 40058
    with pytest.raises(ValueError, match="停用"):
        await desk.server.customers.scan(made["config_id"], CUSTOMER)


async def test_tags_are_made_in_groups_and_put_on_contacts_alone(desk: Desk) -> None:
    path = "externalcontact/add_corp_tag"
    body = {"group_name": "一诺", "tag": [{"name": "线索"}]}
    made = await desk.post(path, body)
    assert made["tag_group"]["group_name"] == "一诺"
    assert (await desk.post(path, body))["errcode"] == 40071
    long = {"group_name": "一诺", "tag": [{"name": "长" * 31}]}
    assert (await desk.post(path, long))["errcode"] == 40058
    (tag,) = made["tag_group"]["tag"]
    mark = {"userid": "zhang.wei", "external_userid": CUSTOMER.id, "add_tag": [tag["id"]]}
    path = "externalcontact/mark_tag"
    assert (await desk.post(path, mark))["errcode"] == 40096
    await desk.server.add_contact("zhang.wei", CUSTOMER)
    told = len(desk.server.callbacks.sent)
    assert (await desk.post(path, {**mark, "userid": "nobody"}))["errcode"] == 84061
    assert (await desk.post(path, {**mark, "add_tag": ["et0"]}))["errcode"] == 40068
    assert (await desk.post(path, {**mark, "add_tag": []}))["errcode"] == 40063
    assert (await desk.post(path, mark))["errcode"] == 0
    assert desk.server.customers.tags.names("zhang.wei", CUSTOMER.id) == {"线索"}
    assert len(desk.server.callbacks.sent) == told  # an app's own change raises no event


async def test_who_left_is_no_contact_and_may_be_greeted_when_he_returns(desk: Desk) -> None:
    await desk.server.add_contact("zhang.wei", CUSTOMER)
    await desk.server.customers.leave("zhang.wei", CUSTOMER.id)
    assert "<ChangeType><![CDATA[del_follow_user]]>" in desk.server.callbacks.sent[-1]
    answer = await desk.get("externalcontact/get", external_userid=CUSTOMER.id)
    assert answer["errcode"] == 84061
    await desk.server.add_contact("zhang.wei", CUSTOMER)
    assert "WelcomeCode" in desk.server.callbacks.sent[-1]
