"""K15: departments and people of the imitated company, read within its limits."""

import pytest

from bot.platforms.dingtalk.contacts import Contacts, read_directory
from bot.platforms.dingtalk.errors import ScopeMissing
from bot.platforms.dingtalk.limits import LIMITS
from bot.platforms.directory import (
    MOST_DEPARTMENTS,
    MOST_PEOPLE,
    TRIES,
    Colleague,
    Department,
    below,
)
from bot.platforms.pace import Pace
from bot.platforms.protocol import RateLimited, Rejected
from bot.playground.dingtalk.directory import MEMBER_SCOPE, Seat
from bot.playground.world import Member
from tests.platforms.dingtalk.conftest import Metered, Stage

LISTSUB = "topapi/v2/department/listsub"


@pytest.fixture
def company(door: Stage) -> Stage:
    """Sales with two groups; the director leads the leaders."""
    directory = door.server.directory
    directory.departments = {
        2: ("销售部", 1),
        3: ("华东组", 2),
        4: ("华南组", 2),
        5: ("财务部", 1),
    }
    people = {
        "boss": Seat((1,)),
        "wang": Seat((2,), manager="boss"),
        "chen": Seat((3,), manager="wang"),
        "sun": Seat((3, 4), manager="wang"),
        "gone": Seat((4,), active=False),
        "cash": Seat((5,)),
    }
    for user, seat in people.items():
        door.world.join("dingtalk", Member(user, f"名-{user}"))
        directory.seats[user] = seat
    return door


async def read(stage: Stage, name: str = "") -> tuple[list[Department], list[Colleague]]:
    return await read_directory(stage.adapter._settings, stage.clock, name)


async def test_the_whole_company_is_read_from_the_top(company: Stage, metered: Metered) -> None:
    departments, colleagues = await read(company)
    assert [(one.id, one.parent) for one in departments] == [(2, 1), (5, 1), (3, 2), (4, 2)]
    assert {(one.address, one.department) for one in colleagues} == {
        ("dingtalk:boss", 1),
        ("dingtalk:wang", 2),
        ("dingtalk:chen", 3),
        ("dingtalk:sun", 3),
        ("dingtalk:cash", 5),
    }
    assert colleagues[0] == Colleague("dingtalk:boss", "名-boss", 1)
    assert metered.used["calls"] == company.server.quota.calls.total() == 0


async def test_one_department_is_read_with_all_below_it(company: Stage) -> None:
    departments, colleagues = await read(company, "销售部")
    assert [one.name for one in departments] == ["销售部", "华东组", "华南组"]
    assert [one.address for one in colleagues] == ["dingtalk:wang", "dingtalk:chen", "dingtalk:sun"]
    assert colleagues[1].manager == "dingtalk:wang"
    assert await read(company, "没有这个部") == ([], [])


def test_two_departments_of_one_name_are_not_guessed_between() -> None:
    twice = [Department(2, "销售部", 1), Department(3, "销售部", 1)]
    assert below(twice, "销售部") == []


async def test_more_than_a_second_allows_is_waited_for(company: Stage) -> None:
    waits: list[float] = []

    async def pause(seconds: float) -> None:
        waits.append(seconds)

    busy = {"errcode": 90018, "errmsg": "QPS 限流"}
    company.server.faults.answer(busy, status=200, headers={"Retry-After": "3"}, on=LISTSUB)
    client = company.adapter._client
    found = Contacts(client, company.clock, Pace(LIMITS), pause=pause)
    assert len(await found.departments()) == 4
    assert waits == [3.0]
    for _ in range(TRIES):
        company.server.faults.answer(busy, status=200, on=LISTSUB)
    with pytest.raises(RateLimited):
        await found.departments()
    assert len(waits) == TRIES


async def test_somebody_who_left_a_moment_ago_is_passed_over(company: Stage) -> None:
    left = {"errcode": 33012, "errmsg": "无效的USERID"}
    company.server.faults.answer(left, status=200, on="v2/user/get")
    _, colleagues = await read(company, "销售部")
    assert [one.address for one in colleagues] == ["dingtalk:chen", "dingtalk:sun"]


async def test_a_missing_permission_is_named(company: Stage) -> None:
    company.server.app.scopes.discard(MEMBER_SCOPE)
    with pytest.raises(ScopeMissing, match=MEMBER_SCOPE):
        await read(company)


async def test_a_stale_token_is_replaced(company: Stage) -> None:
    client = company.adapter._client
    await client.call_old("/topapi/v2/department/listsub", {"dept_id": 1})
    company.server.door.revoke_token()
    assert await client.call_old("/topapi/user/listid", {"dept_id": 2})
    assert company.server.door.called["/v1.0/oauth2/accessToken"] == 2


async def test_a_company_without_end_is_given_up(company: Stage) -> None:
    for number in range(MOST_PEOPLE + 1):
        company.world.join("dingtalk", Member(f"u{number}", "某人"))
    with pytest.raises(Rejected, match="权限范围"):
        await read(company, "销售部")
    for number in range(MOST_DEPARTMENTS):
        company.server.directory.departments[100 + number] = (f"部门 {number}", 1)
    with pytest.raises(Rejected, match=f"more than {MOST_DEPARTMENTS} departments"):
        await read(company)
