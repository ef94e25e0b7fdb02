"""Imitated interactive cards: creating, delivering, updating, pressing, with the limits checked."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web

from bot.platforms.protocol import Now
from bot.playground.dingtalk.limits import Refusal
from bot.playground.world import Shown, World

CARD_SCOPE = "Card.Instance.Write"
ANSWER_TEMPLATE = "382e4302-551d-4880-bf29-a30acfab2e71.schema"
PUBLIC_TEMPLATES = frozenset(("1366a1eb-bc54-4859-ac88-517c56a9acb1.schema", ANSWER_TEMPLATE))
TELLS: Mapping[str, tuple[str, object]] = {
    "request": ("request", True),
    "callback": ("actionType", "callback"),
}
TRACK_ID_CHARACTERS = 100
KEY_BYTES = 100
VALUE_BYTES = 1024
CARD_BYTES = 100 * 1024
SPACE_ID_CHARACTERS = 1000
SPACE_MODELS = {
    "IM_GROUP": ("imGroupOpenSpaceModel", "imGroupOpenDeliverModel"),
    "IM_ROBOT": ("imRobotOpenSpaceModel", "imRobotOpenDeliverModel"),
}


@dataclass(slots=True)
class Instance:
    """A card's data, and the messages that show it."""

    track_id: str
    template: str
    public: dict[str, str]
    callback: str
    """`STREAM` or `HTTP`; with the latter `route_key` names a registered address."""
    route_key: str
    spaces: frozenset[str]
    private: dict[str, dict[str, str]] = field(default_factory=dict)
    shown: list[Shown] = field(default_factory=list)

    def payload(self) -> dict[str, Any]:
        return {
            "cardTemplateId": self.template,
            "outTrackId": self.track_id,
            "cardParamMap": dict(self.public),
            "privateData": {user: dict(data) for user, data in self.private.items()},
        }

    def seen_by(self, user: str) -> dict[str, str]:
        """Private data win over public data."""
        return self.public | self.private.get(user, {})


