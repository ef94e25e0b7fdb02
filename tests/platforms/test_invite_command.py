"""`python main.py invite --from dingtalk` as one starts it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlmodel import Session

import main
from bot.clock import Clock
from bot.playground.dingtalk import DingTalkServer
from bot.playground.dingtalk.directory import MEMBER_SCOPE, Seat
from bot.playground.world import Member, World
from commands.opening import open_database
from config.settings import Settings
from storage import people
from storage.models import Role


@pytest.fixture
def company(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[DingTalkServer]:
    """An imitated DingTalk that answers while the command runs, which has a loop of its own."""
    monkeypatch.chdir(tmp_path)
    clock = Clock()
    world = World(clock)
    server = DingTalkServer(world, clock)
    for user, name in (("wang", "王经理"), ("chen", "小陈"), ("cash", "小钱")):
        world.join("dingtalk", Member(user, name))
    server.directory.departments[5] = ("财务部", 1)
    server.directory.seats["chen"] = Seat(manager="wang")
    server.directory.seats["cash"] = Seat((5,))
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    app = web.Application()
    app.add_routes(server.routes())
    listening = TestServer(app)
    asyncio.run_coroutine_threadsafe(listening.start_server(), loop).result(5)
    settings = server.settings(str(listening.make_url("/")))
    monkeypatch.setenv("DINGTALK__CLIENT_ID", settings.client_id)
    monkeypatch.setenv("DINGTALK__CLIENT_SECRET", settings.client_secret.get_secret_value())
    monkeypatch.setenv("DINGTALK__API_URL", settings.api_url)
    monkeypatch.setenv("DINGTALK__OAPI_URL", settings.oapi_url)
    yield server
    asyncio.run_coroutine_threadsafe(listening.close(), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
    structlog.reset_defaults()


def roles() -> dict[str, Role]:
    found = {}
    with Session(open_database(Settings(_env_file=None)).engine) as session:
        for user in ("wang", "chen", "cash"):
            person = people.by_address(session, f"dingtalk:{user}")
            if person is not None:
                found[person.name] = person.role
    return found


@pytest.mark.usefixtures("company")
def test_K15_a_department_comes_with_its_team_and_its_leader(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for expected in ("新加 2 人（主管 1 位），原有 0 人", "新加 0 人（主管 0 位），原有 2 人"):
        assert main.main(["invite", "--from", "dingtalk", "--department", "销售部"]) == 0
        assert expected in capsys.readouterr().out
    assert roles() == {"王经理": Role.MANAGER, "小陈": Role.SALES}


@pytest.mark.usefixtures("company")
def test_a_namesake_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    main.main(["invite", "小陈"])
    main.main(["invite", "--from", "dingtalk", "--role", "delivery"])
    assert "小陈：已有同名的人" in capsys.readouterr().out
    assert roles() == {"王经理": Role.MANAGER, "小钱": Role.DELIVERY}


@pytest.mark.usefixtures("company")
def test_an_unknown_department_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["invite", "--from", "dingtalk", "--department", "售后部"]) == 2
    assert "invite --department 售后部" in capsys.readouterr().err


def test_a_missing_permission_is_told_with_its_remedy(
    company: DingTalkServer, capsys: pytest.CaptureFixture[str]
) -> None:
    company.app.scopes.discard(MEMBER_SCOPE)
    assert main.main(["invite", "--from", "dingtalk"]) == 2
    told = capsys.readouterr().err
    assert MEMBER_SCOPE in told
    assert "权限管理" in told


def test_without_dingtalk_nothing_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main.main(["invite", "--from", "dingtalk"]) == 2
    assert "set DINGTALK__*" in capsys.readouterr().err
    structlog.reset_defaults()
