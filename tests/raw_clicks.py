"""Clicks that no client of the playground would send, signed and sealed as the platform does it:
on a card as it was once shown, or by somebody who was never shown it."""

from typing import Any

from bot.playground.press import Interaction
from bot.playground.wecom.callback import Tree
from bot.playground.world import Shown
from tests.conftest import Bot


async def send_click(bot: Bot, card: Shown, sent: Interaction, user: str) -> None:
    """`sent` is what `bot.playground.press.interaction` found on the card."""
    match card.platform:
        case "wecom" if bot.ground.wecom.robot.talk.owns(card.id):
            await _on_robot(bot, card, sent, user)
        case "wecom":
            await _on_app(bot, card, sent, user)
        case "feishu":
            feishu = bot.ground.feishu
            await feishu.pusher.callback(feishu.events.click(card, user, dict(sent)))
        case _:
            dingtalk = bot.ground.dingtalk
            instance = dingtalk.cards.instances[card.payload["outTrackId"]]
            pressed = {"cardPrivateData": {"actionIds": [sent["action_id"]], "params": {}}}
            body = dingtalk._click_body(user, card, instance, pressed)
            await dingtalk._tell_of_press(instance, body)
    await bot.loops.settle()


async def _on_app(bot: Bot, card: Shown, sent: Interaction, user: str) -> None:
    wecom = bot.ground.wecom
    task = wecom.messages.tasks[card.payload["task_id"]]
    fields: Tree = {
        "MsgType": "event",
        "Event": "template_card_event",
        "EventKey": str(sent["key"]),
        "TaskId": task.task_id,
        "CardType": str(card.payload["card_type"]),
        "ResponseCode": wecom.messages.new_code(task),
        "AgentID": wecom.agent_id,
    }
    assert await wecom.callbacks.deliver(wecom._document(user, fields))


async def _on_robot(bot: Bot, card: Shown, sent: Interaction, user: str) -> None:
    robot, task_id = bot.ground.wecom.robot, str(card.payload["task_id"])
    members = bot.ground.world.members["wecom"]
    pressed: dict[str, Any] = {
        "card_type": card.payload["card_type"],
        "event_key": sent["key"],
        "task_id": task_id,
    }
    event = {"eventtype": "template_card_event", "template_card_event": pressed}
    head = robot._head(user, "" if card.chat in members else card.chat)
    body = {**head, "msgtype": "event", "event": event}
    assert await robot._deliver("click", card.chat, body, task_id)
