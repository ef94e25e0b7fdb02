"""How much WeCom takes of one smart robot."""

from datetime import timedelta

from bot.platforms.pace import Limit

LIMITS = (
    Limit("chat", 30, timedelta(minutes=1), "D101463: replies and pushes of a conversation"),
    Limit("chat", 1000, timedelta(hours=1), "D101463: replies and pushes of a conversation"),
)
