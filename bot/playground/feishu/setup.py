"""What the imitated app may read of its own set-up: its robot, its scopes, people by address.

Facts: open.feishu.cn, "获取机器人信息", "查询租户授权状态", "通过手机号或邮箱获取用户 ID",
"获取单个用户信息".
"""

from collections.abc import Sequence

from aiohttp import web

from bot.playground.feishu.directory import Directory
from bot.playground.feishu.gate import (
    CONTACT_SCOPE,
    KNOWN_SCOPES,
    PERSON_SCOPE,
    Gate,
    json_body,
)

ENABLED = 2


class Setup:
    """`status` is the app's state as the console set it; 2 is enabled."""

    def __init__(self, gate: Gate, directory: Directory, bot_open_id: str) -> None:
        self.status = ENABLED
        self._gate = gate
        self._directory = directory
        self._bot_open_id = bot_open_id

    def routes(self) -> Sequence[web.RouteDef]:
        return [
            self._gate.route("GET", "bot/v3/info", "bot", self._bot),
            self._gate.route("GET", "application/v6/scopes", "scopes", self._scopes),
            self._gate.route("POST", "contact/v3/users/batch_get_id", "find people", self._find),
            self._gate.route("GET", "contact/v3/users/{user}", "person", self._person),
        ]

    async def _bot(self, _: web.Request) -> web.Response:
        """Without a `data` around it."""
        bot = {"activate_status": self.status, "app_name": "一诺", "open_id": self._bot_open_id}
        return web.json_response({"code": 0, "msg": "ok", "bot": bot})

    async def _scopes(self, _: web.Request) -> web.Response:
        scopes = [
            {"scope_name": name, "grant_status": 1 if name in self._gate.scopes else 2}
            for name in KNOWN_SCOPES
        ]
        return web.json_response({"code": 0, "msg": "success", "data": {"scopes": scopes}})

    async def _find(self, request: web.Request) -> web.Response:
        self._gate.need_scope(CONTACT_SCOPE)
        body = await json_body(request)
        users = [{"email": email} for email in body.get("emails", [])]
        return web.json_response({"code": 0, "msg": "success", "data": {"user_list": users}})

    async def _person(self, request: web.Request) -> web.Response:
        self._gate.need_scope(PERSON_SCOPE)
        id_type = request.query.get("user_id_type", "open_id")
        member = self._directory.members[self._directory.chat(id_type, request.match_info["user"])]
        user = {"name": member.name} | self._directory.ids(member.id)
        return web.json_response({"code": 0, "msg": "success", "data": {"user": user}})
