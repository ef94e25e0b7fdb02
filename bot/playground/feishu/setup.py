"""What the imitated app may read of its own set-up: its robot, its scopes, people by address.

Facts: open.feishu.cn, "获取机器人信息", "查询租户授权状态", "通过手机号或邮箱获取用户 ID".
"""

from collections.abc import Sequence

from aiohttp import web

from bot.playground.feishu import errors
from bot.playground.feishu.errors import ApiError
from bot.playground.feishu.gate import CONTACT_SCOPE, NEEDED_SCOPES, Gate, json_body

ENABLED = 2


class Setup:
    """`status` is the app's state as the console set it; 2 is enabled."""

    def __init__(self, gate: Gate) -> None:
        self.status = ENABLED
        self._gate = gate

    def routes(self) -> Sequence[web.RouteDef]:
        return [
            self._gate.route("GET", "bot/v3/info", "bot", self._bot),
            self._gate.route("GET", "application/v6/scopes", "scopes", self._scopes),
            self._gate.route("POST", "contact/v3/users/batch_get_id", "find people", self._find),
        ]

    async def _bot(self, _: web.Request) -> web.Response:
        """Without a `data` around it."""
        bot = {"activate_status": self.status, "app_name": "一诺", "open_id": "ou_bot"}
        return web.json_response({"code": 0, "msg": "ok", "bot": bot})

    async def _scopes(self, _: web.Request) -> web.Response:
        scopes = [
            {"scope_name": name, "grant_status": 1 if name in self._gate.scopes else 2}
            for name in (*NEEDED_SCOPES, CONTACT_SCOPE)
        ]
        return web.json_response({"code": 0, "msg": "success", "data": {"scopes": scopes}})

    async def _find(self, request: web.Request) -> web.Response:
        if CONTACT_SCOPE not in self._gate.scopes:
            raise ApiError(
                errors.NO_SCOPE, f"Access denied. One of the scopes is required: [{CONTACT_SCOPE}]"
            )
        body = await json_body(request)
        users = [{"email": email} for email in body.get("emails", [])]
        return web.json_response({"code": 0, "msg": "success", "data": {"user_list": users}})
