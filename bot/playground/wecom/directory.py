"""What an app of the imitated enterprise may read of itself and of its people.

Facts: developer.work.weixin.qq.com, "获取指定的应用详情" (90227), "获取子部门ID列表",
"获取配置了客户联系功能的成员列表".
"""

from aiohttp import web

from bot.playground.wecom.gate import Answer, ApiError
from bot.playground.world import World

ROOT = 1


class Directory:
    """One department with everybody in it. Tests close the app or hide it."""

    def __init__(self, world: World, agent_id: int) -> None:
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
        if not self.visible:
            raise ApiError(60011, "no privilege to access/modify contact/party/agent")
        return {"department_id": [{"id": ROOT, "parentid": 0, "order": 1}]}

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
        return {"userid": found.id, "name": found.name, "department": [ROOT], "position": ""}

    async def serving(self, _: web.Request) -> Answer:
        """Members who may have customers."""
        return {"follow_user": sorted(self._world.members.get("wecom", {}))}
