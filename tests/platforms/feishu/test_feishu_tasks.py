"""Feishu's tasks: the adapter against the imitated server, and lark-oapi as a witness."""

import json
import warnings
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.events import TaskChanged
from bot.platforms.feishu.client import FeishuClient
from bot.platforms.feishu.parse import parse
from bot.platforms.protocol import KeepsTasks, RateLimited, Rejected, Task, TaskGone
from tests.asked import Asked
from tests.platforms.feishu.conftest import CHEN, LIN, Stage, until

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from lark_oapi import JSON
    from lark_oapi.api.task.v1 import P2TaskTaskUpdatedV1
    from lark_oapi.api.task.v2 import (
        CreateTaskRequest,
        DeleteTaskRequest,
        Due,
        GetTaskRequest,
        InputTask,
        Member,
        PatchTaskRequest,
        PatchTaskRequestBody,
    )
    from lark_oapi.core.model import BaseRequest

DUE = datetime(2024, 5, 8, 10, 0, tzinfo=UTC)
KEY = "0123456789abcdef" * 2
TASK = Task(KEY, "张总：样机", "P12", DUE)


class Listener(FeishuClient):
    """Notes what is asked, and asks it."""

    asked: list[Asked]

    async def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        body, params = options.get("body"), dict(options.get("params") or {})
        self.asked.append(Asked(method, path, params, body))
        return await super()._call(method, path, **options)


def by_sdk(request: BaseRequest) -> Asked:
    """What lark-oapi would put on the wire."""
    path = request.uri
    for name, value in request.paths.items():
        path = path.replace(f":{name}", value)
    body = None if request.body is None else json.loads(JSON.marshal(request.body))
    queries = {name: str(value) for name, value in request.queries}
    return Asked(request.http_method.name, path, queries, body)


def with_texts(value: Any) -> Any:
    """The SDK's types have times as numbers, the documents and their examples as strings [T1]."""
    if isinstance(value, dict):
        return {
            name: str(inner) if name in ("timestamp", "completed_at") else with_texts(inner)
            for name, inner in value.items()
        }
    return [with_texts(inner) for inner in value] if isinstance(value, list) else value


async def test_each_call_is_the_sdks(stage: Stage) -> None:
    client = Listener(stage.settings, stage.clock)
    client.asked = []
    await client.open()
    stage.bot.tasks._client = client
    try:
        guid = await stage.bot.tasks.add(LIN, TASK)
        await stage.bot.tasks.finish(LIN, guid, DUE)
        await stage.bot.tasks.is_done(LIN, guid)
        await stage.bot.tasks.drop(LIN, guid)
    finally:
        await client.close()
    milliseconds = int(DUE.timestamp() * 1000)
    member = Member.builder().id(LIN).type("user").role("assignee").build()
    due = Due.builder().timestamp(milliseconds).is_all_day(False).build()
    task = InputTask.builder().summary(TASK.title).description("P12").due(due).members([member])
    made = task.client_token(f"yinuo-{KEY}").extra(KEY).build()
    done = (
        PatchTaskRequestBody.builder()
        .task(InputTask.builder().completed_at(milliseconds).build())
        .update_fields(["completed_at"])
        .build()
    )
    wanted = [
        CreateTaskRequest.builder().user_id_type("open_id").request_body(made).build(),
        PatchTaskRequest.builder().task_guid(guid).user_id_type("open_id").request_body(done),
        GetTaskRequest.builder().task_guid(guid).user_id_type("open_id"),
        DeleteTaskRequest.builder().task_guid(guid),
    ]
    asked = [one if isinstance(one, BaseRequest) else one.build() for one in wanted]
    for ours, theirs in zip(client.asked, map(by_sdk, asked), strict=True):
        assert (ours.method, ours.path) == (theirs.method, theirs.path)
        assert with_texts(theirs.body) == ours.body


async def test_the_event_is_one_the_sdk_reads(stage: Stage) -> None:
    payload = stage.feishu.events.task("g-1", 5)
    told = JSON.unmarshal(json.dumps(payload), P2TaskTaskUpdatedV1)
    assert (told.event.task_id, told.event.obj_type) == ("g-1", 5)
    event = parse(payload)
    assert isinstance(event, TaskChanged)
    assert (event.task, event.change, event.sender) == ("feishu:g-1", "done", "")


@pytest.mark.parametrize(("obj_type", "change"), [(7, "deleted"), (1, None), (2, None), (6, None)])
async def test_only_completion_and_deletion_are_of_use(
    stage: Stage, obj_type: int, change: str | None
) -> None:
    event = parse(stage.feishu.events.task("g-1", obj_type))
    assert (event.change if isinstance(event, TaskChanged) else None) == change


async def test_a_tick_is_heard_on_either_transport(either: Stage) -> None:
    assert isinstance(either.bot, KeepsTasks)
    guid = await either.bot.tasks.add(LIN, TASK)
    assert not await either.bot.tasks.is_done(LIN, guid)
    await either.feishu.tick(LIN, "样机")
    await until(lambda: either.accepted)
    assert either.event.task == f"feishu:{guid}"
    assert await either.bot.tasks.is_done(LIN, guid)
    assert not await either.bot.tasks.is_done(CHEN, guid)


async def test_the_same_key_makes_one_task(stage: Stage) -> None:
    first = await stage.bot.tasks.add(LIN, TASK)
    assert await stage.bot.tasks.add(LIN, TASK) == first
    assert len(stage.feishu.tasks.of(LIN)) == 1


async def test_a_task_without_a_time_loses_the_one_it_had(stage: Stage) -> None:
    guid = await stage.bot.tasks.add(LIN, TASK)
    await stage.bot.tasks.move(LIN, guid, replace(TASK, due=None, title="张总：X2样机"))
    (task,) = stage.feishu.tasks.of(LIN)
    assert (task.summary, task.due) == ("张总：X2样机", None)


async def test_what_was_deleted_is_gone(stage: Stage) -> None:
    guid = await stage.bot.tasks.add(LIN, TASK)
    await stage.bot.tasks.drop(LIN, guid)
    with pytest.raises(TaskGone):
        await stage.bot.tasks.finish(LIN, guid, DUE)


async def test_nobody_gets_a_task_who_is_not_there(stage: Stage) -> None:
    with pytest.raises(Rejected, match="改绑"):
        await stage.bot.tasks.add("ou_nobody", TASK)


async def test_ten_a_second_and_no_more(stage: Stage) -> None:
    for number in range(10):
        await stage.bot.tasks.add(LIN, replace(TASK, key=f"{number:032x}"))
    before = stage.feishu.gate.calls["add task"]
    with pytest.raises(RateLimited):
        await stage.bot.tasks.add(LIN, TASK)
    assert stage.feishu.gate.calls["add task"] == before
