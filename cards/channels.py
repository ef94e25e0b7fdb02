"""Channel codes: made, shown and stopped in the chat."""

from collections.abc import Sequence
from dataclasses import dataclass

from cards.model import Button, Card, Field

HOW = "渠道码 展会A 张伟 李娜"
MOST_LISTED = 20


@dataclass(frozen=True, slots=True)
class ChannelView:
    """A code with the names of who receives its customers, and how many came."""

    name: str
    members: Sequence[str]
    picture_url: str
    leads: int


def channel_card(view: ChannelView, *, news: str = "") -> Card:
    return Card(
        title=f"渠道码：{view.name}",
        subtitle=news,
        tone="good" if news else "info",
        text="打开二维码，存成图片，印到展位、名片或海报上。扫码加好友的客户自动成为线索，"
        f"渠道写“{view.name}”。",
        fields=(
            Field("接待", "、".join(view.members)),
            Field("线索", f"{view.leads} 条"),
            Field("二维码", "点开看图", url=view.picture_url),
        ),
        notes=(f"换人：渠道码 {view.name} 新的名字；停用：停用渠道码 {view.name}",),
        buttons=(Button("打开二维码", url=view.picture_url, style="primary"),),
    )


def list_card(views: Sequence[ChannelView]) -> Card:
    if not views:
        return Card(text=f"还没有渠道码。这样建一个：{HOW}")
    lines = [f"**{v.name}** {v.leads} 条线索 · {'、'.join(v.members)}" for v in views[:MOST_LISTED]]
    more = len(views) - MOST_LISTED
    if more > 0:
        lines.append(f"……还有 {more} 个")
    return Card(
        title=f"{len(views)} 个渠道码",
        text="\n".join(lines),
        notes=("看二维码：渠道码 名字；停用：停用渠道码 名字",),
    )


def making_card(name: str) -> Card:
    return Card(text=f"正在请企业微信做“{name}”的渠道码……")


def stopped_card(name: str) -> Card:
    return Card(text=f"渠道码“{name}”已停用，再扫没有反应；已有的线索照旧。")


def failed_card(what: str, name: str, reason: str) -> Card:
    told, _, remedy = reason.partition("处理：")
    return Card(
        title=f"{what}没成：{name}",
        tone="bad",
        text=told.strip("。 "),
        fields=(Field("处理", remedy),) if remedy else (),
    )


def not_allowed_card() -> Card:
    return Card(text="渠道码由主管和管理员建。请他们发：" + HOW)


def unknown_card(name: str) -> Card:
    return Card(text=f"没有叫“{name}”的渠道码。发“渠道码”看全部；新建要写上接待的人：{HOW}")


def too_long_card(most: int) -> Card:
    return Card(text=f"名字最多 {most} 个字，短一点再发一次：{HOW}")


def nobody_card(name: str) -> Card:
    return Card(text=f"没找到“{name}”，或者有人重名。写绑定过企业微信的同事的全名：{HOW}")


def not_in_wecom_card(name: str) -> Card:
    return Card(text=f"{name}还没绑定企业微信，扫码的客户没人接。请{name}先在企业微信里发“绑定”。")


def not_your_team_card(name: str) -> Card:
    return Card(text=f"{name}不在你的团队里，请{name}的主管或管理员来建。")


def too_many_card(most: int) -> Card:
    return Card(text=f"一个渠道码最多 {most} 个人接待，分成几个码吧。")
