"""The enterprise's departments and people, as far as the app's visible range goes.

Facts: developer.work.weixin.qq.com, "获取部门列表", "获取部门成员详情" (D96260, 2024/07/24),
"读取成员" (D96255): names come, mobiles and mail do not. Leaders and a member's status stand in the
answers of today; that they always do is not on the pages kept with this project, so they are read
when present.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from bot.platforms.directory import (
    CALL_SECONDS,
    MOST_DEPARTMENTS,
    MOST_PEOPLE,
    Colleague,
    Department,
    Id,
    Patience,
    below,
    check_size,
    from_the_top,
)
from bot.platforms.pace import Pace
from bot.platforms.protocol import Now, Rejected
from bot.platforms.wecom.client import Client
from bot.platforms.wecom.limits import LIMITS
from config.schema import WeComSettings

ROOT = 1
ACTIVE = 1
OUT_OF_RANGE = ("60011", "50002")
_RANGE = "管理后台 → 应用管理 → 可见范围"
SMALLER = f"把应用的可见范围缩小到要用机器人的部门（{_RANGE}）"
WIDER = f"把要用机器人的部门加进应用的可见范围（{_RANGE}）"


class Contacts:
    """Raises PlatformError; Rejected when there are more than anybody would want at once."""

    def __init__(
        self,
        client: Client,
        now: Now,
        pace: Pace,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client = client
        self._patience = Patience(now, pace, pause)

    async def departments(self) -> list[Department]:
        """All within the visible range, the company itself included."""
        answer = await self._ask("department/list", {})
        listed = answer.get("department") or []
        check_size("wecom", "departments", len(listed), MOST_DEPARTMENTS, SMALLER)
        return from_the_top([_department(one) for one in listed])

    async def colleagues(self, departments: Sequence[Department]) -> list[Colleague]:
        """Each once, in his main department if it is one of those."""
        wanted = {one.id: one for one in departments}
        found: dict[str, Colleague] = {}
        for department in departments:
            answer = await self._ask("user/list", {"department_id": str(department.id)})
            for user in answer.get("userlist") or []:
                home = wanted.get(user.get("main_department"), department)
                one = _colleague(user, home)
                found.setdefault(one.address.casefold(), one)
            check_size("wecom", "people", len(found), MOST_PEOPLE, SMALLER)
        return list(found.values())

    async def _ask(self, path: str, params: dict[str, str]) -> dict[str, Any]:
        try:
            return await self._patience.ask(path, lambda: self._client.get(path, params))
        except Rejected as problem:
            if problem.code not in OUT_OF_RANGE:
                raise
            raise Rejected(f"{path}: {problem.code}。处理：{WIDER}", problem.code) from None


async def read_directory(
    settings: WeComSettings, now: Now, name: str = ""
) -> tuple[list[Department], list[Colleague]]:
    """All departments, or those from the one called `name` on, and who can be written to there.
    Nothing when none or several are called that. Raises PlatformError."""
    client = Client(settings, now, timeout_seconds=CALL_SECONDS)
    await client.start()
    try:
        contacts = Contacts(client, now, Pace(LIMITS))
        everything = await contacts.departments()
        chosen = below(everything, name) if name else everything
        colleagues = await contacts.colleagues(chosen)
    finally:
        await client.stop()
    return [one for one in chosen if one.id != ROOT], [
        one for one in colleagues if one.is_active and one.name
    ]


def _department(told: dict[str, Any]) -> Department:
    leaders = told.get("department_leader") or [""]
    return Department(
        int(told["id"]),
        str(told.get("name") or told["id"]),
        int(told.get("parentid") or 0),
        _address(leaders[0]),
    )


def _colleague(told: dict[str, Any], home: Department) -> Colleague:
    """Who leads him himself, else who leads the department."""
    own = _address(str(told["userid"]))
    direct = [_address(str(each)) for each in told.get("direct_leader") or []]
    leads = home.leader if home.leader.casefold() != own.casefold() else ""
    manager = direct[0] if direct else leads
    is_active = told.get("status", ACTIVE) == ACTIVE
    department: Id = home.id
    return Colleague(own, str(told.get("name") or ""), department, manager, is_active)


def _address(user: str) -> str:
    return f"wecom:{user}" if user else ""
