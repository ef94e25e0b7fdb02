"""A card as WeCom's smart robot sends it: less room than an app's card has, and longer messages."""

import re

from cards.model import Card
from cards.render.wecom import Rendered, render
from cards.render.wecom_text import ROBOT, Message, split

MESSAGE_BYTES = 20480
"""D101031."""

_COLOUR = re.compile(r"</?font\b[^>]*>")


def render_for_robot(card: Card, card_id: str, *, editing: bool = False) -> Rendered:
    """Robots send markdown and no plain text, and no page of theirs knows colours. Raises
    ValueError, as `render` does."""
    rendered = render(card, card_id, editing=editing, room=ROBOT)
    return Rendered(_messages(rendered.messages), rendered.card)


def _messages(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    text = "".join(one[one["msgtype"]]["content"] for one in messages)
    return split("markdown", _COLOUR.sub("", text), MESSAGE_BYTES)
