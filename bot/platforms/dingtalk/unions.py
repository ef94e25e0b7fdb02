"""The `unionId`s that calendars and todos call people by [查询用户详情]; contacts cost nothing of
the month."""

from bot.platforms.dingtalk.client import DingTalkClient
from bot.platforms.pace import Pace
from bot.platforms.protocol import Now, Rejected

PATH = "/topapi/v2/user/get"
REMEMBERED = 5000


class Unions:
    def __init__(self, client: DingTalkClient, now: Now, pace: Pace) -> None:
        self._client = client
        self._now = now
        self._pace = pace
        self._known: dict[str, str] = {}

    async def of(self, user: str) -> str:
        """Asked for once. Raises PlatformError."""
        if user not in self._known:
            self._pace.take(self._now(), api=PATH)
            told = (await self._client.call_old(PATH, {"userid": user})).get("result") or {}
            if not told.get("unionid"):
                raise Rejected(f"dingtalk tells no unionid of {user}", code="unionid")
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[user] = str(told["unionid"])
        return self._known[user]
