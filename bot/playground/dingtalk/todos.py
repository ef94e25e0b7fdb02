"""The imitated todos and the login that their links lead through.

Facts: open.dingtalk.com, "新增钉钉待办任务" (a `sourceId` is good once for ever, a link is needed),
"更新钉钉待办任务", "删除钉钉待办任务", "获取登录用户的访问凭证", "获取用户通讯录个人信息".
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
from aiohttp import web

from bot.playground.dingtalk.directory import union_id
from bot.playground.dingtalk.door import App
from bot.playground.dingtalk.limits import Refusal
from bot.playground.world import World

TODO_SCOPE = "Todo.Todo.Write"
LONGEST_SUBJECT, LONGEST_LINK, MOST_EXECUTORS = 1024, 1024, 100
CHANGEABLE = frozenset(("subject", "description", "dueTime", "done", "executorIds"))
FIELD = re.compile(r'name="(\w+)" value="([^"]*)"')


@dataclass(slots=True)
class Todo:
    id: str
    source: str
    subject: str
    description: str
    due: int | None
    executors: list[str]
    """By their unionIds."""
    link: str
    done: bool = False


class Todos:
    def __init__(self, app: App, world: World) -> None:
        self.found: dict[str, Todo] = {}
        self.login_url = ""
        self.redirect_url = ""
        """What the console has as 重定向 URL: logins lead nowhere else."""
        self._sources: set[str] = set()
        self._codes: dict[str, str] = {}
        self._logins: dict[str, str] = {}
        self._app = app
        self._world = world

    def of(self, user: str) -> list[Todo]:
        """A member's list, with what is done."""
        return [todo for todo in self.found.values() if union_id(user) in todo.executors]

    # The app's calls ---------------------------------------------------------------------

    async def add(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        self._people([request.match_info["union"], request.query.get("operatorId")])
        link = body.get("detailUrl")
        if not isinstance(link, Mapping) or not (link.get("appUrl") and link.get("pcUrl")):
            raise Refusal("invalidParameter.detailUrl", "detailUrl 必填")
        if any(len(str(url).encode()) > LONGEST_LINK for url in link.values()):
            raise Refusal("invalidParameter.detailUrl", f"链接不超过 {LONGEST_LINK} 字节")
        executors = body.get("executorIds") or []
        if not isinstance(executors, list) or not 1 <= len(executors) <= MOST_EXECUTORS:
            raise Refusal("invalidParameter.executorIds", f"1 到 {MOST_EXECUTORS} 人")
        self._people([*executors, body.get("creatorId")])
        source = str(body.get("sourceId") or secrets.token_hex(8))
        if source in self._sources:
            raise Refusal("task exist", "task exist")
        subject, due = _subject(body), _due(body)
        self._sources.add(source)
        todo = Todo(
            id=f"task{secrets.token_hex(12)}",
            source=source,
            subject=subject,
            description=str(body.get("description", "")),
            due=due,
            executors=[str(one) for one in executors],
            link=str(link["appUrl"]),
        )
        self.found[todo.id] = todo
        return web.json_response({"id": todo.id, "sourceId": source, "done": False})

    async def update(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        """What is not named stays."""
        todo = self._todo(request)
        if unknown := set(body) - CHANGEABLE:
            raise Refusal("invalidParameter", f"不认识的参数 {sorted(unknown)}")
        if "subject" in body:
            todo.subject = _subject(body)
        if "dueTime" in body:
            todo.due = _due(body)
        todo.description = str(body.get("description", todo.description))
        todo.done = bool(body.get("done", todo.done))
        return web.json_response({"result": True})

    async def delete(self, request: web.Request, _: dict[str, Any]) -> web.StreamResponse:
        del self.found[self._todo(request).id]
        return web.json_response({"result": True})

    def _todo(self, request: web.Request) -> Todo:
        self._people([request.match_info["union"], request.query.get("operatorId")])
        todo = self.found.get(request.match_info["task"])
        if todo is None:
            raise Refusal("task not exist", "task not exist", status=404)
        return todo

    def _people(self, unions: list[Any]) -> None:
        known = set(map(union_id, self._world.members.get("dingtalk", {})))
        if unknown := [one for one in unions if one not in known]:
            raise Refusal("invalidParameter.unionId", f"unionId 不存在：{unknown[0]}")

    # Logging in --------------------------------------------------------------------------

    async def user_token(self, _: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        """A code is good once."""
        given = (body.get("clientId"), body.get("clientSecret"))
        if given != (self._app.client_id, self._app.client_secret):
            raise Refusal("invalidClientIdOrSecret", "无效的clientId或者clientSecret")
        user = self._codes.pop(str(body.get("code")), "")
        if not user or body.get("grantType") != "authorization_code":
            raise Refusal("invalidParameter.authCode.notFound", "不存在的authCode")
        token = secrets.token_hex(16)
        self._logins[token] = user
        answer = {"accessToken": token, "expireIn": 7200, "corpId": self._app.corp_id}
        return web.json_response(answer)

    async def me(self, request: web.Request, _: dict[str, Any]) -> web.StreamResponse:
        user = self._logins.get(request.headers.get("x-acs-dingtalk-access-token", ""))
        if user is None:
            raise Refusal("InvalidAuthentication", "不合法的access_token")
        name = self._world.members["dingtalk"][user].name
        return web.json_response({"unionId": union_id(user), "nick": name})

    def user_of(self, body: dict[str, Any]) -> dict[str, Any]:
        """根据unionid获取用户userid."""
        for user in self._world.members.get("dingtalk", {}):
            if union_id(user) == body.get("unionid"):
                result = {"contact_type": 0, "userid": user}
                return {"errcode": 0, "errmsg": "ok", "result": result}
        return {"errcode": 60121, "errmsg": "找不到该用户"}

    # People follow the link --------------------------------------------------------------

    async def tick(self, user: str, title: str, *, by: str = "") -> str:
        """A member opens a todo of his (or somebody else, `by`, whom he gave the link), logs in
        and presses the page's button; what the page says then. Raises ValueError."""
        for todo in self.of(user):
            if title in todo.subject and not todo.done:
                async with aiohttp.ClientSession() as browser:
                    return await self._walk(browser, todo.link, by or user)
        raise ValueError(f"{user} 的待办里没有待完成的“{title}”")

    async def _walk(self, browser: aiohttp.ClientSession, link: str, user: str) -> str:
        async with browser.get(link, allow_redirects=False) as answer:
            back = self._log_in(answer.headers.get("Location", ""), user)
        async with browser.get(back) as answer:
            page = await answer.text()
        fields = dict(FIELD.findall(page))
        if not fields:
            return page
        async with browser.post(back.partition("?")[0], data=fields) as answer:
            return await answer.text()

    def _log_in(self, url: str, user: str) -> str:
        """Where DingTalk's login page sends the browser back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        wanted = {
            "client_id": self._app.client_id,
            "response_type": "code",
            "prompt": "consent",
            "scope": "openid corpid",
            "redirect_uri": self.redirect_url,
        }
        if not url.startswith(f"{self.login_url}/oauth2/auth?"):
            raise ValueError(f"这不是钉钉的登录页：{url}")
        if wrong := [name for name, value in wanted.items() if asked.get(name) != value]:
            raise ValueError(f"登录参数不对：{wrong}")
        code = secrets.token_hex(16)
        self._codes[code] = user
        return f"{asked['redirect_uri']}?{urlencode({'authCode': code, 'state': asked['state']})}"


def _subject(body: Mapping[str, Any]) -> str:
    subject = body.get("subject")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise Refusal("invalidParameter.subject", f"标题 1 到 {LONGEST_SUBJECT} 字")
    return subject


def _due(body: Mapping[str, Any]) -> int | None:
    """Seconds would be a day in 1970."""
    due = body.get("dueTime")
    if due is not None and (not isinstance(due, int) or due < 10**12):
        raise Refusal("invalidParameter.dueTime", "dueTime 是毫秒")
    return due
