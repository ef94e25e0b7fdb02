"""The session webhooks that came with messages: a way to answer that costs no API call.

They are the second choice. What goes this way gets no id (a quotation of it cannot be tied to
anything), cannot be a card with buttons that call back, cannot be edited, and may count against
the smaller allowance of Webhook & Stream, without which the bot hears nothing (机器人回复/发送消息,
计费模型说明). So they answer only when the month's API calls are used up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.platforms.dingtalk.parse import GROUP
from bot.platforms.protocol import Now
from cards.render.dingtalk import Message
from config.schema import DingTalkSettings

SPARE = timedelta(minutes=5)
LONGEST = timedelta(minutes=90)
REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class Session:
    url: str = field(repr=False)
    """Whoever has it can write to the chat."""
    until: datetime


class Sessions:
    """The latest webhook of each chat, in this process."""

    def __init__(self, settings: DingTalkSettings, now: Now) -> None:
        self._start = settings.oapi_url.rstrip("/") + "/robot/sendBySession?"
        self._now = now
        self._sessions: dict[str, Session] = {}

    def remember(self, body: Mapping[str, Any]) -> None:
        """Of a robot message. Over HTTP nobody signed it: what leads elsewhere is not kept."""
        url, until = body.get("sessionWebhook"), _moment(body.get("sessionWebhookExpiredTime"))
        in_group = body.get("conversationType") == GROUP
        chat = body.get("conversationId") if in_group else body.get("senderStaffId")
        if not (isinstance(url, str) and isinstance(chat, str) and until):
            return
        if not url.startswith(self._start):
            return
        self._sessions.pop(chat, None)
        self._sessions[chat] = Session(url, min(until, self._now() + LONGEST) - SPARE)
        if len(self._sessions) > REMEMBERED:
            del self._sessions[next(iter(self._sessions))]

    def url(self, chat: str) -> str:
        """Empty when none lives."""
        session = self._sessions.get(chat)
        return session.url if session is not None and self._now() < session.until else ""

    def forget(self, chat: str) -> None:
        self._sessions.pop(chat, None)


def session_body(message: Message) -> dict[str, Any]:
    """A robot message as a session takes it: the same words, other names."""
    param = dict(message.param)
    if message.key == "sampleText":
        return {"msgtype": "text", "text": param}
    if message.key == "sampleMarkdown":
        return {"msgtype": "markdown", "markdown": param}
    if message.key == "sampleActionCard":
        return {"msgtype": "actionCard", "actionCard": param}
    count = sum(name.startswith("actionTitle") for name in param)
    buttons = [
        {"title": param[f"actionTitle{n}"], "actionURL": param[f"actionURL{n}"]}
        for n in range(1, count + 1)
    ]
    words = {"title": param["title"], "text": param["text"]}
    return {
        "msgtype": "actionCard",
        "actionCard": {**words, "btnOrientation": "0", "btns": buttons},
    }


def _moment(milliseconds: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
