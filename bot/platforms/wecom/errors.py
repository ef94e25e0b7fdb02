"""WeCom's error codes as our small family of errors (D90313)."""

from bot.platforms.meaning import Meaning
from bot.platforms.protocol import PlatformError, RateLimited, Rejected, Unauthorized, Unreachable


class TokenRefused(Unauthorized):
    """The platform no longer takes our token, or does not take our secret."""


_KEYS = "核对 WECOM__CORP_ID 和 WECOM__SECRET（管理后台 → 应用管理 → 该应用），应用停用也报此错"
_ENABLED = "到管理后台 → 应用管理查看应用是否停用、授权是否还在"
_GRANTED = "到管理后台给该应用开通这个接口的权限"
_IP = "把错误里的 IP 加进管理后台 → 应用管理 → 企业可信 IP，约一分钟生效"
_AGENT = "核对 WECOM__AGENT_ID 与 WECOM__SECRET 属于同一个应用"
_CUSTOMER = "到管理后台 → 客户联系，把此人加进使用范围，并允许该应用调用"
_GONE = "此人已离职或改了账号，请改绑：让本人重新发“绑定”"
_RANGE = "把此人加进应用的可见范围（管理后台 → 应用管理 → 可见范围）"
_OURS = "这是程序的问题，请把这一行报给维护者"
_WELCOME = "欢迎语只能在加上好友后 20 秒内发一次，无需处理"
_PERSON_SETUP = "请此人先激活企业微信并完成认证"

_CARD_RULES = tuple(code for code in range(42014, 42052) if code != 42022)
"""A template card that breaks a rule; the one in between is about logging in (D90313)."""

UNREACHED = {
    "invaliduser": f"{_RANGE}；{_GONE}",
    "unlicenseduser": "到管理后台给此人开通接口许可，并让他激活企业微信",
}
"""Where a success names who got nothing (D90236)."""

CODES: dict[int, Meaning] = {
    -1: Meaning(Unreachable, "企业微信忙，会自动重试"),
    6000: Meaning(Unreachable, "企业微信忙，会自动重试"),
    45009: Meaning(RateLimited, "调用太频繁，等限制解除后自动继续", 60.0),
    45033: Meaning(RateLimited, "同时调用太多，稍后自动继续", 5.0),
    41096: Meaning(RateLimited, "欢迎语正在发送，稍后自动再试", 1.0),
    **dict.fromkeys((40001, 40014, 41001, 42001), Meaning(TokenRefused, _KEYS)),
    **dict.fromkeys((40013, 41002, 41004), Meaning(Unauthorized, _KEYS)),
    **dict.fromkeys((40056, 40091, 301002), Meaning(Unauthorized, _AGENT)),
    **dict.fromkeys((48001, 48002), Meaning(Unauthorized, _GRANTED)),
    **dict.fromkeys((48004, 48006, 50003), Meaning(Unauthorized, _ENABLED)),
    **dict.fromkeys((60020, 301042), Meaning(Unauthorized, _IP)),
    84074: Meaning(Unauthorized, _CUSTOMER),
    **dict.fromkeys((84083, 84084, 84061), Meaning(Rejected, _CUSTOMER)),
    **dict.fromkeys((40003, 60111, 46004, 81013), Meaning(Rejected, _GONE)),
    **dict.fromkeys((50002, 60011, 60021, 81012), Meaning(Rejected, _RANGE)),
    **dict.fromkeys((40098, 41054), Meaning(Rejected, _PERSON_SETUP)),
    **dict.fromkeys((41050, 41051), Meaning(Rejected, _WELCOME)),
    41041: Meaning(Rejected, "一个渠道码最多 100 个人接待，分成几个码"),
    41048: Meaning(Rejected, "客户不是这位成员的好友，或这个月收的群发已满，请自己发"),
    41063: Meaning(RateLimited, "企业微信还在派发上一条群发，稍后自动再试", 60.0),
    41045: Meaning(Rejected, "渠道码已到上限，先停用不用的：停用渠道码 名字"),
    **dict.fromkeys((40068, 40071), Meaning(Rejected, "标签刚被人改过，会自动重新对一遍")),
    40007: Meaning(Rejected, "文件已过 3 天，请对方重发"),
    40096: Meaning(Rejected, "客户已不是此人的好友，无需处理"),
    **dict.fromkeys(
        (40008, 40033, 40035, 40058, 40063, 44004, 45002, 81017, *range(82001, 82005)),
        Meaning(Rejected, _OURS),
    ),
    **dict.fromkeys(_CARD_RULES, Meaning(Rejected, _OURS)),
    43012: Meaning(
        Rejected, "到管理后台 → 应用管理 → 该应用 → 接收消息，设置 API 接收，卡片的按钮才能用"
    ),
    701008: Meaning(Rejected, UNREACHED["unlicenseduser"]),
    830002: Meaning(Rejected, "文件超过 20 MB，请对方压缩或换成链接再发"),
    **dict.fromkeys((82101, 82102), Meaning(Rejected, "此人没有收到过这张卡片，会改发新卡")),
}
_UNKNOWN = Meaning(Rejected, "在企业微信开发者中心 → 全局错误码里查这个数字")


def error(code: int, text: str) -> PlatformError:
    return CODES.get(code, _UNKNOWN).error(text, str(code))
