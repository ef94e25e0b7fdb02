"""Slow calls that write promises into people's own lists of tasks, and look what became of them."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from bot.platforms.protocol import KeepsTasks, Platform, Rejected, Task, TaskGone, TaskList
from bot.runtime.jobs import Call

IsLow = Callable[[str], bool]
"""Whether little is left of what a platform allows in this month."""


def task_calls(
    platforms: Mapping[str, Platform], wanted: Collection[str], is_low: IsLow
) -> dict[str, Call]:
    """One for each platform whose tasks are wanted: `task.feishu`."""
    return {f"task.write:{name}": partial(_do, platforms, is_low, name) for name in wanted}


async def _do(
    platforms: Mapping[str, Platform], is_low: IsLow, name: str, data: dict[str, str]
) -> dict[str, Any]:
    """Where little is left nothing new is written: the card in the chat says the same."""
    platform = platforms.get(name)
    if not isinstance(platform, KeepsTasks):
        raise Rejected(f"no platform {name!r} with tasks is configured")
    if data["verb"] == "add" and await asyncio.to_thread(is_low, name):
        return {"low": True}
    try:
        return await _ask(platform.tasks, data)
    except TaskGone:
        return {"gone": True}


async def _ask(tasks: TaskList, data: dict[str, str]) -> dict[str, Any]:
    person, task_id = (data[name].partition(":")[2] for name in ("address", "task"))
    due = datetime.fromisoformat(data["due"]) if data["due"] else None
    task = Task(data["key"], data["title"], data["about"], due)
    match data["verb"]:
        case "add":
            return {"id": await tasks.add(person, task)}
        case "move":
            await tasks.move(person, task_id, task)
        case "finish":
            await tasks.finish(person, task_id, datetime.fromisoformat(data["at"]))
        case "drop":
            await tasks.drop(person, task_id)
        case "look":
            return {"done": await tasks.is_done(person, task_id)}
    return {}
