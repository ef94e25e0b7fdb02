"""Where a todo's link leads: whoever follows it logs in with DingTalk and says that it is done.

Facts: open.dingtalk.com, "获取登录用户的访问凭证", "获取用户通讯录个人信息",
"根据unionid获取用户userid"; login and contacts cost nothing of the month. The page knows a todo by
its key alone and shows nothing of it; whether it is this person's to tick off is checked where the
promise is.
"""

import hashlib
import hmac
import html
import re
from datetime import timedelta
from functools import partial
from urllib.parse import urlencode

import structlog
from aiohttp import web

from bot.events import TaskChanged
from bot.platforms.dingtalk.client import DingTalkClient
from bot.platforms.dingtalk.parse import address
from bot.platforms.dingtalk.todos import PAGE
from bot.platforms.pace import Pace
from bot.platforms.protocol import Accept, Now, PlatformError
from config.schema import DingTalkSettings

KEY = re.compile(r"[0-9a-f]{32}")
VALID = timedelta(minutes=10)
FORM_BYTES, CODE_LENGTH = 4096, 512
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'",
}
PAPER = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>一诺 · 待办</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
body{{font:1.1rem/1.7 system-ui,sans-serif;max-width:28rem;margin:15vh auto;padding:0 1.5rem}}
button{{font:inherit;padding:.6rem 2rem;border:0;border-radius:.5rem;background:#0a6ebd;color:#fff}}
</style><main>{0}</main></html>"""
ASK = """<h1>这件事做完了吗？</h1><form method="post" action="{page}">
<input type="hidden" name="key" value="{key}"><input type="hidden" name="user" value="{user}">
<input type="hidden" name="until" value="{until}"><input type="hidden" name="sign" value="{sign}">
<button>已完成</button></form><p>点了就通知销售。还没做完，关掉这一页就好。</p>"""
DONE = "<h1>记下了</h1><p>一诺会把结果发给双方。这件事不归你的话，什么都不会改动。</p>"
OVERDUE = "<h1>这一页过期了</h1><p>回到钉钉待办，再点开一次。</p>"
NO_LOGIN = "<h1>没能确认你是谁</h1><p>回到钉钉待办再点开一次；还不行，对一诺说“完成 编号”。</p>"

log = structlog.get_logger()


class TodoPage:
    def __init__(
        self, client: DingTalkClient, settings: DingTalkSettings, now: Now, pace: Pace
    ) -> None:
        self._client = client
        self._settings = settings
        self._now = now
        self._pace = pace
        secret = settings.client_secret.get_secret_value().encode()
        self._secret = hmac.new(secret, b"yinuo: todo page", hashlib.sha256).digest()

    def routes(self, accept: Accept) -> list[web.RouteDef]:
        return [
            web.get(PAGE + "/{key}", self._send_to_login),
            web.get(PAGE, self._ask),
            web.post(PAGE, partial(self._take, accept)),
        ]

    async def _send_to_login(self, request: web.Request) -> web.Response:
        key = request.match_info["key"]
        if not KEY.fullmatch(key):
            return _page(OVERDUE, status=404)
        until = self._until()
        query = {
            "redirect_uri": f"{self._settings.public_url}{PAGE}",
            "response_type": "code",
            "client_id": self._settings.client_id,
            "scope": "openid corpid",
            "state": f"{key}.{until}.{self._sign('login', key, until)}",
            "prompt": "consent",
        }
        url = f"{self._settings.login_url.rstrip('/')}/oauth2/auth?{urlencode(query)}"
        return web.Response(status=302, headers=HEADERS | {"Location": url})

    async def _ask(self, request: web.Request) -> web.Response:
        """Back from the login; DingTalk's own pages call the code by two names."""
        key, _, rest = request.query.get("state", "").partition(".")
        until, _, sign = rest.partition(".")
        if not self._is_valid(sign, "login", key, until):
            return _page(OVERDUE, status=403)
        code = request.query.get("authCode") or request.query.get("code", "")
        try:
            self._pace.take(self._now(), api="login")
            user = await self._client.logged_in(code) if 0 < len(code) <= CODE_LENGTH else ""
        except PlatformError as problem:
            log.warning("dingtalk.login_failed", reason=str(problem))
            user = ""
        if not user:
            return _page(NO_LOGIN, status=403)
        until = self._until()
        sign = self._sign("done", key, user, until)
        shown = ASK.format(page=PAGE, key=key, user=html.escape(user), until=until, sign=sign)
        return _page(shown)

    async def _take(self, accept: Accept, request: web.Request) -> web.Response:
        if (request.content_length or 0) > FORM_BYTES or not request.can_read_body:
            return _page(OVERDUE, status=413)
        form = await request.post()
        key, user, until, sign = (str(form.get(n, "")) for n in ("key", "user", "until", "sign"))
        if not self._is_valid(sign, "done", key, user, until):
            return _page(OVERDUE, status=403)
        task = address(key)
        told = f"dingtalk:todo:{key}:{user}"
        await accept(TaskChanged(told, self._now(), task, "done", address(user)))
        return _page(DONE)

    def _until(self) -> str:
        return str(int((self._now() + VALID).timestamp()))

    def _sign(self, *parts: str) -> str:
        return hmac.new(self._secret, "\n".join(parts).encode(), hashlib.sha256).hexdigest()

    def _is_valid(self, sign: str, *parts: str) -> bool:
        """The last part is until when."""
        expected, until = self._sign(*parts), parts[-1]
        if not hmac.compare_digest(sign.encode(), expected.encode()):
            return False
        return self._now().timestamp() < int(until)


def _page(body: str, *, status: int = 200) -> web.Response:
    text = PAPER.format(body)
    return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)
