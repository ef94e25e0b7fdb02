"""How much DingTalk takes of one app. Rates per person or group are not published: their codes
(`errors.py`) are waited for."""

from datetime import timedelta

from bot.platforms.pace import Limit

LIMITS = (Limit("api", 20, timedelta(seconds=1), "计费模型说明: per app and API"),)