class Cards:
    def __init__(self, client_id: str, world: World, now: Now) -> None:
        self.instances: dict[str, Instance] = {}
        self.templates = set(PUBLIC_TEMPLATES)
        self.press: Literal["request", "callback"] = "request"
        """What a button must hold to tell of a press; which of the two is not documented."""
        self.broken_spaces: set[str] = set()
        """People and groups to whom delivery fails inside an HTTP 200."""
        self._client_id = client_id
        self._world = world
        self._now = now

    async def create_and_deliver(
        self, request: web.Request, body: dict[str, Any]
    ) -> web.StreamResponse:
        instance = self._create(body)
        results = self._deliver(instance, body)
        result = {"outTrackId": instance.track_id, "deliverResults": results}
        return web.json_response({"success": True, "result": result})

    async def create(self, _: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        return web.json_response({"success": True, "result": self._create(body).track_id})

    async def deliver(self, _: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        results = self._deliver(self._instance(body), body)
        return web.json_response({"success": True, "result": results})

    async def update(self, _: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        """For everybody; what one person's answer had changed is overwritten."""
        instance = self._instance(body)
        data = _param_map(body.get("cardData"))
        by_key = (body.get("cardUpdateOptions") or {}).get("updateCardDataByKey") is True
        instance.public = instance.public | data if by_key else data
        instance.private = {}
        _check_whole(instance.public)
        for shown in instance.shown:
            self._world.change(shown, instance.payload())
        return web.json_response({"success": True, "result": True})

    def _create(self, body: dict[str, Any]) -> Instance:
        track_id = body.get("outTrackId")
        if not isinstance(track_id, str) or not 0 < len(track_id) <= TRACK_ID_CHARACTERS:
            raise Refusal("invalidParameter.outTrackId", "outTrackId 最长 100 个字符")
        if track_id in self.instances:
            raise Refusal("param.cardAlreadyExist", "卡片已存在")
        if body.get("cardTemplateId") not in self.templates:
            raise Refusal("param.templateNotExist", "卡片模板不存在")
        data = _param_map(body.get("cardData"))
        _check_whole(data)
        spaces = frozenset(kind for kind, (model, _) in SPACE_MODELS.items() if model in body)
        instance = Instance(
            track_id,
            body["cardTemplateId"],
            data,
            callback=str(body.get("callbackType", "")),
            route_key=str(body.get("callbackRouteKey", "")),
            spaces=spaces,
        )
        self.instances[track_id] = instance
        return instance

    def _instance(self, body: dict[str, Any]) -> Instance:
        instance = self.instances.get(str(body.get("outTrackId")))
        if instance is None:
            raise Refusal("param.cardNotExist", "卡片不存在")
        return instance

    # Delivering --------------------------------------------------------------------------

    def _deliver(self, instance: Instance, body: dict[str, Any]) -> list[dict[str, Any]]:
        spaces = body.get("openSpaceId")
        if not isinstance(spaces, str) or len(spaces) > SPACE_ID_CHARACTERS:
            raise Refusal("invalidParameter.openSpaceId", "openSpaceId 最长 1000 个字符")
        head, _, places = spaces.partition("//")
        if head != "dtv1.card" or not places:
            raise Refusal("invalidParameter.openSpaceId", "应为 dtv1.card//<场域>.<id>")
        return [self._deliver_to(instance, place, body) for place in places.split(";")]

    def _deliver_to(self, instance: Instance, place: str, body: dict[str, Any]) -> dict[str, Any]:
        kind, _, chat = place.partition(".")
        result: dict[str, Any] = {"spaceType": kind, "spaceId": chat}
        if reason := self._why_not(instance, kind, chat, body):
            return result | {"success": False, "errorMsg": reason}
        carrier = secrets.token_urlsafe(24)
        shown = Shown(carrier, "dingtalk", chat, "bot", "card", instance.payload(), self._now())
        instance.shown.append(self._world.show(shown))
        return result | {"success": True, "carrierId": carrier}

    def _why_not(self, instance: Instance, kind: str, chat: str, body: dict[str, Any]) -> str:
        if kind not in SPACE_MODELS or kind not in instance.spaces:
            return "SPACE_NOT_OPEN"
        model = body.get(SPACE_MODELS[kind][1])
        if not isinstance(model, Mapping):
            return "DELIVER_MODEL_MISSING"
        if kind == "IM_GROUP" and model.get("robotCode") != self._client_id:
            return "ROBOT_NOT_IN_GROUP"
        known = chat.startswith("cid") if kind == "IM_GROUP" else self._is_member(chat)
        return "" if known and chat not in self.broken_spaces else "SYSTEM_ERROR"

    def _is_member(self, user: str) -> bool:
        return user in self._world.members.get("dingtalk", {})

    # Pressing ----------------------------------------------------------------------------

    def button(self, instance: Instance, user: str, action_id: str) -> dict[str, Any] | None:
        """The button this person sees and may press."""
        raw = instance.seen_by(user).get("sys_full_json_obj", "{}")
        full = json.loads(raw)
        if instance.template == ANSWER_TEMPLATE and instance.public.get("flowStatus") != "3":
            return None  # it still shows 处理中
        key, value = TELLS[self.press]
        pressable = (b for b in full.get("msgButtons", []) if b.get(key) == value)
        return next((b for b in pressable if b.get("id") == action_id), None)

    def apply(self, instance: Instance, user: str, response: Any) -> None:
        """An answer to a click changes the card only for the person who clicked."""
        if not isinstance(response, Mapping):
            return
        changes: dict[str, str] = {}
        for part in ("cardData", "userPrivateData"):
            if response.get(part):
                changes |= _param_map(response[part])
        if changes:
            instance.private[user] = instance.private.get(user, {}) | changes
            for shown in instance.shown:
                self._world.change(shown, instance.payload())


def _param_map(data: Any) -> dict[str, str]:
    found = data.get("cardParamMap") if isinstance(data, Mapping) else None
    if not isinstance(found, dict):
        raise Refusal("invalidParameter.cardData", "缺少 cardParamMap")
    for key, value in found.items():
        if not isinstance(value, str):
            raise Refusal("MissingStringValue", f"cardParamMap.{key} 应为字符串")
        if len(key.encode()) > KEY_BYTES or len(value.encode()) > VALUE_BYTES:
            raise Refusal("invalidParameter.cardData", f"cardParamMap.{key} 超过长度限制")
    return found


def _check_whole(data: dict[str, str]) -> None:
    if sum(len(key.encode()) + len(value.encode()) for key, value in data.items()) > CARD_BYTES:
        raise Refusal("invalidParameter.cardData", "卡片数据超过 100 KB")
    try:
        full = json.loads(data.get("sys_full_json_obj", "{}"))
    except ValueError:
        raise Refusal("invalidParameter.cardData", "sys_full_json_obj 不是 JSON") from None
    if not isinstance(full, dict) or not isinstance(full.get("msgButtons", []), list):
        raise Refusal("invalidParameter.cardData", "sys_full_json_obj 的形状不对")
