"""The imitated robot: its messages, the files people sent it, session replies."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from bot.platforms.protocol import Now
from bot.playground.dingtalk.door import BASE, App
from bot.playground.dingtalk.limits import Refusal
from bot.playground.world import Content, Shown, World

SESSION_LIFE = timedelta(minutes=90)
MESSAGE_BYTES = 15_000
PEOPLE_A_CALL = 20
DING_PEOPLE = 200
DING_SCOPE = "Premium.Ding.Write"
ROBOT_SCOPE = "qyapi_robot_sendmsg"


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(f"action{part}{n}" for n in range(1, count + 1) for part in ("Title", "URL"))


MESSAGE_KEYS: Mapping[str, tuple[Content, tuple[str, ...]]] = {
    "sampleText": ("text", ("content",)),
    "sampleMarkdown": ("markdown", ("title", "text")),
    "sampleImageMsg": ("image", ("photoURL",)),
    "sampleLink": ("card", ("title", "text", "picUrl", "messageUrl")),
    "sampleActionCard": ("card", ("title", "text", "singleTitle", "singleURL")),
    **{f"sampleActionCard{n}": ("card", ("title", "text", *_numbered(n))) for n in range(2, 6)},
    "sampleActionCard6": (
        "card",
        ("title", "text", "buttonTitle1", "buttonUrl1", "buttonTitle2", "buttonUrl2"),
    ),
    "sampleAudio": ("voice", ("mediaId", "duration")),
    "sampleFile": ("file", ("mediaId", "fileName", "fileType")),
    "sampleVideo": ("file", ("duration", "videoMediaId", "videoType", "picMediaId")),
}


@dataclass(frozen=True, slots=True)
class Session:
    """Where a session webhook leads."""

    chat: str
    until: datetime


class Robot:
    """Messages of the robot, and the files people sent it."""

    def __init__(self, app: App, world: World, now: Now) -> None:
        self.throttled: set[str] = set()
        """People whose messages are held back (flowControlledStaffIdList)."""
        self.disbanded: set[str] = set()
        self.dings: list[tuple[str, str]] = []
        """Who was rung, and for what."""
        self.sessions: dict[str, Session] = {}
        self._files: dict[str, tuple[bytes, str]] = {}
        self._links: dict[str, str] = {}
        self._app = app
        self._world = world
        self._now = now

    async def to_people(self, _: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        content, payload = self._read(body)
        people = body.get("userIds")
        if not isinstance(people, list) or not 1 <= len(people) <= PEOPLE_A_CALL:
            raise Refusal("invalidParameter.userIds", f"userIds: 1 到 {PEOPLE_A_CALL} 人")
        members = self._world.members.get("dingtalk", {})
        key = secrets.token_urlsafe(24)
        gone = [one for one in people if one not in members]
        held = [one for one in people if one in members and one in self.throttled]
        for one in people:
            if one not in gone and one not in held:
                self._show(key, one, content, payload)
        return web.json_response(
            {
                "processQueryKey": key,
                "invalidStaffIdList": gone,
                "flowControlledStaffIdList": held,
            }
        )

    async def to_group(self, _: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        content, payload = self._read(body)
        group = body.get("openConversationId")
        if not isinstance(group, str) or not group.startswith("cid") or group in self.disbanded:
            raise Refusal("invalid.openConversationId", "群不存在")
        key = secrets.token_urlsafe(24)
        self._show(key, group, content, payload)
        return web.json_response({"processQueryKey": key})

    async def ding(self, _: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        """In the app, at most 200 people (发送DING消息)."""
        people, content = body.get("receiverUserIdList"), body.get("content")
        if body.get("robotCode") != self._app.client_id:
            raise Refusal("invalidParameter.robotCode.notExsit", "robotCode 不存在")
        if not isinstance(people, list) or not 1 <= len(people) <= DING_PEOPLE:
            raise Refusal("ding.receivercount.limit", f"receiverUserIdList: 1 到 {DING_PEOPLE} 人")
        if body.get("remindType") != 1 or not isinstance(content, str) or not content:
            raise Refusal("invalidParameter.remindType", "这里只有应用内 DING，内容不能为空")
        members = self._world.members.get("dingtalk", {})
        self.dings += [(one, content) for one in people if one in members]
        failed = {one: "用户不存在" for one in people if one not in members}
        return web.json_response({"openDingId": secrets.token_urlsafe(16), "failedList": failed})

    def _read(self, body: dict[str, Any]) -> tuple[Content, dict[str, Any]]:
        """Content and payload of a message. Raises Refusal."""
        if body.get("robotCode") != self._app.client_id:
            raise Refusal("invalidParameter.robotCode.notExsit", "robotCode 不存在")
        key, raw = body.get("msgKey"), body.get("msgParam")
        if not isinstance(key, str) or key not in MESSAGE_KEYS:
            raise Refusal("invalidParameter.msgKey", f"msgKey {key!r} 不存在")
        if not isinstance(raw, str) or len(raw.encode()) > MESSAGE_BYTES:
            raise Refusal("invalidParameter.msgParam", "msgParam 是不超过 15000 字节的字符串")
        content, names = MESSAGE_KEYS[key]
        return content, {"msgKey": key, **_param(raw, names)}

    def _show(self, key: str, chat: str, content: Content, payload: dict[str, Any]) -> None:
        moment = self._now()
        self._world.show(Shown(key, "dingtalk", chat, "bot", content, payload, moment))

    # Files -------------------------------------------------------------------------------

    def keep(self, data: bytes, content_type: str) -> str:
        """The `downloadCode` under which the robot may fetch what somebody sent."""
        code = secrets.token_urlsafe(24)
        self._files[code] = (data, content_type)
        return code

    async def download_link(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        code = body.get("downloadCode")
        if body.get("robotCode") != self._app.client_id or code not in self._files:
            raise Refusal("invalidParameter.robotCode.downloadCode", "下载码无效或已过期")
        link = secrets.token_urlsafe(16)
        self._links[link] = code
        url = f"{request.scheme}://{request.host}{BASE}/files/{link}.file"
        return web.json_response({"downloadUrl": url})

    async def file(self, request: web.Request) -> web.StreamResponse:
        found = self._files.get(self._links.get(request.match_info["link"], ""))
        if found is None or "x-acs-dingtalk-access-token" in request.headers:
            return web.Response(status=403)
        return web.Response(body=found[0], content_type=found[1])

    # Session replies ---------------------------------------------------------------------

    def open_session(self, chat: str) -> tuple[str, datetime]:
        session = secrets.token_hex(16)
        self.sessions[session] = Session(chat, self._now() + SESSION_LIFE)
        return session, self.sessions[session].until

    async def reply(self, request: web.Request) -> web.StreamResponse:
        """`sessionWebhook`: the old API's manners, HTTP 200 and an errcode."""
        session = self.sessions.get(request.query.get("session", ""))
        if session is None or self._now() >= session.until:
            return web.json_response({"errcode": 300001, "errmsg": "session 不存在"})
        body = await request.json()
        kind = body.get("msgtype")
        if kind not in ("text", "link", "markdown", "actionCard", "feedCard"):
            return web.json_response({"errcode": 400105, "errmsg": f"msgtype {kind!r}"})
        if not _is_session_message(kind, body.get(kind)):
            return web.json_response({"errcode": 400106, "errmsg": f"{kind} 缺少参数"})
        content: Content = kind if kind in ("text", "markdown") else "card"
        payload = {"msgKey": kind, **body[kind]}
        self._show(secrets.token_urlsafe(24), session.chat, content, payload)
        return web.json_response({"errcode": 0, "errmsg": "ok"})


def _is_session_message(kind: str, given: Any) -> bool:
    """The names a session takes, as a custom robot does (自定义机器人发送群消息)."""
    if not isinstance(given, dict):
        return False
    needed = {"text": ("content",), "markdown": ("title", "text")}.get(kind, ())
    if kind == "actionCard":
        buttons = given.get("btns", [])
        single = ("singleTitle", "singleURL")
        needed = ("title", "text", *(() if buttons else single))
        if not all(button.get("title") and button.get("actionURL") for button in buttons):
            return False
    return all(isinstance(given.get(name), str) and given[name] for name in needed)


def _param(raw: str, names: tuple[str, ...]) -> dict[str, str]:
    try:
        param = json.loads(raw)
    except ValueError:
        param = None
    if not isinstance(param, dict) or set(param) != set(names):
        raise Refusal("invalidParameter.msgParam", f"msgParam 的键应为 {', '.join(names)}")
    if not all(isinstance(value, str) and value for value in param.values()):
        raise Refusal("invalidParameter.msgParam", "msgParam 的值应为非空字符串")
    return param
