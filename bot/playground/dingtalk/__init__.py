"""An imitation of DingTalk's servers, built from the protocol and not from our adapter."""

from bot.playground.dingtalk.limits import Limits
from bot.playground.dingtalk.server import DingTalkServer

__all__ = ["DingTalkServer", "Limits"]
