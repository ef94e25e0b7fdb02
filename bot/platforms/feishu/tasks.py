"""Feishu's tasks (任务 v2): written with the app's own token, and looked at when one is ticked off.

Facts: open.feishu.cn, "创建任务", "更新任务", "获取任务详情" [T1]. Feishu is given no reminder: the
bot reminds, and nobody wants to hear it twice.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.platforms.feishu.client import FeishuClient, id_type
from bot.platforms.pace import Pace
from bot.platforms.protocol import Now, Task

LONGEST_SUMMARY, LONGEST_DESCRIPTION = 3000, 3000


class FeishuTasks:
    """Implements `TaskList`."""

    def __init__(self, client: FeishuClient, pace: Pace, now: Now) -> None:
        self._client = client
        self._pace = pace
        self._now = now

    async def add(self, person: str, task: Task) -> str:
        body = _written(task) | {
            "members": [{"id": person, "type": "user", "role": "assignee"}],
            "client_token": f"yinuo-{task.key}",
            "extra": task.key,
        }
        made = await self._ask("POST", person, body=body)
        return str(made["guid"])

    async def move(self, person: str, task_id: str, task: Task) -> None:
        """What is listed and missing is cleared."""
        body = {"task": _written(task), "update_fields": ["summary", "description", "due"]}
        await self._ask("PATCH", person, task_id, body=body)

    async def finish(self, person: str, task_id: str, at: datetime) -> None:
        body = {"task": {"completed_at": _milliseconds(at)}, "update_fields": ["completed_at"]}
        await self._ask("PATCH", person, task_id, body=body)

    async def drop(self, person: str, task_id: str) -> None:
        await self._ask("DELETE", person, task_id)

    async def is_done(self, person: str, task_id: str) -> bool:
        """As one of several each has his own tick; alone, that of the task is his."""
        found = await self._ask("GET", person, task_id)
        members = [one for one in found.get("members") or [] if one.get("role") == "assignee"]
        if person not in [one.get("id") for one in members]:
            return False
        ticks = {one.get("id"): one for one in found.get("assignee_related") or []}
        if person in ticks:
            return _is_set(ticks[person])
        return len(members) == 1 and _is_set(found)

    async def _ask(
        self, method: str, person: str, task_id: str = "", *, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        self._pace.take(self._now(), task="v2")
        return await self._client.task(method, task_id, body=body, ids=id_type(person))


def _written(task: Task) -> dict[str, Any]:
    due = {"due": {"timestamp": _milliseconds(task.due), "is_all_day": False}} if task.due else {}
    return {
        "summary": task.title[:LONGEST_SUMMARY],
        "description": task.about[:LONGEST_DESCRIPTION],
        **due,
    }


def _milliseconds(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))


def _is_set(told: Mapping[str, Any]) -> bool:
    return str(told.get("completed_at") or "0") != "0"
