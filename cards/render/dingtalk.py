"""A card as DingTalk draws it: the public button template, else an action card or text.

The public template (DingTalk's own SDK ships its id) shows a title, markdown, small print and
buttons. Limits: its data are text to text, each value at most 1 KB; a robot message is at most
15 000 bytes. What needs typing is said in words; what a card cannot hold comes back as `rest`.
"""

from dataclasses import dataclass
from typing import Any

from cards.model import Button, Card, Choice, DateInput, Field, Form, Input, TextInput
from cards.render.dingtalk_buttons import (
    PUBLIC,
    Look,
    as_many_as_fit,
    card_button,
    msg_buttons,
    option_buttons,
    options,
    spoken_link,
)
from cards.render.dingtalk_markdown import (
    LINE,
    escape,
    escape_keeping_bold,
    fit,
    has_bold,
    link,
    paragraphs,
    parts,
    size,
)
from cards.render.plain import BOLD
from cards.words import day

VALUE_BYTES = 1024
MESSAGE_BYTES = 15_000
ACTION_CARD_BUTTONS = 5
HEADLINE_CHARACTERS = 40
MARKS = {"good": "🟢 ", "warn": "🟡 ", "bad": "🔴 "}


@dataclass(frozen=True, slots=True)
class Rendered:
    """`instance` is what creating and updating a card have in common."""

    instance: dict[str, Any]
    rest: str = ""
    """Markdown that found no room in the card; it goes into messages after it."""


@dataclass(frozen=True, slots=True)
class Message:
    """A robot message: `msgKey` and `msgParam` of the sending calls."""

    key: str
    param: dict[str, str]


def render(card: Card, card_id: str, *, in_group: bool = False, look: Look = PUBLIC) -> Rendered:
    """The card for a template. In a group its words ask to mention the robot."""
    form = _open_form(card)
    own = _live_buttons(card)
    shown, left_out = as_many_as_fit(
        [card_button(b, in_group=in_group) for b in own],
        option_buttons(form, in_group=in_group) if form else [],
        VALUE_BYTES,
        look,
    )
    small_print = _small_print(card)
    in_tips = size(small_print) <= VALUE_BYTES
    body = [*_body(card), "" if in_tips else small_print]
    tail = [_questions(form, in_group=in_group, tappable=True), _outcome(card)]
    tail.append(_left_out([b["text"] for b in left_out], own, in_group=in_group))
    markdown, rest = fit(paragraphs(body), paragraphs(tail), VALUE_BYTES)
    data = _variables(_title(card), markdown, small_print if in_tips else "", look)
    data["sys_full_json_obj"] = msg_buttons(shown, look)
    instance = {"outTrackId": card_id, "userIdType": 1, "cardData": {"cardParamMap": data}}
    return Rendered(instance, rest)


def _variables(title: str, markdown: str, tips: str, look: Look) -> dict[str, str]:
    """A template of one's own has the variables of the public one. The template for answers shows
    "处理中" for ever unless it is told that the answer is complete."""
    if look.is_answer:
        told = {"msgTitle": title, "msgContent": markdown, "staticMsgContent": tips}
        return told | {"flowStatus": "3"}
    return {"title": title, "markdown": markdown, "tips": tips}


def render_messages(card: Card, *, in_group: bool = False) -> list[Message]:
    """Robot messages in place of a card: text when plain, else an action card whose buttons type
    the equivalent words for the person; the words stand in the text as well."""
    if card == Card(text=card.text) and not has_bold(card.text):
        return [Message("sampleText", {"content": part}) for part in _parts(card.text)]
    buttons = _live_buttons(card)
    heading = f"#### {escape(_title(card))}" if card.title else ""
    blocks = [heading, *_body(card), _small_print(card)]
    blocks.append(_questions(_open_form(card), in_group=in_group, tappable=False))
    blocks.append(LINE.join(_spoken(b, in_group=in_group) for b in buttons))
    blocks.append(_outcome(card))
    linked = [b for b in buttons if b.url or b.typed]
    blocks.append(LINE.join(_tap(b) for b in linked[ACTION_CARD_BUTTONS:]))
    *before, last = render_rest(card, paragraphs(blocks))
    return [*before, _action_card(last, linked[:ACTION_CARD_BUTTONS])]


def render_rest(card: Card, markdown: str) -> list[Message]:
    """Markdown of a card as messages, each within the limit."""
    title = headline(card)
    return [Message("sampleMarkdown", {"title": title, "text": p}) for p in _parts(markdown)]


