"""Feishu's servers, imitated on the wire."""

from bot.playground.feishu.server import FeishuServer

__all__ = ["FeishuServer"]
