"""The tenant's departments and people, as far as the app's contact range goes [U1].

Walked level by level: `departments/:id/children` from the root `0`, `users/find_by_department` for
each, 50 a page. Contacts cost none of the month's calls [A4]. The scope of the first call and who
leads whom are not on the pages kept with this project; leaders are read when present.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import quote

from bot.platforms.directory import (
    CALL_SECONDS,
    MOST_DEPARTMENTS,
    MOST_PEOPLE,
    Colleague,
    Department,
    Patience,
    below,
    check_size,
)
from bot.platforms.feishu.client import FeishuClient
from bot.platforms.feishu.limits import LIMITS
from bot.platforms.pace import Pace
from bot.platforms.protocol import Now, Rejected
from config.schema import FeishuSettings

ROOT = "0"
PAGE = "50"
MOST_PAGES = 100
OUT_OF_RANGE = "40004"
_PLACE = "开发者后台 → 权限管理 → 通讯录权限范围"
SMALLER = f"把通讯录权限范围缩小到要用机器人的部门（{_PLACE}）"
WIDER = f"把通讯录权限范围改成“全部成员”（{_PLACE}），再发布一个版本"
NAMELESS = "到开发者后台 → 权限管理开通 contact:user.base:readonly，再发布一个版本"


class Contacts:
    """Raises PlatformError; Rejected when there are more than anybody would want at once."""

    def __init__(
        self,
        client: FeishuClient,
        now: Now,
        pace: Pace,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client = client
        self._patience = Patience(now, pace, pause)

    async def departments(self) -> list[Department]:
        """All below the company itself, each after the one it belongs to."""
        found: list[Department] = []
        waiting = [ROOT]
        while waiting:
            parent = waiting.pop(0)
            path = f"departments/{quote(parent, safe='')}/children"
            async for told in self._pages(path, {}):
                department = _department(told, parent)
                found.append(department)
                waiting.append(str(department.id))
                check_size("feishu", "departments", len(found), MOST_DEPARTMENTS, SMALLER)
        return found

    async def colleagues(self, departments: Sequence[Department]) -> list[Colleague]:
        """Each once, in the first department that has him."""
        found: dict[str, Colleague] = {}
        for home in departments:
            params = {"department_id": str(home.id)}
            async for told in self._pages("users/find_by_department", params):
                one = _colleague(told, home)
                found.setdefault(one.address, one)
                check_size("feishu", "people", len(found), MOST_PEOPLE, SMALLER)
        if found and not any(one.name for one in found.values()):
            raise Rejected(f"feishu shows people without their names。处理：{NAMELESS}", "nameless")
        return list(found.values())

    async def _pages(self, path: str, params: dict[str, str]) -> AsyncIterator[dict[str, Any]]:
        token = ""
        for _ in range(MOST_PAGES):
            data = await self._page(path, params | ({"page_token": token} if token else {}))
            for told in data.get("items") or []:
                yield told
            token = str(data.get("page_token") or "")
            if not (data.get("has_more") and token):
                return
        raise Rejected(f"{path}: more than {MOST_PAGES} pages。处理：{SMALLER}", "too many")

    async def _page(self, path: str, params: dict[str, str]) -> dict[str, Any]:
        asked = {
            "department_id_type": "open_department_id",
            "user_id_type": "open_id",
            "page_size": PAGE,
        } | params
        api = "departments" if path.startswith("departments/") else path
        try:
            return await self._patience.ask(api, lambda: self._client.contacts(path, asked))
        except Rejected as problem:
            if problem.code != OUT_OF_RANGE:
                raise
            raise Rejected(f"{path}: {OUT_OF_RANGE}。处理：{WIDER}", OUT_OF_RANGE) from None


async def read_directory(
    settings: FeishuSettings, now: Now, name: str = ""
) -> tuple[list[Department], list[Colleague]]:
    """All departments, or those from the one called `name` on, and who can be written to there.
    Nothing when none or several are called that. Raises PlatformError."""
    client = FeishuClient(settings, now, timeout_seconds=CALL_SECONDS)
    await client.open()
    try:
        contacts = Contacts(client, now, Pace(LIMITS))
        everything = await contacts.departments()
        chosen = below(everything, name) if name else everything
        top = [] if name else [Department(ROOT, "", "")]
        colleagues = await contacts.colleagues([*top, *chosen])
    finally:
        await client.close()
    return chosen, [one for one in colleagues if one.is_active and one.name]


def _department(told: dict[str, Any], parent: str) -> Department:
    number = str(told["open_department_id"])
    name = str(told.get("name") or number)
    return Department(number, name, parent, _address(told.get("leader_user_id")))


def _colleague(told: dict[str, Any], home: Department) -> Colleague:
    """Who leads him himself, else who leads the department."""
    own = _address(told["open_id"])
    leads = home.leader if home.leader != own else ""
    manager = _address(told.get("leader_user_id")) or leads
    status = told.get("status") or {}
    gone = any(status.get(name) for name in ("is_frozen", "is_resigned", "is_exited"))
    is_active = not gone and bool(status.get("is_activated", True))
    return Colleague(own, str(told.get("name") or ""), home.id, manager, is_active)


def _address(user: object) -> str:
    return f"feishu:{user}" if user else ""