def headline(card: Card) -> str:
    """The one line that a notification and the list of chats show."""
    words = BOLD.sub(r"\1", card.title or card.subtitle or card.text or card.quote)
    return words.strip().partition("\n")[0][:HEADLINE_CHARACTERS] or "消息"


def _parts(text: str) -> list[str]:
    """Leaves a fifth of a message for its title and the links of its buttons."""
    return parts(text, MESSAGE_BYTES * 4 // 5)


def _action_card(message: Message, buttons: list[Button]) -> Message:
    if not buttons:
        return message
    if len(buttons) == 1:
        only = {"singleTitle": buttons[0].text, "singleURL": _url(buttons[0])}
        return Message("sampleActionCard", message.param | only)
    param = dict(message.param)
    for number, button in enumerate(buttons, start=1):
        param |= {f"actionTitle{number}": button.text, f"actionURL{number}": _url(button)}
    return Message(f"sampleActionCard{len(buttons)}", param)


# What is alive ---------------------------------------------------------------------------


def _live_buttons(card: Card) -> list[Button]:
    """A settled card keeps only what opens a page."""
    return [b for b in card.buttons if b.url or (b.action and not card.closed)]


def _open_form(card: Card) -> Form | None:
    return None if card.closed else card.form


# Words -----------------------------------------------------------------------------------


def _title(card: Card) -> str:
    title = MARKS.get(card.tone, "") + card.title if card.title else ""
    return title if size(title) <= VALUE_BYTES else headline(card)


def _body(card: Card) -> list[str]:
    long_title = "" if _title(card).endswith(card.title) else escape(card.title)
    quote = escape(card.quote).split(LINE) if card.quote else []
    return [
        long_title,
        escape(card.subtitle),
        escape_keeping_bold(card.text),
        LINE.join(_fact(f) for f in card.fields),
        "  \n".join(f"> {line}" for line in quote),
    ]


def _fact(fact: Field) -> str:
    value = link(fact.value, fact.url) if fact.url else escape(fact.value)
    change = f"{escape(fact.was)} → " if fact.was else ""
    return f"**{escape(fact.name)}**：{change}{value}"


def _small_print(card: Card) -> str:
    return LINE.join(escape(note) for note in card.notes)


def _outcome(card: Card) -> str:
    return f"**{escape(card.replace)}**" if card.replace else ""


def _questions(form: Form | None, *, in_group: bool, tappable: bool) -> str:
    if form is None:
        return ""
    lines = [_question(i, in_group=in_group, tappable=tappable) for i in form.inputs]
    told = {i.typed for i in form.inputs if not isinstance(i, Choice)}
    if form.submit.typed and form.submit.typed not in told:
        lines.append(_spoken(form.submit, in_group=in_group))
    return LINE.join(lines)


def _question(question: Input, *, in_group: bool, tappable: bool) -> str:
    words = [_ask(question, tappable=tappable)]
    if chosen := _chosen(question):
        words.append(f"现在是 {chosen}")
    if not isinstance(question, Choice) and question.typed:
        words.append(_reply(question.typed, in_group=in_group))
    return f"**{escape(question.title)}**：" + "；".join(word for word in words if word)


def _ask(question: Input, *, tappable: bool) -> str:
    if isinstance(question, TextInput):
        return escape(question.hint)
    if options(question) and tappable:
        return "点按钮选一个"
    if isinstance(question, DateInput):
        return "、".join(text for _, text in options(question))
    offered = "、".join(escape(o.text) for o in question.options)
    return f"可多选 {offered}" if question.many else offered


def _chosen(question: Input) -> str:
    if isinstance(question, Choice):
        return "、".join(escape(o.text) for o in question.options if o.id in question.selected)
    if isinstance(question, DateInput) and question.selected:
        return day(question.selected)
    return ""


def _reply(typed: str, *, in_group: bool) -> str:
    """In a group the robot only hears messages that mention it."""
    return f"{'@我并回复' if in_group else '回复'}「{escape(typed)}」"


def _spoken(button: Button, *, in_group: bool) -> str:
    if button.typed:
        return f"{escape(button.text)}：{_reply(button.typed, in_group=in_group)}"
    return link(button.text, button.url) if button.url else escape(button.text)


def _left_out(texts: list[str], own: list[Button], *, in_group: bool) -> str:
    """What found no room as a button keeps its words."""
    spoken = {b.text: _spoken(b, in_group=in_group) for b in own}
    words = [spoken.get(text, escape(text)) for text in texts]
    return LINE.join(["还可以选：", *words]) if words else ""


def _url(button: Button) -> str:
    return button.url or spoken_link(button.typed)


def _tap(button: Button) -> str:
    return link(button.text, _url(button))
