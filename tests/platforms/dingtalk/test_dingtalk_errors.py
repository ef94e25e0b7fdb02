"""DingTalk's answers as our errors: the recorded ones and the whole table of codes."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.platforms.dingtalk.errors import (
    CODES,
    ENDINGS,
    AddressBanned,
    MonthUsedUp,
    ScopeMissing,
    StaleToken,
    problem,
)
from bot.platforms.protocol import PlatformError, RateLimited, Rejected, Unauthorized, Unreachable
from cards.model import Card
from tests.platforms.dingtalk.conftest import Stage

VECTORS = json.loads(
    (Path(__file__).parents[2] / "payloads/vectors/dingtalk.json").read_text(encoding="utf-8")
)
NOW = datetime(2026, 1, 31, 15, 59, tzinfo=UTC)
RECORDED: dict[str, tuple[type[PlatformError], float | None] | None] = {
    "token_ok": None,
    "token_bad_secret": (Unauthorized, None),
    "token_invalid": (StaleToken, None),
    "permission_missing": (ScopeMissing, None),
    "qps_app_api": (RateLimited, 1.0),
    "monthly_quota": (MonthUsedUp, 60.0),
    "ip_banned": (AddressBanned, 300.0),
    "group_send_ok": None,
    "group_send_too_fast": (RateLimited, 2.0),
    "oto_partial": None,
    "card_create_ok": None,
    "card_create_not_delivered": None,
    "card_deliver_ok": None,
    "card_update_ok": None,
    "session_webhook_ok": None,
    "session_webhook_expired": (Rejected, None),
    "custom_robot_bad_sign": (Rejected, None),
    "custom_robot_too_fast": (RateLimited, 600.0),
    "oapi_token_invalid": (StaleToken, None),
    "oapi_gateway_timeout": (Unreachable, None),
}


@pytest.mark.parametrize("case", VECTORS["openapi"]["cases"], ids=lambda case: case["name"])
def test_recorded_answers(case: dict[str, Any]) -> None:
    error = problem(case["status"], case["response"], now=NOW)
    expected = RECORDED[case["name"]]
    if expected is None:
        assert error is None
        return
    assert type(error) is expected[0]
    assert getattr(error, "retry_after", None) == expected[1]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"code": "anything"}, StaleToken),
        (400, {"Code": "invalidauthentication"}, StaleToken),
        (200, {"errcode": 42001}, StaleToken),
        (200, {"errcode": 88, "sub_code": "60011"}, ScopeMissing),
        (200, {"errcode": 88}, Unreachable),
        (200, {"errcode": -1}, Unreachable),
        (400, {"code": "system.busy"}, Unreachable),
        (502, None, Unreachable),
        (503, {"code": "ServiceUnavailable"}, Unreachable),
        (200, None, AddressBanned),
        (429, {"code": "slow down"}, RateLimited),
        (429, None, RateLimited),
        (403, {"code": "Forbidden.AccessDenied.QpsLimitForApi"}, RateLimited),
        (403, {"code": "Forbidden.AccessDenied.QpmLimitForAppkeyAndApi"}, RateLimited),
        (403, {"code": "Forbidden.AccessDenied.IpNotInWhiteList"}, ScopeMissing),
        (400, {"code": "param.contentUnsafe"}, Rejected),
        (400, {"code": "contain.forbidden.words"}, Rejected),
        (400, {"code": "staffId.notExisted"}, Rejected),
        (400, {}, Rejected),
    ],
)
def test_codes(status: int, body: Any, kind: type[PlatformError]) -> None:
    assert type(problem(status, body, now=NOW)) is kind


@pytest.mark.parametrize(
    ("wait", "seconds"), [(7, 420.0), (0, 300.0), ("7", 300.0), (None, 300.0), (10**9, 300.0)]
)
def test_a_ban_lasts_the_minutes_it_names(wait: object, seconds: float) -> None:
    error = problem(200, {"status": 1111, "wait": wait}, now=NOW)
    assert isinstance(error, AddressBanned)
    assert error.retry_after == seconds


def test_a_missing_scope_is_named() -> None:
    (case,) = (c for c in VECTORS["openapi"]["cases"] if c["name"] == "permission_missing")
    assert "Card.Instance.Write" in str(problem(403, case["response"], now=NOW))


SPELT = [*CODES, *(f"Forbidden.AccessDenied.{ending}" for ending in ENDINGS)]


@pytest.mark.parametrize("code", SPELT)
async def test_each_code_becomes_its_error_with_a_remedy(stage: Stage, code: str) -> None:
    meaning = CODES.get(code) or ENDINGS[code.rpartition(".")[2]]
    stage.server.faults.refuse(code, on="batchSend", times=2)
    with pytest.raises(PlatformError) as failed:
        await stage.adapter.send("dingtalk:chen", Card(text="在吗"), card_id="c0000000001a")
    assert type(failed.value) is meaning.kind
    assert f"处理：{meaning.remedy}" in str(failed.value)


async def test_ten_calls_at_once_fetch_one_token(stage: Stage) -> None:
    codes = [stage.server.robot.keep(b"x", "text/plain") for _ in range(10)]
    await asyncio.gather(*(stage.adapter.fetch(code) for code in codes))
    assert stage.server.door.called["/v1.0/oauth2/accessToken"] == 1
