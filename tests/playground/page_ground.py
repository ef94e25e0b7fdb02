"""A small playground for the page's tests: four seats, and payloads as the wires carry them."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.playground.page import Page, Platform, Seat
from bot.playground.world import Content, ExternalContact, Shown, World

START = datetime(2026, 1, 28, 10, 20, tzinfo=ZoneInfo("Asia/Shanghai"))
SEATS = (
    Seat("sales", "销售", "wecom", "li", "小李", "sales"),
    Seat("manager", "经理", "dingtalk", "wang", "王经理", "manager"),
    Seat("delivery", "交付", "feishu", "ou_chen", "小陈", "delivery"),
    Seat("customer", "客户", "wecom", "", "客户", "customer"),
)


class Desk:
    """A platform that answers every message, remembers clicks and edits what was clicked."""

    def __init__(self, name: Platform, world: World) -> None:
        self.name: str = name
        self.clicks: list[dict[str, Any]] = []
        self._world = world

    def routes(self) -> Sequence[web.RouteDef]:
        return []

    def show(self, chat: str, content: Content, payload: dict[str, Any], *, by: str = "") -> Shown:
        number = len(self._world.messages) + 1
        shown = Shown(
            f"m{number}", self.name, chat, by or "bot", content, payload, self._world.now()
        )
        return self._world.show(shown)

    async def say(
        self,
        user: str,
        text: str,
        *,
        content: Content = "text",
        chat: str = "",
        reply_to: str = "",
    ) -> Shown:
        written = self.show(user, content, {"content": text}, by=user)
        self.show(user, "text", {"content": f"记下了：{text}"})
        return written

    async def click(
        self, user: str, message_id: str, interaction: dict[str, Any]
    ) -> dict[str, Any]:
        shown = self._world.find(self.name, message_id)
        if shown is None or shown.payload.get("replace_text"):
            raise ValueError("这张卡片已经不能再点")
        self.clicks.append(interaction)
        shown.clicked = interaction
        self._world.change(shown, {**shown.payload, "replace_text": "已处理"})
        return {"toast": "已收到"}

    async def stop(self) -> None: ...


class Hands:
    """A clock that stands still until it is moved, and can be held up on its way."""

    def __init__(self) -> None:
        self.moment = START
        self.has_left = asyncio.Event()
        self.may_arrive = asyncio.Event()
        self.may_arrive.set()

    def now(self) -> datetime:
        return self.moment

    async def advance(self, to: datetime) -> None:
        self.has_left.set()
        await self.may_arrive.wait()
        self.moment = to


@dataclass
class Ground:
    hands: Hands = field(default_factory=Hands)
    added: list[tuple[str, ExternalContact]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world = World(self.hands.now)
        self.wecom = Desk("wecom", self.world)
        self.dingtalk = Desk("dingtalk", self.world)
        self.feishu = Desk("feishu", self.world)
        servers = {desk.name: desk for desk in (self.wecom, self.dingtalk, self.feishu)}
        self.page = Page(self.world, servers, SEATS, self.hands, self.add, tick_seconds=0.01)

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes(self.page.routes())
        app.on_shutdown.append(self.page.stop)
        return app

    async def add(self, member: str, contact: ExternalContact) -> None:
        self.added.append((member, contact))
        self.world.externals[contact.id] = contact
        self.wecom.show(contact.id, "text", {"content": "您好，我是小李。"}, by=member)


WECOM_BUTTONS = {
    "card_type": "button_interaction",
    "source": {"desc": "一诺", "desc_color": 3},
    "main_title": {"title": "张总（宏远医疗）", "desc": "需求确认"},
    "quote_area": {"type": 0, "quote_text": "样机下周三前寄出"},
    "sub_title_text": "计划 2月3日，最晚 2月4日",
    "horizontal_content_list": [
        {"keyname": "标签", "value": "价格疑虑"},
        {"keyname": "详情", "type": 1, "url": "https://crm.example.com/1", "value": "打开"},
    ],
    "button_selection": {
        "question_key": "owner",
        "title": "谁来交付",
        "selected_id": "chen",
        "option_list": [{"id": "chen", "text": "小陈"}, {"id": "wu", "text": "老吴"}],
    },
    "button_list": [
        {"text": "确认", "style": 1, "key": "followup.confirm?followup=1"},
        {"text": "不是承诺", "style": 3, "key": "promise.not?promise=1"},
    ],
    "task_id": "t1",
}
WECOM_NOTICE = {
    "card_type": "text_notice",
    "main_title": {"title": "新线索：李女士"},
    "emphasis_content": {"title": "2 小时", "desc": "内首次联系"},
    "jump_list": [{"type": 1, "title": "查看线索", "url": "https://crm.example.com/2"}],
    "card_action": {"type": 1, "url": "https://crm.example.com/2"},
}
WECOM_VOTE = {
    "card_type": "vote_interaction",
    "main_title": {"title": "听到的顾虑"},
    "checkbox": {
        "question_key": "tags",
        "mode": 1,
        "option_list": [
            {"id": "price", "text": "价格疑虑", "is_checked": True},
            {"id": "rival", "text": "竞品对比", "is_checked": False},
        ],
    },
    "submit_button": {"text": "提交", "key": "lead.save?lead=1"},
    "task_id": "t2",
}
WECOM_MANY = {
    "card_type": "multiple_interaction",
    "main_title": {"title": "预约专家"},
    "select_list": [
        {
            "question_key": "expert",
            "title": "专家",
            "option_list": [{"id": "wang", "text": "王工"}, {"id": "zhao", "text": "赵工"}],
        }
    ],
    "submit_button": {"text": "预约", "key": "book"},
    "task_id": "t3",
}


def words(content: str) -> dict[str, Any]:
    return {"tag": "plain_text", "content": content}


def callback(action: str) -> list[dict[str, Any]]:
    return [{"type": "callback", "value": {"a": action, "c": "card1"}}]


FEISHU_CARD = {
    "schema": "2.0",
    "header": {
        "title": words("样机 · 张总"),
        "subtitle": words("来自小李"),
        "template": "blue",
        "text_tag_list": [{"tag": "text_tag", "text": words("待接单"), "color": "orange"}],
    },
    "body": {
        "elements": [
            {"tag": "markdown", "content": "~~X1~~ → **X2**"},
            {
                "tag": "column_set",
                "flex_mode": "flow",
                "columns": [
                    {
                        "tag": "column",
                        "width": "auto",
                        "elements": [
                            {
                                "tag": "button",
                                "type": "primary_filled",
                                "text": words("接单"),
                                "behaviors": callback("promise.accept?promise=1"),
                            }
                        ],
                    }
                ],
            },
            {"tag": "hr"},
            {
                "tag": "collapsible_panel",
                "header": {"title": words("原话")},
                "elements": [{"tag": "div", "text": words("样机下周三前寄出")}],
            },
            {
                "tag": "form",
                "name": "form",
                "elements": [
                    {
                        "tag": "date_picker",
                        "name": "day",
                        "required": True,
                        "placeholder": words("选择最早哪天"),
                    },
                    {
                        "tag": "select_static",
                        "name": "why",
                        "placeholder": words("选择原因"),
                        "options": [{"text": words("缺货"), "value": "stock"}],
                    },
                    {
                        "tag": "multi_select_static",
                        "name": "tags",
                        "placeholder": words("选择标签"),
                        "selected_values": ["price"],
                        "options": [
                            {"text": words("价格疑虑"), "value": "price"},
                            {"text": words("竞品对比"), "value": "rival"},
                        ],
                    },
                    {"tag": "input", "name": "note", "label": words("备注")},
                    {
                        "tag": "button",
                        "name": "submit",
                        "form_action_type": "submit",
                        "text": words("改到这天"),
                        "behaviors": callback("promise.counter?promise=1"),
                    },
                ],
            },
            {"tag": "button", "disabled": True, "text": words("已过期")},
        ]
    },
}
FEISHU_POST = {"title": "日报", "content": [[{"tag": "text", "text": "两条例外"}]]}
NUDGE = {"text": "催办", "color": "blue", "id": "silence.nudge?lead=1", "request": True}
DINGTALK_CARD = {
    "outTrackId": "card2",
    "cardParamMap": {
        "title": "高风险流失线索",
        "markdown": "**负责人**：小李  \n  **静默**：72 小时",
        "tips": "按自然小时计",
        "sys_full_json_obj": json.dumps({"msgButtons": [NUDGE]}),
    },
    "privateData": {},
}
DINGTALK_ACTION_CARD = {
    "msgKey": "sampleActionCard2",
    "title": "特殊折扣",
    "text": "**8.5 折**",
    "actionTitle1": "同意",
    "actionURL1": "dtmd://dingtalkclient/sendMessage?content=%E5%90%8C%E6%84%8F+A1",
}
HOSTILE = '<img src=x onerror=alert(1)> [点我](javascript:alert(1)) <a href="javascript:1">x</a>'


def fill(ground: Ground) -> None:
    """One message of every kind in the seats' chats."""
    for card in (WECOM_NOTICE, WECOM_VOTE, WECOM_MANY, WECOM_BUTTONS):
        ground.wecom.show("li", "card", card)
    ground.wecom.show("li", "markdown", {"content": '**今日** <font color="warning">逾期</font>'})
    ground.dingtalk.show("wang", "card", DINGTALK_ACTION_CARD)
    ground.dingtalk.show("wang", "card", DINGTALK_CARD)
    ground.feishu.show("ou_chen", "text", {"text": "早上好"})
    ground.feishu.show("ou_chen", "markdown", FEISHU_POST)
    ground.feishu.show("ou_chen", "card", FEISHU_CARD)
