"""WeCom's server, imitated on the wire."""

from bot.playground.wecom.server import WeComServer

__all__ = ["WeComServer"]
