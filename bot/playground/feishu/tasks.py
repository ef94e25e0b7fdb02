"""The imitated tasks (任务 v2): lists of members, written by the app, ticked off by people.

Facts: open.feishu.cn, "创建任务", "更新任务", "获取任务详情", "删除任务".
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.platforms.protocol import Now
from bot.playground.feishu import errors
from bot.playground.feishu.directory import Directory
from bot.playground.feishu.errors import ApiError
from bot.playground.feishu.gate import TASK_SCOPE, Gate, json_body
from bot.playground.feishu.limits import Limits

COMPLETED, DELETED = 5, 7
LONGEST_SUMMARY, MOST_MEMBERS = 3000, 50
SHORTEST_TOKEN, LONGEST_TOKEN = 10, 100
NOT_DONE = "0"
CHANGEABLE = frozenset(("summary", "description", "due", "completed_at"))
PATH = "task/v2/tasks"


@dataclass(slots=True)
class Task:
    guid: str
    summary: str
    description: str
    due: dict[str, Any] | None
    assignees: list[str]
    """By their open_ids."""
    completed_at: str = NOT_DONE
    ticks: dict[str, str] = field(default_factory=dict)
    """Who has ticked it off, and when."""

    @property
    def is_done(self) -> bool:
        return self.completed_at != NOT_DONE


class Tasks:
    def __init__(self, now: Now, directory: Directory, limits: Limits, gate: Gate) -> None:
        self.found: dict[str, Task] = {}
        self._made: dict[str, str] = {}
        """Client token → guid."""
        self._now = now
        self._directory = directory
        self._limits = limits
        self._gate = gate

    def routes(self) -> Sequence[web.RouteDef]:
        one = PATH + "/{guid}"
        return [
            self._gate.route("POST", PATH, "add task", self._add),
            self._gate.route("GET", one, "task", self._get),
            self._gate.route("PATCH", one, "change task", self._change),
            self._gate.route("DELETE", one, "delete task", self._delete),
        ]

    def of(self, user: str) -> list[Task]:
        """A member's list, with what is done."""
        return [task for task in self.found.values() if user in task.assignees]

    def open_of(self, user: str, title: str) -> Task:
        """Raises ValueError."""
        for task in self.of(user):
            if title in task.summary and not task.is_done:
                return task
        raise ValueError(f"{user} 的任务清单里没有待完成的“{title}”")

    def tick(self, task: Task, user: str) -> None:
        task.ticks[user] = task.completed_at = self._milliseconds()

    async def _add(self, request: web.Request) -> web.Response:
        """The same client token gets the first task again."""
        self._pass("add")
        body = await json_body(request)
        token = body.get("client_token", "")
        if token and not SHORTEST_TOKEN <= len(str(token)) <= LONGEST_TOKEN:
            raise _bad("client_token must be of 10 to 100 characters")
        if token in self._made and self._made[token] in self.found:
            return self._answer(request, self.found[self._made[token]])
        task = Task(
            guid=str(uuid.uuid4()),
            summary=_summary(body),
            description=str(body.get("description", "")),
            due=_due(body.get("due")),
            assignees=self._assignees(request, body.get("members")),
        )
        if body.get("reminders") and task.due is None:
            raise _bad("reminders need a due")
        self.found[task.guid] = task
        self._made[str(token)] = task.guid
        return self._answer(request, task)

    async def _get(self, request: web.Request) -> web.Response:
        self._pass("get")
        return self._answer(request, self._task(request))

    async def _change(self, request: web.Request) -> web.Response:
        """What is listed is changed; listed and missing, it is cleared."""
        self._pass("change")
        task, body = self._task(request), await json_body(request)
        fields, told = body.get("update_fields"), body.get("task")
        if not isinstance(fields, list) or not fields or not isinstance(told, dict):
            raise _bad("update_fields and task are required")
        if unknown := set(fields) - CHANGEABLE:
            raise _bad(f"update_fields are not changeable: {sorted(unknown)}")
        if "summary" in fields:
            task.summary = _summary(told)
        if "description" in fields:
            task.description = str(told.get("description", ""))
        if "due" in fields:
            task.due = _due(told.get("due"))
        if "completed_at" in fields:
            done_at = told.get("completed_at", NOT_DONE)
            if done_at != NOT_DONE and task.is_done:
                raise _bad("the task is completed already")
            task.completed_at = _milliseconds_of(done_at)
        return self._answer(request, task)

    async def _delete(self, request: web.Request) -> web.Response:
        self._pass("delete")
        del self.found[self._task(request).guid]
        return web.json_response({"code": 0, "msg": "success", "data": {}})

    def _pass(self, api: str) -> None:
        self._gate.need_scope(TASK_SCOPE)
        self._limits.task(api, self._now())

    def _task(self, request: web.Request) -> Task:
        task = self.found.get(request.match_info["guid"])
        if task is None:
            raise ApiError(errors.NO_SUCH_TASK, "the task is not found or deleted", status=404)
        return task

    def _assignees(self, request: web.Request, members: Any) -> list[str]:
        if not isinstance(members, list) or len(members) > MOST_MEMBERS:
            raise _bad(f"members: at most {MOST_MEMBERS}")
        id_type = request.query.get("user_id_type", "open_id")
        return [
            self._directory.chat(id_type, str(one.get("id")))
            for one in members
            if one.get("type", "user") == "user" and one.get("role") == "assignee"
        ]

    def _answer(self, request: web.Request, task: Task) -> web.Response:
        id_type = request.query.get("user_id_type", "open_id")
        ids = {one: self._directory.ids(one)[id_type] for one in task.assignees}
        told = {
            "guid": task.guid,
            "summary": task.summary,
            "description": task.description,
            "members": [{"id": i, "type": "user", "role": "assignee"} for i in ids.values()],
            "completed_at": task.completed_at,
            "status": "done" if task.is_done else "todo",
            "assignee_related": [
                {"id": i, "completed_at": task.ticks.get(one, NOT_DONE)} for one, i in ids.items()
            ],
            "url": f"https://applink.feishu.cn/client/todo/detail?guid={task.guid}",
        }
        due = {"due": task.due} if task.due else {}
        return web.json_response({"code": 0, "msg": "success", "data": {"task": told | due}})

    def _milliseconds(self) -> str:
        return str(int(self._now().timestamp() * 1000))


def _bad(why: str) -> ApiError:
    return ApiError(errors.BAD_TASK, f"invalid parameter: {why}")


def _summary(told: dict[str, Any]) -> str:
    summary = told.get("summary")
    if not isinstance(summary, str) or not 0 < len(summary) <= LONGEST_SUMMARY:
        raise _bad(f"summary must be of 1 to {LONGEST_SUMMARY} characters")
    return summary


def _due(told: Any) -> dict[str, Any] | None:
    if told is None:
        return None
    if not isinstance(told, dict):
        raise _bad("due is not an object")
    return {
        "timestamp": _milliseconds_of(told.get("timestamp")),
        "is_all_day": bool(told.get("is_all_day")),
    }


def _milliseconds_of(told: Any) -> str:
    """Seconds would be a day in 1970."""
    if told == NOT_DONE:
        return NOT_DONE
    if not isinstance(told, str) or not told.isdigit() or len(told) != len("1760014800000"):
        raise _bad("times are strings of milliseconds")
    return told
