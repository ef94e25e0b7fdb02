"""How Feishu's API says no: codes and bodies as in "通用错误码" and the pages of the calls."""

import secrets

from aiohttp import web

TOO_FAST = 99991400
BLOCKED_IP = 99991401
MONTH_USED_UP = 99991403
NO_TOKEN = 99991661
BAD_TOKEN = 99991663
NO_SCOPE = 99991672
NO_SUCH_OPEN_ID = 99992351
NO_SUCH_MESSAGE = 99992354
NO_SUCH_CHAT = 99992356
NO_SUCH_USER_ID = 99992360
NO_SUCH_UNION_ID = 99992364
BAD_FIELD = 99992402
BAD_SECRET = 10014
INTERNAL = 55001
BAD_PARAMETER = 230001
BOT_NOT_IN_GROUP = 230002
RECALLED = 230011
NOT_THE_SENDER = 230012
NO_SUCH_THREAD = 230019
TOO_FREQUENT = 230020
TOO_MANY_URGENT = 230023
TOO_LONG = 230025
NO_PERMISSION = 230027
DLP = 230028
TOO_OLD = 230031
NO_THREADS_HERE = 230071
CARD_FAILED = 230099
FOREIGN_KEY = 234003
BAD_TASK = 1470400
NO_SUCH_TASK = 1470404


class ApiError(Exception):
    """An error answer. `retry_after` in seconds goes into the rate-limit header."""

    def __init__(
        self, code: int, message: str, *, status: int = 400, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.retry_after = retry_after

    def response(self) -> web.Response:
        log_id = new_log_id()
        headers = {"X-Tt-Logid": log_id}
        if self.retry_after is not None:
            headers["x-ogw-ratelimit-limit"] = "50"
            headers["x-ogw-ratelimit-reset"] = f"{self.retry_after:g}"
        body = {
            "code": self.code,
            "msg": str(self),
            "error": {
                "log_id": log_id,
                "troubleshooter": f"排查建议查看: https://open.feishu.cn/search?log_id={log_id}",
            },
        }
        return web.json_response(body, status=self.status, headers=headers)


def bad_field(name: str, why: str) -> ApiError:
    return ApiError(BAD_FIELD, f"field validation failed: {name} {why}")


def new_log_id() -> str:
    return secrets.token_hex(16).upper()
