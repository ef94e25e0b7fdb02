"""What administrators hear of the time in which nobody was connected to a platform.

What becomes of messages meanwhile: Feishu repeats an event after 15 s, 5 min, 1 h and 6 h, a click
never (事件订阅概述; whether it does with nobody connected is not documented). DingTalk does not
repeat robot messages (developerpedia, stream/protocol FAQ). WeCom's pages on the smart robot's long
connection (D101463) promise nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cards import words
from cards.model import Card

REPEATED = timedelta(hours=7)
"""For so long Feishu tries."""
LINES = {"feishu": "飞书长连接", "dingtalk": "钉钉长连接", "wecom": "企业微信机器人长连接"}
MEANWHILE = {
    "feishu": "这段时间发给机器人的消息，飞书一般会在 7 小时内补发；没有回应的请再发一次，"
    "点了没反应的按钮请再点一次。",
    "dingtalk": "这段时间发给机器人的消息和点的按钮，钉钉不会补发：请大家再发一次、再点一次。",
}
UNKNOWN = "这段时间发给机器人的消息不一定会补发：没有回应的请再发一次。"
TOO_LONG = "飞书只补发 7 小时以内的消息，更早的请大家再发一次；点了没反应的按钮请再点一次。"


@dataclass(frozen=True, slots=True)
class Outage:
    """In the team's zone."""

    platform: str
    since: datetime
    until: datetime


def offline_card(outages: Sequence[Outage], more: int, today: date) -> Card:
    """A line for each; `more` were too many to name."""
    lines = [_line(outage, today) for outage in outages]
    if more:
        lines.append(f"之前还断过 {more} 次，时间见日志（was_offline）。")
    return Card(text="\n".join(lines))


def _line(outage: Outage, today: date) -> str:
    name = LINES.get(outage.platform, outage.platform)
    meanwhile = MEANWHILE.get(outage.platform, UNKNOWN)
    if outage.platform == "feishu" and outage.until - outage.since > REPEATED:
        meanwhile = TOO_LONG
    return f"{name} {_span(outage, today)} 离线。{meanwhile}"


def _span(outage: Outage, today: date) -> str:
    """03:12–03:20, with the days unless both are today."""
    since, until = outage.since, outage.until
    if since.date() == until.date():
        began = f"{since:%H:%M}" if since.date() == today else words.moment(since)
        return f"{began}–{until:%H:%M}"
    return f"{words.moment(since)}–{words.moment(until)}"
