"""Slow calls about customers: their details, channel codes, tags, links and our own people."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.platforms.protocol import (
    CustomerDesk,
    KeepsCustomers,
    Platform,
    Rejected,
    Unauthorized,
)
from bot.runtime.jobs import Call

NO_CONTACTS = ("84061", "40096")
"""The customer is no contact of that member any more: there is nobody to put a tag on."""
WITHOUT_APP = "没有接企业微信的自建应用（WECOM__CORP_ID 等五项），做不了这件事"


def customer_calls(platforms: Mapping[str, Platform], *, write_tags: bool) -> dict[str, Call]:
    """What each job's name means; tags are written back only where that is wanted."""

    def desk(name: str = "wecom") -> CustomerDesk:
        platform = platforms.get(name)
        if not isinstance(platform, KeepsCustomers):
            raise Rejected(WITHOUT_APP, code="no app")
        return platform.desk

    async def contact_details(data: dict[str, str]) -> dict[str, Any]:
        name, _, external_id = data["address"].partition(":")
        if name not in platforms:
            raise Rejected(f"no platform {name!r} is configured")
        return await platforms[name].contact(external_id)

    async def open_channel(data: dict[str, str]) -> dict[str, Any]:
        members = json.loads(data["members"])
        return await desk().open_channel(
            data["state"], data["called"], members, asks=bool(data["asks"])
        )

    async def change_channel(data: dict[str, str]) -> dict[str, Any]:
        members, asks = json.loads(data["members"]), bool(data["asks"])
        await desk().change_channel(
            data["config_id"], data["state"], data["called"], members, asks=asks
        )
        return {}

    async def close_channel(data: dict[str, str]) -> dict[str, Any]:
        await desk().close_channel(data["config_id"])
        return {}

    async def tags(data: dict[str, str]) -> dict[str, Any]:
        add, remove = json.loads(data["add"]), json.loads(data["remove"])
        name, _, external_id = data["address"].partition(":")
        try:
            await desk(name).write_tags(data["member"], external_id, add, remove)
        except Rejected as refusal:
            if refusal.code not in NO_CONTACTS:
                raise
            return {"gone": True}
        return {}

    async def link(data: dict[str, str]) -> dict[str, Any]:
        return await desk(data["platform"]).link(data["link"], data["chat_key"])

    async def colleague(data: dict[str, str]) -> dict[str, Any]:
        return await desk(data["member"].partition(":")[0]).colleague(data["member"])

    async def hand_over_letter(data: dict[str, str]) -> dict[str, Any]:
        """A right that is missing does not come within minutes: it is an answer as well."""
        name, _, external_id = data["address"].partition(":")
        since, known = datetime.fromisoformat(data["since"]), json.loads(data["known"])
        try:
            return await desk(name).hand_over(
                data["member"], external_id, data["text"], since=since, known=known
            )
        except Unauthorized as refusal:
            return {"not_granted": str(refusal)}

    async def look_after_letter(data: dict[str, str]) -> dict[str, Any]:
        name, _, external_id = data["address"].partition(":")
        return await desk(name).look_after(data["member"], external_id, data["task"])

    async def stop_letter(data: dict[str, str]) -> dict[str, Any]:
        name, _, external_id = data["address"].partition(":")
        return await desk(name).stop(data["member"], external_id, data["task"])

    calls: dict[str, Call] = {
        "contact.details": contact_details,
        "channel.open": open_channel,
        "channel.change": change_channel,
        "channel.close": close_channel,
        "letter.hand_over": hand_over_letter,
        "letter.look": look_after_letter,
        "letter.stop": stop_letter,
        "link.details": link,
        "colleague.details": colleague,
    }
    return {**calls, "tags.write": tags} if write_tags else calls
