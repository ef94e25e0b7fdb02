"""The company's departments and people, as far as the app may see them.

Facts: open.dingtalk.com, "获取部门列表", "获取部门用户userid列表", "查询用户详情". Contacts cost
none of the month's calls (计费模型说明), and are as limited per second as everything else.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from bot.platforms.dingtalk.client import DingTalkClient
from bot.platforms.dingtalk.limits import LIMITS
from bot.platforms.dingtalk.parse import address
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
)
from bot.platforms.pace import Pace
from bot.platforms.protocol import Now, Rejected
from config.schema import DingTalkSettings

ROOT = 1
LEFT = frozenset(("33012", "60121"))
SMALLER = "把应用的权限范围缩小到要用机器人的部门"


class Contacts:
    """Raises PlatformError; Rejected when there are more than anybody would want at once."""

    def __init__(
        self,
        client: DingTalkClient,
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
            listed = await self._ask("/topapi/v2/department/listsub", {"dept_id": parent})
            under = [_department(one, parent) for one in listed or []]
            found += under
            waiting += [int(one.id) for one in under]
            check_size("dingtalk", "departments", len(found), MOST_DEPARTMENTS, SMALLER)
        return found

    async def colleagues(self, departments: Sequence[Id]) -> list[Colleague]:
        """Each once, in the first department that has him."""
        where: dict[str, Id] = {}
        for department in departments:
            answer = await self._ask("/topapi/user/listid", {"dept_id": department})
            for user in (answer or {}).get("userid_list") or []:
                where.setdefault(str(user), department)
            check_size("dingtalk", "people", len(where), MOST_PEOPLE, SMALLER)
        found = [await self._colleague(user, department) for user, department in where.items()]
        return [one for one in found if one is not None]

    async def _colleague(self, user: str, department: Id) -> Colleague | None:
        """None for somebody who left a moment ago."""
        try:
            told = await self._ask("/topapi/v2/user/get", {"userid": user}) or {}
        except Rejected as problem:
            if problem.code not in LEFT:
                raise
            return None
        manager = address(str(told["manager_userid"])) if told.get("manager_userid") else ""
        is_active = bool(told.get("active", True))
        return Colleague(address(user), str(told.get("name") or ""), department, manager, is_active)

    async def _ask(self, path: str, body: dict[str, Any]) -> Any:
        """What stands in `result`."""
        answer = await self._patience.ask(path, lambda: self._client.call_old(path, body))
        return answer.get("result")


async def read_directory(
    settings: DingTalkSettings, now: Now, name: str = ""
) -> tuple[list[Department], list[Colleague]]:
    """All departments, or those from the one called `name` on, and who can be written to there.
    Nothing when none or several are called that. Raises PlatformError."""
    client = DingTalkClient(settings, now, http_seconds=CALL_SECONDS)
    client.open()
    try:
        contacts = Contacts(client, now, Pace(LIMITS))
        everything = await contacts.departments()
        chosen = below(everything, name) if name else everything
        top = [] if name else [ROOT]
        colleagues = await contacts.colleagues([*top, *(one.id for one in chosen)])
    finally:
        await client.close()
    return chosen, [one for one in colleagues if one.is_active and one.name]


def _department(told: Any, parent: int) -> Department:
    return Department(int(told["dept_id"]), str(told.get("name") or told["dept_id"]), parent)
