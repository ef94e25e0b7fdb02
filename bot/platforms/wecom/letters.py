"""Words for one customer, as a task that a member confirms on his phone (企业群发, D92135).

Records and results of tasks are D93338's, stopping one is D97611's.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.platforms.protocol import Rejected

Post = Callable[[str, Mapping[str, Any]], Awaitable[dict[str, Any]]]
TEXT_BYTES = 4000
STATES = {0: "waiting", 1: "sent", 2: "gone", 3: "used_up"}
"""`status` of a customer in a task: not yet, sent, no contact of the member, enough this month."""
PAGES, PAGE = 3, 100
SKEW = timedelta(minutes=1)
"""By which the platform's clock may be behind ours."""
BY_COMPANY = 0
"""`filter_type` of records: those that an API made, none that a member made by himself."""


async def hand_over(
    post: Post,
    member: str,
    external_id: str,
    text: str,
    *,
    between: tuple[datetime, datetime],
    known: Collection[str],
) -> dict[str, Any]:
    """`task`: the platform's id. The call has no idempotency key: one that an earlier try made
    `between` those moments is looked for first; `known` are tasks from before.

    A sender without customers would mean all of his customers.
    """
    if not (member and external_id):
        raise Rejected("a letter needs one sender and one customer", code="receiver")
    if len(text.encode()) > TEXT_BYTES:
        raise Rejected(f"a letter has at most {TEXT_BYTES} bytes", code="too long")
    made = await _made_before(post, member, external_id, text, between, known)
    if made:
        return {"task": made}
    body = {
        "chat_type": "single",
        "external_userid": [external_id],
        "sender": member,
        "text": {"content": text},
    }
    answer = await post("externalcontact/add_msg_template", body)
    if external_id in (answer.get("fail_list") or ()):
        told = "add_msg_template: the customer is in fail_list。处理：客户可能已不是你的好友"
        raise Rejected(told, code="fail_list")
    return {"task": str(answer["msgid"])}


async def look_after(post: Post, member: str, external_id: str, task: str) -> dict[str, Any]:
    """`state`: waiting, sent, gone or used_up; with the Unix second `at` when sent."""
    found = await _entry(post, member, external_id, task)
    if found is None:
        return {"state": "waiting"}
    state = STATES.get(int(found.get("status", 0)), "waiting")
    return {"state": state, "at": int(found.get("send_time") or 0)}


async def stop(post: Post, member: str, external_id: str, task: str) -> dict[str, Any]:
    """What was sent already stays sent: the answer says so."""
    await post("externalcontact/cancel_groupmsg_send", {"msgid": task})
    return await look_after(post, member, external_id, task)


async def _made_before(
    post: Post,
    member: str,
    external_id: str,
    text: str,
    between: tuple[datetime, datetime],
    known: Collection[str],
) -> str:
    since, until = between
    asked: dict[str, Any] = {
        "chat_type": "single",
        "start_time": int((since - SKEW).timestamp()),
        "end_time": int((until + SKEW).timestamp()),
        "filter_type": BY_COMPANY,
        "limit": PAGE,
    }
    for _ in range(PAGES):
        told = await post("externalcontact/get_groupmsg_list_v2", asked)
        for record in told.get("group_msg_list") or ():
            task = str(record.get("msgid", ""))
            alike = (record.get("text") or {}).get("content") == text and task not in known
            if alike and await _entry(post, member, external_id, task) is not None:
                return task
        asked["cursor"] = told.get("next_cursor") or ""
        if not asked["cursor"]:
            break
    return ""


async def _entry(post: Post, member: str, external_id: str, task: str) -> dict[str, Any] | None:
    body = {"msgid": task, "userid": member, "limit": PAGE}
    told = await post("externalcontact/get_groupmsg_send_result", body)
    entries = told.get("send_list") or ()
    return next((one for one in entries if one.get("external_userid") == external_id), None)
