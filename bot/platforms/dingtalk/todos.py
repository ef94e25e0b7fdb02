"""DingTalk's todos (待办): written by the app, ticked off on a page of ours.

Facts: open.dingtalk.com, "新增钉钉待办任务", "更新钉钉待办任务", "删除钉钉待办任务". Since
2024-02-01 an app's todo needs a link, and people follow it instead of ticking the list
(`todo_page.py`): so nothing is asked of a todo, and its events, which would cost the month's
deliveries, are not subscribed to. Whoever has the todo is its creator as well, so DingTalk rings
for none: the card did.
"""

from datetime import datetime
from typing import Any
from urllib.parse import quote

from bot.platforms.dingtalk.client import DingTalkClient
from bot.platforms.dingtalk.unions import Unions
from bot.platforms.pace import Pace
from bot.platforms.protocol import Now, Rejected, Task, TaskGone
from config.schema import DingTalkSettings

PAGE = "/todo/dingtalk"
LONGEST_SUBJECT, LONGEST_DESCRIPTION = 1024, 4096
ORDINARY = 20
KNOWN, UNKNOWN = "task exist", "task not exist"


class DingTalkTodos:
    """Implements `TaskList`."""

    def __init__(
        self,
        client: DingTalkClient,
        settings: DingTalkSettings,
        unions: Unions,
        now: Now,
        pace: Pace,
    ) -> None:
        self._client = client
        self._settings = settings
        self._unions = unions
        self._now = now
        self._pace = pace

    async def add(self, person: str, task: Task) -> str:
        """A `sourceId` is good once for ever: what is there already tells no id."""
        union, link = await self._unions.of(person), f"{self._settings.public_url}{PAGE}/{task.key}"
        body = _written(task) | {
            "sourceId": f"yinuo-{task.key}",
            "creatorId": union,
            "executorIds": [union],
            "detailUrl": {"appUrl": link, "pcUrl": link},
            "isOnlyShowExecutor": True,
            "priority": ORDINARY,
        }
        try:
            made = await self._ask("POST", union, body=body)
        except Rejected as refusal:
            if KNOWN in str(refusal).lower():
                return ""
            raise
        return str(made.get("id", ""))

    async def move(self, person: str, task_id: str, task: Task) -> None:
        await self._ask("PUT", await self._unions.of(person), task_id, body=_written(task))

    async def finish(self, person: str, task_id: str, at: datetime) -> None:
        await self._ask("PUT", await self._unions.of(person), task_id, body={"done": True})

    async def drop(self, person: str, task_id: str) -> None:
        await self._ask("DELETE", await self._unions.of(person), task_id, body={})

    async def is_done(self, person: str, task_id: str) -> bool:
        raise Rejected("dingtalk is not asked: its todos are ticked off on our own page")

    async def _ask(
        self, method: str, union: str, task_id: str = "", *, body: dict[str, Any]
    ) -> dict[str, Any]:
        self._pace.take(self._now(), api=f"todo {method}")
        who = quote(union, safe="")
        one = f"/{quote(task_id, safe='')}" if task_id else ""
        path = f"/v1.0/todo/users/{who}/tasks{one}?operatorId={who}"
        try:
            return await self._client.call(method, path, body)
        except Rejected as refusal:
            if UNKNOWN in str(refusal).lower():
                raise TaskGone(str(refusal), refusal.code) from None
            raise


def _written(task: Task) -> dict[str, Any]:
    due = {"dueTime": int(task.due.timestamp() * 1000)} if task.due else {}
    return {
        "subject": task.title[:LONGEST_SUBJECT],
        "description": task.about[:LONGEST_DESCRIPTION],
        **due,
    }
