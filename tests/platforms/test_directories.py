"""K15: departments become teams and people colleagues, from each company's own directory."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlmodel import Session, col, select

from bot.clock import Clock
from bot.platforms import directory as limits
from bot.platforms.directory import Department, Patience, from_the_top
from bot.platforms.pace import Pace
from bot.platforms.protocol import PlatformError, RateLimited, Rejected, Unauthorized
from bot.playground.dingtalk import DingTalkServer
from bot.playground.dingtalk import directory as dingtalk
from bot.playground.feishu import FeishuServer
from bot.playground.feishu import contacts as feishu
from bot.playground.feishu.gate import PERSON_SCOPE
from bot.playground.wecom import WeComServer
from bot.playground.wecom import directory as wecom
from bot.playground.world import Member, World
from commands.opening import open_database
from commands.people import enrol
from config.settings import BadSettings, Settings
from main import directory
from storage.models import Person, Role, Team

PEOPLE = {
    "boss": "老板",
    "wang": "王经理",
    "chen": "小陈",
    "sun": "小孙",
    "gone": "小离",
    "cash": "小钱",
}
NOW = datetime(2026, 1, 28, 2, 20, tzinfo=UTC)


@dataclass
class Company:
    """Sales with two groups, and finance, as one platform keeps them."""

    source: str
    server: Any
    settings: Settings

    async def read(self, name: str = "") -> tuple[Any, Any]:
        return await directory(self.settings, self.source)(Clock(NOW, frozen=True), name)

    async def enrol(self, department: str = "", role: str = "sales") -> None:
        read = directory(self.settings, self.source)
        await enrol(self.settings, self.source, read, department=department, role=role)

    def teams(self) -> dict[str, tuple[str, str]]:
        """Team → the team above, and who leads it."""
        with Session(open_database(self.settings).engine) as db:
            found = {team.id: team for team in db.exec(select(Team))}
            names = {person.id: person.name for person in db.exec(select(Person))}
            above = {t.id: found[t.parent_id].name if t.parent_id else "" for t in found.values()}
            return {t.name: (above[t.id], names.get(t.manager_id, "")) for t in found.values()}

    def people(self) -> dict[str, tuple[str, Role]]:
        with Session(open_database(self.settings).engine) as db:
            names = {team.id: team.name for team in db.exec(select(Team))}
            everybody = db.exec(select(Person).order_by(col(Person.id)))
            return {p.name: (names.get(p.team_id, ""), p.role) for p in everybody}


def in_wecom(world: World, clock: Clock) -> tuple[Any, str]:
    server = WeComServer(world, clock)
    seats = server.directory
    seats.departments_by_id |= {
        2: ("销售部", 1),
        3: ("华东组", 2),
        4: ("华南组", 2),
        5: ("财务部", 1),
    }
    seats.leaders = {2: "wang"}
    seats.seats = {
        "boss": wecom.Seat((1,)),
        "wang": wecom.Seat((2,), "boss"),
        "chen": wecom.Seat((3,), "wang"),
        "sun": wecom.Seat((4, 3), "wang"),
        "gone": wecom.Seat((4,), active=False),
        "cash": wecom.Seat((5,)),
    }
    return server, "/playground/wecom"


def in_feishu(world: World, clock: Clock) -> tuple[Any, str]:
    server = FeishuServer(world, clock, rate_limits=False)
    seats = server.contacts
    seats.departments = {
        "od-2": ("销售部", "0"),
        "od-3": ("华东组", "od-2"),
        "od-4": ("华南组", "od-2"),
        "od-5": ("财务部", "0"),
    }
    seats.leaders = {"od-2": "wang"}
    seats.seats = {
        "wang": feishu.Seat(("od-2",), "boss"),
        "chen": feishu.Seat(("od-3",), "wang"),
        "sun": feishu.Seat(("od-4", "od-3"), "wang"),
        "gone": feishu.Seat(("od-4",), active=False),
        "cash": feishu.Seat(("od-5",)),
    }
    return server, "/playground/feishu"


def in_dingtalk(world: World, clock: Clock) -> tuple[Any, str]:
    server = DingTalkServer(world, clock)
    seats = server.directory
    seats.departments |= {3: ("华东组", 2), 4: ("华南组", 2), 5: ("财务部", 1)}
    seats.seats = {
        "boss": dingtalk.Seat((1,)),
        "wang": dingtalk.Seat((2,), "boss"),
        "chen": dingtalk.Seat((3,), "wang"),
        "sun": dingtalk.Seat((4, 3), "wang"),
        "gone": dingtalk.Seat((4,), active=False),
        "cash": dingtalk.Seat((5,)),
    }
    return server, "/"


BUILDERS = {"wecom": in_wecom, "dingtalk": in_dingtalk, "feishu": in_feishu}


async def opened(source: str, tmp_path: Path) -> tuple[Company, TestServer]:
    clock = Clock(NOW, frozen=True)
    world = World(clock)
    for member, name in PEOPLE.items():
        world.join(source, Member(member, name))
    server, path = BUILDERS[source](world, clock)
    app = web.Application()
    app.add_routes(server.routes())
    listening = TestServer(app)
    await listening.start_server()
    configured: Any = {source: server.settings(str(listening.make_url(path)))}
    settings = Settings(data=tmp_path, _env_file=None, **configured)
    return Company(source, server, settings), listening


@pytest.fixture(params=list(BUILDERS))
async def company(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Company]:
    ready, listening = await opened(request.param, tmp_path)
    yield ready
    await ready.server.stop()
    await listening.close()


@pytest.fixture
async def in_range(tmp_path: Path) -> AsyncIterator[Company]:
    ready, listening = await opened("wecom", tmp_path)
    yield ready
    await ready.server.stop()
    await listening.close()


@pytest.fixture
async def tenant(tmp_path: Path) -> AsyncIterator[Company]:
    ready, listening = await opened("feishu", tmp_path)
    yield ready
    await ready.server.stop()
    await listening.close()


async def test_K15_departments_become_teams_with_who_leads_them(
    company: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    for told in ("新加 5 人", "新加 0 人（主管 0 位），原有 5 人"):
        await company.enrol()
        assert told in capsys.readouterr().out
    teams = company.teams()
    assert {name: above for name, (above, _) in teams.items()} == {
        "销售部": "",
        "华东组": "销售部",
        "华南组": "销售部",
        "财务部": "",
    }
    assert teams["华东组"][1] == "王经理"
    people = company.people()
    assert people["小陈"] == ("华东组", Role.SALES)
    assert people["王经理"] == ("销售部", Role.MANAGER)
    assert people["老板"][0] == "", "who belongs to the company itself is in no team"
    assert "小离" not in people


async def test_K15_one_department_comes_with_all_below_it(company: Company) -> None:
    await company.enrol("销售部")
    assert company.teams().keys() == {"销售部", "华东组", "华南组"}
    assert set(company.people()) == {"王经理", "小陈", "小孙"}


async def test_K15_an_unknown_department_is_told_with_its_remedy(company: Company) -> None:
    with pytest.raises(BadSettings, match=r"售后部.*Remedy"):
        await company.enrol("售后部")


@pytest.mark.parametrize("source", BUILDERS)
def test_K15_a_platform_that_is_not_configured_is_told(source: str, tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=f"--from {source}.*{source.upper()}__"):
        directory(Settings(data=tmp_path, _env_file=None), source)


# WeCom ------------------------------------------------------------------------------------


async def test_K15_wecom_shows_what_the_app_may_see(in_range: Company) -> None:
    in_range.server.directory.seen = {3, 4}
    departments, colleagues = await in_range.read()
    assert [(one.id, one.parent) for one in departments] == [(4, 2), (3, 2)]
    assert {one.address for one in colleagues} == {"wecom:chen", "wecom:sun"}


async def test_K15_wecom_refuses_with_its_remedy(in_range: Company) -> None:
    in_range.server.directory.visible = False
    with pytest.raises(Rejected, match="可见范围"):
        await in_range.read()
    in_range.server.gate.forbidden.add("department/list")
    with pytest.raises(Unauthorized, match="开通这个接口的权限"):
        await in_range.read()
    with pytest.raises(BadSettings, match=r"invite --from wecom.*开通这个接口的权限"):
        await in_range.enrol()


async def test_K15_wecom_with_a_robot_alone_has_no_directory(
    in_range: Company, tmp_path: Path
) -> None:
    in_range.server.use_robot("long")
    robot = in_range.server.settings("http://127.0.0.1:9/playground/wecom")
    with pytest.raises(BadSettings, match="self-built app"):
        directory(Settings(data=tmp_path, wecom=robot, _env_file=None), "wecom")


# Feishu -----------------------------------------------------------------------------------


async def test_K15_feishu_is_read_page_by_page(tenant: Company) -> None:
    for number in range(120):
        tenant.server.directory._world.join("feishu", Member(f"ou_{number}", f"同事{number}"))
    for number in range(60):
        tenant.server.contacts.departments[f"od-1{number:02}"] = (f"部门{number}", "od-5")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.platforms.feishu.contacts.LIMITS", ())
        departments, colleagues = await tenant.read()
    assert len(departments) == 64
    assert len(colleagues) == 5 + 120
    assert tenant.server.gate.charged == 0, "contacts cost none of the month's calls"


async def test_K15_feishu_refuses_with_its_remedy(tenant: Company) -> None:
    tenant.server.gate.scopes.discard(PERSON_SCOPE)
    with pytest.raises(Rejected, match=PERSON_SCOPE):
        await tenant.read()
    tenant.server.contacts.everybody = False
    with pytest.raises(Rejected, match="全部成员"):
        await tenant.read()
    tenant.server.gate.scopes.discard(feishu.DEPARTMENT_SCOPE)
    with pytest.raises(Unauthorized, match=feishu.DEPARTMENT_SCOPE):
        await tenant.read()


# Both -------------------------------------------------------------------------------------


async def test_K15_a_company_without_end_is_given_up(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = f"bot.platforms.{company.source}.contacts"
    monkeypatch.setattr(f"{module}.MOST_PEOPLE", 2)
    with pytest.raises(Rejected, match=r"more than 2 people.*处理"):
        await company.read()
    monkeypatch.setattr(f"{module}.MOST_DEPARTMENTS", 1)
    with pytest.raises(Rejected, match="more than 1 departments"):
        await company.read()


async def test_K15_too_often_is_waited_for_and_not_for_ever() -> None:
    waits: list[float] = []

    async def pause(seconds: float) -> None:
        waits.append(seconds)

    async def busy() -> None:
        raise RateLimited("busy", 3.0)

    patience = Patience(Clock(NOW, frozen=True), Pace(()), pause)
    with pytest.raises(PlatformError):
        await patience.ask("x", busy)
    assert waits == [3.0] * (limits.TRIES - 1)


def test_K15_departments_in_a_circle_are_left_out() -> None:
    circle = [Department(2, "甲", 3), Department(3, "乙", 2), Department(5, "丙", 4)]
    under = Department(6, "丁", 5)
    assert from_the_top([under, *circle]) == [circle[2], under]
