"""Words for a customer that an IM sends once our member confirms them."""

from dataclasses import dataclass, replace
from datetime import datetime

from cards import actions
from cards.model import Button, Card
from storage.models import Letter, LetterState

COPY = "引用的这段可以长按复制发给客户；你不发，客户看不到。"
OFFER = "点“发给客户”，再在手机上的企业微信里点一下发送，客户才收到；也可以长按复制自己发。"
WAITING = "已交给企业微信，等你在手机上确认：点开“群发助手”，按发送。你不按，客户看不到。"
ON_ITS_WAY = "正在交给企业微信，好了就告诉你。"
UNCONFIRMED = "还没在手机上确认，客户没收到：企业微信里点开“群发助手”，按发送；或者长按复制自己发。"
USED_UP = "没发出去：企业微信说这位客户本月次数用完，请复制发送。"
NO_FRIEND = "这位客户不是你的企业微信好友，请复制发送。"
NOT_GRANTED = "应用还没有这个权限，管理员已经知道了"
NO_FRIEND_ANY_MORE = "客户不是你的企业微信好友了"
NONE_LEFT = "客户本月次数用完"
"""Why words did not go out, for the rep."""
REMEDY = "处理："
LONGEST = 120


@dataclass(frozen=True, slots=True)
class LetterView:
    """What stands on the rep's card about the words; times are in the team's zone."""

    promise: int
    text: str
    can_send: bool
    letter: Letter | None = None
    """The latest of the promise."""
    sent_at: datetime | None = None
    """When the customer last got some."""
    insisted: bool = False
    """It waits for so long already that it has to be said."""

    @property
    def current(self) -> Letter | None:
        """The letter, if it says what holds now."""
        letter = self.letter
        holds = letter and letter.text == self.text and letter.state != LetterState.STOPPED
        return letter if holds else None


def with_letter(card: Card, view: LetterView) -> Card:
    """The card with words to copy, and what can be done with them or has become of them."""
    letter = view.current
    if letter is not None:
        card = replace(card, text=told(view, letter))
        return replace(card, tone="warn") if letter.state == LetterState.USED_UP else card
    if not view.can_send:
        return card
    told_before = f"客户 {view.sent_at:%H:%M} 收到的是旧的说法" if view.sent_at else ""
    return replace(
        card,
        text=OFFER,
        notes=(*card.notes, *([told_before] if told_before else ())),
        buttons=(
            *card.buttons,
            Button(
                "发给客户",
                actions.SendToCustomer(view.promise),
                style="primary",
                typed=f"发给客户 P{view.promise}",
            ),
        ),
    )


def told(view: LetterView, letter: Letter) -> str:
    match letter.state:
        case LetterState.ASKED:
            return ON_ITS_WAY
        case LetterState.SENT:
            return f"已发给客户 {view.sent_at:%H:%M}。" if view.sent_at else "已发给客户。"
        case LetterState.UNCONFIRMED:
            return UNCONFIRMED
        case LetterState.USED_UP:
            return USED_UP
        case LetterState.REFUSED:
            return f"没能交给企业微信：{letter.error[:LONGEST]}\n请复制发送。"
        case _:
            return UNCONFIRMED if view.insisted else WAITING


def already_card(view: LetterView, letter: Letter) -> Card:
    """It was asked for before."""
    return Card(text=f"不用再点一次。{told(view, letter)}")


def no_friend_card(text: str) -> Card:
    return Card(text=NO_FRIEND, quote=text)


def withdrawn_card(code: str, text: str) -> Card:
    return Card(
        text=f"{code} 变了，之前交给企业微信的那份作废。手机上还看得到的话，别点发送。", quote=text
    )


def too_late_card(code: str, text: str, at: datetime) -> Card:
    """It was confirmed before it could be stopped."""
    return Card(
        text=f"{code} 的旧说法客户 {at:%H:%M} 已经收到，请告诉他现在的。", tone="warn", quote=text
    )


def not_stopped_card(code: str) -> Card:
    return Card(text=f"企业微信没能撤下 {code} 旧的那份，手机上看到请别点发送。", tone="warn")


def not_granted_card(error: str) -> Card:
    """For administrators."""
    return Card(
        text=f"“发给客户”用不了：{error[:300]}\n"
        "在客户与上下游 → 客户联系 → API → 可调用接口的应用里选上这个应用，"
        "并给销售开通客户联系；没开通之前，请大家复制发送。"
    )
