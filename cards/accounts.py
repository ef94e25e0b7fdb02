"""Who somebody is, in which IM."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cards import words
from cards.actions import PreferAccount, RemoveAccount
from cards.model import Button, Card, Field
from cards.refusals import IMS

HOW_TO_ADD = "再加一个IM：在这里发“绑定”拿六位码，到那边发“绑定 六位码”"


@dataclass(frozen=True, slots=True)
class AccountView:
    """One account; `seen` is local."""

    service: str
    seen: datetime
    preferred: bool
    here: bool
    """It is the one that speaks."""


def stranger_card() -> Card:
    return Card(
        text="我还不认识这个账号，所以先不处理。\n"
        "已在别的IM用过我：在那边发“绑定”拿六位码，再到这里发“绑定 六位码”。\n"
        "第一次用：请管理员给你一个六位码。"
    )


def code_card(code: str, minutes: int) -> Card:
    return Card(
        text=f"你的绑定码：**{code}**\n{minutes} 分钟内，用另一个IM给我发“绑定 {code}”。\n"
        "别转发，谁发了这个码，谁就成了你。"
    )


def bound_card(name: str, *, first: bool) -> Card:
    if first:
        return Card(text=f"绑定好了，{name}。以后有进展，一句话告诉我就行；看用法发“帮助”。")
    return Card(
        text=f"绑定好了，{name}。以后在哪个IM说都一样，提醒发到你最近用的那个；"
        "想固定发到一处，发“我的账号”。"
    )


def new_account_card(person_id: int, service: str) -> Card:
    """To the accounts that were there before."""
    name = IMS.get(service, service)
    return Card(
        title=f"你的{name}账号已绑定",
        text="是你就不用管。不是你？发“解绑”，或者点下面。",
        buttons=(_remove(person_id, service, "不是我，解绑"),),
    )


def bound_already_card(name: str, service: str) -> Card:
    return Card(
        text=f"这个账号已经是{name}的，没有改动；码还能用。\n"
        "再加一个IM：到那个IM里给我发“绑定 六位码”。\n"
        f"这个账号要换成别人：先在这里发“解绑 {IMS.get(service, service)}”，再绑定。"
    )


def not_in_groups_card(*, is_void: bool) -> Card:
    void = "这个码大家都看见了，已作废。" if is_void else ""
    return Card(text=f"{void}绑定请到单聊里发，别让群里的人看到六位码。")


def accounts_card(person_id: int, views: Sequence[AccountView], *, news: str = "") -> Card:
    """我的账号, in the order in which they are written to."""
    chosen = [view.service for view in views if view.preferred]
    place = "选定的那个，发不出去再试别的" if chosen else "最近用的那个"
    services = list(dict.fromkeys(view.service for view in views)) if len(views) > 1 else []
    buttons = [_prefer(person_id, service) for service in services if service not in chosen]
    if chosen:
        typed = "以后发到 最近用的"
        buttons.append(Button("发到最近用的", PreferAccount(person_id, ""), typed=typed))
    buttons += [_remove(person_id, service) for service in services]
    return Card(
        title=news or f"你的账号：{len(views)} 个",
        tone="good" if news else "neutral",
        fields=tuple(Field(IMS.get(view.service, view.service), _use(view)) for view in views),
        notes=(f"任务、提醒、日报发到{place}；你问的，在哪问就在哪答", HOW_TO_ADD),
        buttons=tuple(buttons),
    )


def _use(view: AccountView) -> str:
    told = [f"最近用 {words.moment(view.seen)}"]
    if view.here:
        told.insert(0, "就是这里")
    if view.preferred:
        told.append("通知发到这里")
    return " · ".join(told)


def _prefer(person_id: int, service: str) -> Button:
    name = IMS.get(service, service)
    return Button(f"发到{name}", PreferAccount(person_id, service), typed=f"以后发到 {name}")


def _remove(person_id: int, service: str, text: str = "") -> Button:
    name = IMS.get(service, service)
    action = RemoveAccount(person_id, service)
    return Button(text or f"解绑{name}", action, style="danger", typed=f"解绑 {name}")


def prefers(service: str) -> str:
    """What has just been chosen."""
    return f"好，以后发到{IMS.get(service, service)}" if service else "好，以后发到你最近用的那个"


def removed(service: str) -> str:
    return f"{IMS.get(service, service)}已解绑"


def goodbye_card(service: str) -> Card:
    """To the account that is nobody's any more."""
    name = IMS.get(service, service)
    return Card(
        text=f"这个{name}账号已解绑，我不再往这里发。要再用：拿新的六位码，发“绑定 六位码”。"
    )


def not_bound_card(service: str) -> Card:
    name = IMS.get(service, service)
    return Card(text=f"你还没绑定{name}。在这里发“绑定”拿六位码，到{name}里给我发“绑定 六位码”。")


def last_account_card(service: str) -> Card:
    name = IMS.get(service, service)
    return Card(
        text=f"{name}是你最后一个账号，没有解绑：解了就收不到提醒，再来要请管理员给码。\n"
        f"真要解，发“解绑 {name} 确认”。"
    )


def too_fresh_card(hours: int) -> Card:
    return Card(
        text=f"这个账号绑定还不到 {hours} 小时，不能解绑更早的账号，没有改动。\n"
        "请在早先绑定的那个IM里发，或者过后再来。"
    )


def not_your_accounts_card() -> Card:
    return Card(text="这张卡是别人的账号，没有改动。看自己的，发“我的账号”。")


def wrong_code_card() -> Card:
    return Card(text="这个码不对或已过期。请在已绑定的IM里再发一次“绑定”，拿新的六位码。")


def too_many_card() -> Card:
    return Card(text="试错太多次了，一小时后再来；急的话请管理员给新码。")
