"""The smart robot's error codes as our small family of errors (D101463, D90313)."""

from bot.platforms.meaning import Meaning
from bot.platforms.protocol import PlatformError, RateLimited, Rejected, Unauthorized, Unreachable
from bot.platforms.wecom import errors

KEYS = (
    "核对 WECOM__ROBOT__BOT_ID 和 WECOM__ROBOT__SECRET（管理后台 → 智能机器人 → API 模式 → 长连接）"
)
_MEET = "请此人先给机器人发一句话，群里先 @ 机器人一次，它才能主动发消息"
_LATE = "回答得太晚，会改发新消息"
_OURS = "这是程序的问题，请把这一行报给维护者"

CODES: dict[int, Meaning] = {
    -1: Meaning(Unreachable, "企业微信忙，会自动重试"),
    6000: Meaning(Unreachable, "企业微信忙，会自动重试"),
    45009: Meaning(RateLimited, "发得太频繁，等限制解除后自动继续", 60.0),
    **dict.fromkeys((40001, 93019, 853000), Meaning(Unauthorized, KEYS)),
    93006: Meaning(Rejected, _MEET),
    **dict.fromkeys((846605, 846608), Meaning(Rejected, _LATE)),
    **dict.fromkeys((40008, 40058, 846609), Meaning(Rejected, _OURS)),
}
"""93019 and 853000 (bot id, secret) are not on the pages; users of the robot report them."""


def error(code: int, text: str) -> PlatformError:
    meaning = CODES.get(code)
    return meaning.error(text, str(code)) if meaning else errors.error(code, text)
