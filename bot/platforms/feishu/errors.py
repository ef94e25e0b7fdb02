"""Feishu's error codes as our small family of errors ("通用错误码" and the pages of the calls)."""

from bot.platforms.meaning import Meaning
from bot.platforms.protocol import PlatformError, RateLimited, Rejected, Unauthorized, Unreachable


class TokenExpired(Unauthorized):
    """The token was refused; a fresh one may help, once."""


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

CODES: dict[int, Meaning] = {
    **dict.fromkeys(
        (99991661, 99991663, 99991664, 99991665, 99991668), Meaning(TokenExpired, _KEYS)
    ),
    **dict.fromkeys((99991400, 230020, 232019, 11232), Meaning(RateLimited, _LATER, 1.0)),
    230049: Meaning(Unreachable, "这条还在发送，会自动再试"),
    99991401: Meaning(Unauthorized, _IP),
    99991671: Meaning(Unauthorized, _KEYS),
    **dict.fromkeys((99991672, 230027), Meaning(Unauthorized, _SCOPE)),
    99991673: Meaning(Unauthorized, _INSTALLED),
    99992361: Meaning(Unauthorized, "这个人的账号是另一个应用的，请让本人重新发“绑定”"),
    230006: Meaning(Unauthorized, _BOT),
    99991403: Meaning(Rejected, "本月接口调用已用完：升级飞书版本，或等下个月"),
    **dict.fromkeys(
        (99992351, 99992352, 99992353, 99992355, 99992356, 99992359, 99992360, 99992364),
        Meaning(Rejected, _GONE),
    ),
    **dict.fromkeys((230013, 230029), Meaning(Rejected, _RANGE)),
    **dict.fromkeys((230002, 230018, 230035), Meaning(Rejected, _GROUP)),
    230053: Meaning(Rejected, "此人关掉了机器人的消息，请他在会话设置里打开"),
    230038: Meaning(Rejected, "对方在别的企业，飞书不许机器人单聊"),
    **dict.fromkeys((230022, 230028), Meaning(Rejected, _WORDS)),
    230054: Meaning(Rejected, "这个群不收卡片，会改发文字"),
    **dict.fromkeys((230031, 230011, 230110, 230111), Meaning(Rejected, _NEW_CARD)),
    **dict.fromkeys((99992402, 230001, 230025, 230034, 230099), Meaning(Rejected, _OURS)),
}
_UNKNOWN = Meaning(Rejected, "在飞书开放平台搜这个错误码，或凭 log id 问飞书客服")


def error(code: int, text: str, *, seconds: float | None = None) -> PlatformError:
    """`seconds`: Feishu's own waiting time."""
    return CODES.get(code, _UNKNOWN).error(text, str(code), seconds=seconds)
