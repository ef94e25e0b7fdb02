"""What an app of the imitated enterprise may read of itself and of its people.

Facts: developer.work.weixin.qq.com, "获取指定的应用详情" (90227), "获取子部门ID列表",
"获取部门列表", "获取部门成员详情" (96260), "获取配置了客户联系功能的成员列表".
"""

from dataclasses import dataclass

from aiohttp import web

from bot.playground.wecom.gate import Answer, ApiError
from bot.playground.world import World

ROOT = 1


@dataclass(frozen=True, slots=True)
class Seat:
    """Where somebody sits; the first department is the main one."""

    departments: tuple[int, ...] = (ROOT,)
    leader: str = ""
    active: bool = True


class Directory:
    """One department with everybody in it, unless tests make more and give people seats. Tests
    close the app, hide it, or narrow what it sees."""

    def __init__(self, world: World, agent_id: int) -> None:
        self.departments_by_id: dict[int, tuple[str, int]] = {ROOT: ("一诺科技", 0)}
        """Name and the department above."""
        self.leaders: dict[int, str] = {}
        self.seats: dict[str, Seat] = {}
        self.seen: set[int] | None = None
        """Departments in the visible range; None: all."""
        self.closed = False
        self.visible = True
        """Whether anybody is in the app's visible range."""
        self._world = world
        self._agent_id = agent_id

    async def app(self, request: web.Request) -> Answer:
        if request.query.get("agentid") != str(self._agent_id):
            raise ApiError(301002, "not allow operate another agent with this accesstoken")
        return {
            "agentid": self._agent_id,
            "name": "一诺",
            "allow_userinfos": {"user": []},
            "allow_partys": {"partyid": [ROOT] if self.visible else []},
            "close": int(self.closed),
        }

    async def departments(self, _: web.Request) -> Answer:
        """Ids only (`department/simplelist`)."""
        listed = [
            {"id": one, "parentid": parent, "order": 1} for one, (_, parent) in self._visible()
        ]
        return {"department_id": listed}

    async def department_list(self, request: web.Request) -> Answer:
        """With names; without `id` all within the visible range, in no order."""
        wanted = request.query.get("id", "")
        if wanted and int(wanted) not in dict(self._visible()):
            raise ApiError(60011, "no privilege to access/modify contact/party/agent")
        listed = [
            {
                "id": one,
                "name": name,
                "parentid": parent,
                "order": 1,
                "department_leader": [self.leaders[one]] if one in self.leaders else [],
            }
            for one, (name, parent) in reversed(self._visible())
            if wanted in ("", str(one)) or self._is_below(one, int(wanted))
        ]
        return {"department": listed}

    async def user_list(self, request: web.Request) -> Answer:
        """Only those directly in it."""
        wanted = request.query.get("department_id", "")
        if not wanted.isdigit():
            raise ApiError(40058, "invalid Request Parameter")
        if int(wanted) not in self.departments_by_id:
            raise ApiError(60003, "department not found")
        if int(wanted) not in dict(self._visible()):
            raise ApiError(60011, "no privilege to access/modify contact/party/agent")
        everybody = self._world.members.get("wecom", {}).values()
        listed = [
            {
                "userid": one.id,
                "name": one.name,
                "department": list(seat.departments),
                "main_department": seat.departments[0],
                "direct_leader": [seat.leader] if seat.leader else [],
                "is_leader_in_dept": [int(self.leaders.get(d) == one.id) for d in seat.departments],
                "status": 1 if seat.active else 4,
            }
            for one in everybody
            if int(wanted) in (seat := self.seats.get(one.id, Seat())).departments
        ]
        return {"userlist": listed}

    def _visible(self) -> list[tuple[int, tuple[str, int]]]:
        if not self.visible:
            raise ApiError(60011, "no privilege to access/modify contact/party/agent")
        known = self.departments_by_id.items()
        return [(one, told) for one, told in known if self.seen is None or one in self.seen]

    def _is_below(self, department: int, above: int) -> bool:
        while department in self.departments_by_id:
            department = self.departments_by_id[department][1]
            if department == above:
                return True
        return False

    async def member(self, request: web.Request) -> Answer:
        """Without mobile, mail, avatar and gender: apps made after 2022-06-20 do not get them
        (D96255)."""
        wanted = request.query.get("userid", "").lower()
        members = self._world.members.get("wecom", {}).values()
        found = next((one for one in members if one.id.lower() == wanted), None)
        if found is None:
            raise ApiError(60111, "userid not found")
        if not self.visible:
            raise ApiError(60011, "no privilege to access/modify contact/party/agent")
        sits = list(self.seats.get(found.id, Seat()).departments)
        return {"userid": found.id, "name": found.name, "department": sits, "position": ""}

    async def serving(self, _: web.Request) -> Answer:
        """Members who may have customers."""
        return {"follow_user": sorted(self._world.members.get("wecom", {}))}
