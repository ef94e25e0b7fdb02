"""How much WeCom takes of one app."""

from datetime import timedelta

from bot.platforms.pace import Limit

LIMITS = (
    Limit("person", 30, timedelta(minutes=1), "D90236: beyond it messages vanish without an error"),
    Limit("person", 1000, timedelta(hours=1), "D90236: beyond it messages vanish without an error"),
    Limit("api", 10_000, timedelta(minutes=1), "D90454: per enterprise and API"),
    Limit("api", 150_000, timedelta(hours=1), "D90454: per enterprise and API"),
)
