"""The imitated company's departments and people, by the old API (获取部门列表, 查询用户详情)."""

import hashlib
from dataclasses import dataclass
from typing import Any

from bot.playground.world import World

CONTACT_SCOPE = "qyapi_get_department_list"
MEMBER_SCOPE = "qyapi_get_member"
ROOT = 1
SALES = 2


@dataclass(frozen=True, slots=True)
class Seat:
    """Where somebody sits."""

    departments: tuple[int, ...] = (SALES,)
    manager: str = ""
    active: bool = True


class Directory:
    """People of the world without a seat of their own are in the sales department."""

    def __init__(self, world: World) -> None:
        self.departments: dict[int, tuple[str, int]] = {SALES: ("销售部", ROOT)}
        """Name and the department above, by id."""
        self.seats: dict[str, Seat] = {}
        self._world = world

    def below(self, body: dict[str, Any]) -> dict[str, Any]:
        """Only one level; without `dept_id` that below the company."""
        above = body.get("dept_id", ROOT)
        if above != ROOT and above not in self.departments:
            return {"errcode": 60003, "errmsg": "部门不存在"}
        found = [
            {"dept_id": one, "name": name, "parent_id": parent}
            for one, (name, parent) in self.departments.items()
            if parent == above
        ]
        return _ok(found)

    def members(self, body: dict[str, Any]) -> dict[str, Any]:
        """Only those directly in it."""
        department = body.get("dept_id")
        if department != ROOT and department not in self.departments:
            return {"errcode": 60003, "errmsg": "部门不存在"}
        everybody = self._world.members.get("dingtalk", {})
        found = [user for user in everybody if department in self._seat(user).departments]
        return _ok({"userid_list": found})

    def person(self, body: dict[str, Any]) -> dict[str, Any]:
        member = self._world.members.get("dingtalk", {}).get(str(body.get("userid")))
        if member is None:
            return {"errcode": 33012, "errmsg": "无效的USERID"}
        seat = self._seat(member.id)
        told = {
            "userid": member.id,
            "unionid": union_id(member.id),
            "name": member.name,
            "dept_id_list": list(seat.departments),
            "active": seat.active,
        }
        return _ok(told | ({"manager_userid": seat.manager} if seat.manager else {}))

    def _seat(self, user: str) -> Seat:
        return self.seats.get(user, Seat())


def union_id(user: str) -> str:
    return hashlib.sha256(f"union {user}".encode()).hexdigest()[:20]


def _ok(result: Any) -> dict[str, Any]:
    return {"errcode": 0, "errmsg": "ok", "result": result}
