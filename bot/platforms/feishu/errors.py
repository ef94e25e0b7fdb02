"""Feishu's error codes as our small family of errors ("通用错误码" and the pages of the calls)."""

import re

from bot.platforms.meaning import Meaning
from bot.platforms.protocol import (
    PlatformError,
    RateLimited,
    Rejected,
    TaskGone,
    Unauthorized,
    Unreachable,
)


class TokenExpired(Unauthorized):
    """The token was refused; a fresh one may help, once."""


class MonthUsedUp(Rejected):
    """Nothing is left of the month's API calls."""


_KEYS = "核对 FEISHU__APP_ID 和 FEISHU__APP_SECRET（开发者后台 → 凭证与基础信息）"
_SCOPE = "到开发者后台 → 权限管理开通错误里列出的权限，再发布一个版本"
_INSTALLED = "到开发者后台 → 版本管理与发布，发布应用并由管理员通过"
_BOT = "到开发者后台 → 应用能力，打开机器人"
_IP = "到开发者后台 → 安全设置，把本机的出口 IP 加进白名单"
_RANGE = "把此人加进应用的可用范围；已离职的，把他的线索交给同事"
_GONE = "此人或群已不在，请改绑：让本人重新发“绑定”"
_GROUP = "把机器人重新加进群，并在群设置里允许它发言"
_WORDS = "内容被飞书或本企业的数据防泄漏规则拦下，请换个说法，去掉手机号、邮箱"
_OURS = "这是程序的问题，请把这一行（含 log id）报给维护者"
_LATER = "发得太快，稍后自动继续"
_NEW_CARD = "原卡片已不能改，会改发新卡"

_MASKED = "本企业的数据防泄漏规则不许出现手机号、邮箱：已遮住号码重发一次，仍被拦时请换个说法"
_URGENT = "加急没发出，消息已送达；要加急，请核对权限 im:message.urgent 和群设置"
_FILE = "这个文件取不到：请重新发一次，或改发文字"
_PLACE = "话题不在了，或这个群不支持话题：会改发到群里"

CODES: dict[int, Meaning] = {
    **dict.fromkeys(
        (99991661, 99991663, 99991664, 99991665, 99991668), Meaning(TokenExpired, _KEYS)
    ),
    **dict.fromkeys((99991400, 230020, 232019, 11232), Meaning(RateLimited, _LATER, 1.0)),
    230049: Meaning(Unreachable, "这条还在发送，会自动再试"),
    99991401: Meaning(Unauthorized, _IP),
    99991671: Meaning(Unauthorized, _KEYS),
    **dict.fromkeys((99991672, 230027), Meaning(Unauthorized, _SCOPE)),
    232033: Meaning(Unauthorized, "外部群要应用开通“对外共享能力”（企业须经飞书认证）"),
    99991673: Meaning(Unauthorized, _INSTALLED),
    99992361: Meaning(Unauthorized, "这个人的账号是另一个应用的，请让本人重新发“绑定”"),
    230006: Meaning(Unauthorized, _BOT),
    99991403: Meaning(
        MonthUsedUp,
        "本月接口调用已用完：升级飞书版本，或等下个月；已不限量的，设 FEISHU__CALLS_A_MONTH=0",
    ),
    **dict.fromkeys(
        (
            *(99992351, 99992352, 99992353, 99992354, 99992355, 99992356),
            *(99992359, 99992360, 99992363, 99992364, 232009),
        ),
        Meaning(Rejected, _GONE),
    ),
    **dict.fromkeys((230013, 230029), Meaning(Rejected, _RANGE)),
    **dict.fromkeys((230002, 230018, 230035), Meaning(Rejected, _GROUP)),
    230053: Meaning(Rejected, "此人关掉了机器人的消息，请他在会话设置里打开"),
    230038: Meaning(Rejected, "对方在别的企业，飞书不许机器人单聊"),
    230022: Meaning(Rejected, _WORDS),
    230028: Meaning(Rejected, _MASKED),
    230054: Meaning(Rejected, "这个群不收卡片，会改发文字"),
    **dict.fromkeys((230031, 230011, 230110, 230111), Meaning(Rejected, _NEW_CARD)),
    **dict.fromkeys((230019, 230071, 230072), Meaning(Rejected, _PLACE)),
    **dict.fromkeys((230012, 230052, 230098), Meaning(Rejected, _URGENT)),
    230023: Meaning(Rejected, "此人未读的加急已满 200 条：请他先读；消息本身已送达"),
    230024: Meaning(Rejected, "加急额度已用完：在管理后台加购；消息本身已送达"),
    **dict.fromkeys((230015, 230017, 230036, 230055, 230075), Meaning(Rejected, _FILE)),
    **dict.fromkeys((234003, 234009, 234037, 234038, 234040, 234043), Meaning(Rejected, _FILE)),
    234004: Meaning(Rejected, _GROUP),
    **dict.fromkeys((99992402, 230001, 230025, 230034, 230050, 230099), Meaning(Rejected, _OURS)),
}
CODES |= {
    1470403: Meaning(Rejected, "这条任务不是应用建的，或此人不在应用的可用范围：核对可用范围"),
    1470404: Meaning(TaskGone, "任务已被删除，无需处理"),
    1470400: Meaning(Rejected, _OURS),
    1470422: Meaning(Unreachable, "同一条任务正在建，会自动再试"),
    1470500: Meaning(Unreachable, "飞书任务一时出错，会自动再试；一直如此，核对此人是不是本企业的"),
}
_CALENDAR_GONE = "这个日程已不在日历里，无需处理"
CODES |= {
    **dict.fromkeys((190004, 190005, 190010), Meaning(RateLimited, _LATER, 1.0)),
    190003: Meaning(Unreachable, "飞书日历一时出错，会自动再试"),
    190007: Meaning(Unauthorized, _BOT),
    **dict.fromkeys((190002, 191001), Meaning(Rejected, _OURS)),
    **dict.fromkeys((193001, 193003), Meaning(Rejected, _CALENDAR_GONE)),
}
CARD_FAILED = 230099
BUILD: dict[int, str] = {
    100290: "卡片里 @ 的人不在本企业：让本人重新发“绑定”",
    200570: "卡片里的图片已失效",
    11310: "卡片太大（元素或表格太多）",
    200550: "卡片里的图表画不出来",
}
"""What 230099 hides in its text; the card goes as text in any case."""
_SUB_CODE = re.compile(r"ErrCode: ?(\d+)")
_UNKNOWN = Meaning(Rejected, "在飞书开放平台搜这个错误码，或凭 log id 问飞书客服")


def error(code: int, text: str, *, seconds: float | None = None) -> PlatformError:
    """`seconds`: Feishu's own waiting time."""
    meaning = CODES.get(code, _UNKNOWN)
    found = _SUB_CODE.search(text) if code == CARD_FAILED else None
    if found is not None and (remedy := BUILD.get(int(found[1]))):
        meaning = Meaning(Rejected, f"{remedy}；会改发文字")
    return meaning.error(text, str(code), seconds=seconds)
