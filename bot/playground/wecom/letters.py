"""WeCom's mass sends (企业群发): tasks that an app makes and a member confirms on his phone.

Facts: D92135 (making), D93338 (records and results), D97611 (stopping). The documents name no
code for an unknown task or a broken list: both are refused with 40058 here.
"""

import secrets
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.platforms.protocol import Now
from bot.playground.wecom.contacts import Contacts
from bot.playground.wecom.gate import Answer, ApiError, read_json
from bot.playground.world import Member, Shown, World

MOST, ATTACHMENTS, TEXT_BYTES = 10_000, 9, 4000
NOT_YET, SENT, NO_CONTACT, ENOUGH = range(4)
LONGEST_SPAN = timedelta(days=31)
CONFIRM = "confirm"
"""Key of the button in the member's client."""
CHINA = ZoneInfo("Asia/Shanghai")


@dataclass(slots=True)
class MassSend:
    id: str
    sender: str
    text: str
    made_at: datetime
    status: dict[str, int] = field(default_factory=dict)
    """By customer."""
    sent_at: datetime | None = None
    stopped: bool = False
    phone: Shown | None = None
    """What the member's client shows."""


class MassSends:
    """`a_day` is an administrator's stricter limit on what a customer may get; None is the usual
    one, as many a month as the month has days."""

    def __init__(
        self, world: World, now: Now, contacts: Contacts, member: Callable[[str], Member | None]
    ) -> None:
        self.tasks: dict[str, MassSend] = {}
        self.a_day: int | None = None
        self.received: dict[str, list[datetime]] = {}
        """When each customer got one."""
        self._world = world
        self._now = now
        self._contacts = contacts
        self._member = member

    # Calls -----------------------------------------------------------------------------------

    async def add(self, request: web.Request) -> Answer:
        _, body = await read_json(request)
        sender = self._member(str(body.get("sender", "")))
        if sender is None:
            raise ApiError(40003, "invalid userid")
        text = str((body.get("text") or {}).get("content", ""))
        attachments = body.get("attachments") or []
        if body.get("chat_type", "single") != "single" or len(attachments) > ATTACHMENTS:
            raise ApiError(40058, "chat_type or attachments invalid")
        if not text and not attachments:
            raise ApiError(40063, "text and attachments are empty")
        if len(text.encode()) > TEXT_BYTES:
            raise ApiError(45002, "content size out of limit")
        asked = body.get("external_userid") or self._contacts.of(sender.id)
        if len(asked) > MOST:
            raise ApiError(81017, "too many external_userid")
        failed = [one for one in asked if not self._contacts.has(sender.id, one)]
        if len(failed) == len(asked):
            raise ApiError(41048, "no customer to send to")
        task = MassSend(f"msg{secrets.token_urlsafe(16)}", sender.id, text, self._now())
        task.status = {one: NOT_YET for one in asked if one not in failed}
        self.tasks[task.id] = task
        task.phone = self._show_on_phone(task)
        return {"fail_list": failed, "msgid": task.id}

    async def records(self, request: web.Request) -> Answer:
        _, body = await read_json(request)
        since, until = (_moment(body.get(name)) for name in ("start_time", "end_time"))
        if until - since > LONGEST_SPAN:
            raise ApiError(40058, "start_time and end_time are too far apart")
        made = [one for one in self.tasks.values() if since <= one.made_at <= until]
        return {"group_msg_list": [_record(one) for one in made], "next_cursor": ""}

    async def results(self, request: web.Request) -> Answer:
        _, body = await read_json(request)
        task = self._wanted(body)
        if str(body.get("userid", "")).lower() != task.sender.lower():
            raise ApiError(40003, "invalid userid")
        return {"send_list": [_result(task, one) for one in task.status], "next_cursor": ""}

    async def cancel(self, request: web.Request) -> Answer:
        """What was sent stays sent."""
        _, body = await read_json(request)
        task = self._wanted(body)
        task.stopped = True
        if task.phone is not None:
            self._world.change(task.phone, _on_phone(task))
        return {}

    # Acts ------------------------------------------------------------------------------------

    def owns(self, message_id: str) -> bool:
        return message_id in self.tasks

    def confirm(self, task_id: str) -> None:
        """The member presses 发送. Who is no contact any more, or had enough, gets nothing."""
        task = self.tasks[task_id]
        if task.stopped or task.sent_at is not None:
            raise ValueError("这条群发已经停了，或者已经发过")
        task.sent_at = now = self._now()
        for external in task.status:
            task.status[external] = self._send(task, external, now)
        if task.phone is not None:
            self._world.change(task.phone, _on_phone(task))

    def _send(self, task: MassSend, external: str, now: datetime) -> int:
        if not self._contacts.has(task.sender, external):
            return NO_CONTACT
        if self._had_enough(external, now):
            return ENOUGH
        self.received.setdefault(external, []).append(now)
        payload = {"content": task.text}
        number = secrets.token_urlsafe(16)
        self._world.show(Shown(number, "wecom", external, task.sender, "text", payload, now))
        return SENT

    def _had_enough(self, external: str, now: datetime) -> bool:
        day = now.astimezone(CHINA)
        got = [at.astimezone(CHINA) for at in self.received.get(external, ())]
        this_month = [at for at in got if (at.year, at.month) == (day.year, day.month)]
        today = [at for at in this_month if at.day == day.day]
        if self.a_day is not None and len(today) >= self.a_day:
            return True
        return len(this_month) >= monthrange(day.year, day.month)[1]

    def _wanted(self, body: dict[str, Any]) -> MassSend:
        task = self.tasks.get(str(body.get("msgid", "")))
        if task is None:
            raise ApiError(40058, "invalid msgid")
        return task

    def _show_on_phone(self, task: MassSend) -> Shown:
        shown = Shown(
            task.id, "wecom", task.sender, "群发助手", "card", _on_phone(task), self._now()
        )
        return self._world.show(shown)


def _moment(second: object) -> datetime:
    if not isinstance(second, int):
        raise ApiError(40058, "start_time or end_time invalid")
    return datetime.fromtimestamp(second, UTC)


def _record(task: MassSend) -> dict[str, Any]:
    """Without `creator`: an API made it."""
    return {
        "msgid": task.id,
        "create_time": str(int(task.made_at.timestamp())),
        "create_type": 0,
        "text": {"content": task.text},
        "attachments": [],
    }


def _result(task: MassSend, external: str) -> dict[str, Any]:
    status = task.status[external]
    told = {"external_userid": external, "userid": task.sender, "status": status}
    if status == SENT and task.sent_at is not None:
        told["send_time"] = int(task.sent_at.timestamp())
    return told


def _on_phone(task: MassSend) -> dict[str, Any]:
    state = "已停止" if task.stopped else "已发送" if task.sent_at is not None else ""
    card: dict[str, Any] = {
        "card_type": "button_interaction",
        "source": {"desc": "群发助手"},
        "main_title": {"title": "发给客户，等你确认"},
        "sub_title_text": task.text,
        "button_list": [{"text": state or "发送", "key": CONFIRM, "style": 1}],
    }
    return {**card, "replace_text": state} if state else card
