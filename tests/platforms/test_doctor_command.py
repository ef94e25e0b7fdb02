"""`python main.py doctor` as one starts it: what it prints and how it ends."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlmodel import Session

import main
from bot.clock import Clock
from bot.playground.dingtalk import DingTalkServer
from bot.playground.world import World
from commands.doctor import counted, examine
from commands.opening import open_database
from config.schema import DingTalkSettings
from config.settings import Settings
from storage import quotas

SECRET = "a-secret-that-nobody-may-see"


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """In an empty folder; afterwards nothing logs to what pytest has closed."""
    monkeypatch.chdir(tmp_path)
    yield
    structlog.reset_defaults()


@pytest.fixture
def nobody_listens() -> Iterator[str]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch, nobody_listens: str) -> None:
    for name, value in {
        "WECOM__CORP_ID": "ww0001",
        "WECOM__AGENT_ID": "1000001",
        "WECOM__SECRET": SECRET,
        "WECOM__TOKEN": "atoken",
        "WECOM__AES_KEY": "6qkdMrq68nTKduznJYO1A37W2oEgpkMUvkttRToqhUt",
        "WECOM__API_URL": nobody_listens,
        "DINGTALK__CLIENT_ID": "ding0001",
        "DINGTALK__CLIENT_SECRET": SECRET,
        "DINGTALK__API_URL": nobody_listens,
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("configured")
def test_each_failure_comes_with_the_place_to_mend_it(
    capsys: pytest.CaptureFixture[str], nobody_listens: str
) -> None:
    assert main.main(["doctor", "--address", nobody_listens]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "企业微信"
    assert lines[1].startswith("  ✗ 连接：连不上")
    assert lines[2].startswith("      打开：")
    assert lines[3].startswith("      改成：")
    assert "钉钉" in lines
    assert "飞书" not in lines
    assert SECRET not in "\n".join(lines)


@pytest.mark.usefixtures("configured")
def test_programs_read_it_as_json(capsys: pytest.CaptureFixture[str], nobody_listens: str) -> None:
    assert main.main(["doctor", "--json", "--address", nobody_listens]) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    assert list(told["platforms"]) == ["wecom", "dingtalk"]
    first = told["platforms"]["dingtalk"][0]
    assert (first["key"], first["state"]) == ("reach", "failed")
    assert {"name", "told", "page", "change"} <= first.keys()


def test_without_a_platform_there_is_nobody_to_examine(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main.main(["doctor"]) == 2
    assert "no platform is configured" in capsys.readouterr().err


async def test_a_healthy_platform_ends_with_status_0(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    server = DingTalkServer(World(clock), clock)
    app = web.Application()
    app.add_routes(server.routes())
    async with TestServer(app) as listening:
        dingtalk: DingTalkSettings = server.settings(str(listening.make_url("/")))
        settings = Settings(dingtalk=dingtalk)
        called = main.doctors(settings, clock, "")
        assert await examine(settings, called, as_json=False) == 0
        await server.stop()
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith("  ✓ ") for line in lines[1:])


@pytest.mark.usefixtures("configured")
def test_a_test_card_needs_somebody_to_press_it(
    capsys: pytest.CaptureFixture[str], nobody_listens: str
) -> None:
    assert main.main(["doctor", "--card", "谁", "--address", nobody_listens]) == 2
    told = capsys.readouterr().err
    assert "doctor --card 谁" in told
    assert "invite 谁" in told


def test_what_was_used_is_read_only_where_something_was(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    now = Clock()()
    assert counted(settings, now, "feishu") is None
    db = open_database(settings)
    with Session(db.engine) as session:
        quotas.spend(session, "feishu", "calls", now)
        session.commit()
    assert counted(settings, now, "feishu") == 1
