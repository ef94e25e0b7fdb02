"""The imitated tenant's departments and who sits in them, page by page.

Facts: open.feishu.cn, "获取部门直属用户列表", "获取子部门列表": at most 50 a page, one level at a
time, the root (`0`) only for an app whose contact range is 全部成员.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.playground.feishu import errors
from bot.playground.feishu.directory import Directory
from bot.playground.feishu.errors import ApiError
from bot.playground.feishu.gate import PERSON_SCOPE, Gate

ROOT = "0"
DEPARTMENT_SCOPE = "contact:contact.base:readonly"
OUT_OF_RANGE, BAD_PAGE_SIZE, BAD_PAGE_TOKEN = 40004, 40011, 40012
LARGEST_PAGE = 50


@dataclass(frozen=True, slots=True)
class Seat:
    """Where somebody sits."""

    departments: tuple[str, ...] = (ROOT,)
    leader: str = ""
    active: bool = True


class Contacts:
    """People without a seat of their own belong to the company itself."""

    def __init__(self, gate: Gate, directory: Directory) -> None:
        self.departments: dict[str, tuple[str, str]] = {}
        """Name and the department above, by open_department_id."""
        self.leaders: dict[str, str] = {}
        self.seats: dict[str, Seat] = {}
        self.everybody = True
        """Whether the contact range is 全部成员."""
        self._gate = gate
        self._directory = directory
        gate.scopes.add(DEPARTMENT_SCOPE)

    def routes(self) -> Sequence[web.RouteDef]:
        children = "contact/v3/departments/{department}/children"
        people = "contact/v3/users/find_by_department"
        return [
            self._gate.route("GET", children, "departments", self._children),
            self._gate.route("GET", people, "people", self._people),
        ]

    async def _children(self, request: web.Request) -> web.Response:
        above = self._department(request, request.match_info["department"])
        found = [
            {
                "name": name,
                "open_department_id": one,
                "parent_department_id": parent,
                "status": {"is_deleted": False},
            }
            | ({"leader_user_id": self.leaders[one]} if one in self.leaders else {})
            for one, (name, parent) in self.departments.items()
            if parent == above
        ]
        return _page(request, found)

    async def _people(self, request: web.Request) -> web.Response:
        """Without the scope for names there are none."""
        wanted = self._department(request, request.query.get("department_id", ""))
        found = []
        for member in self._directory.members.values():
            seat = self.seats.get(member.id, Seat())
            if wanted in seat.departments:
                user: dict[str, Any] = self._directory.ids(member.id)
                user |= {"name": member.name} if PERSON_SCOPE in self._gate.scopes else {}
                user |= {"leader_user_id": seat.leader} if seat.leader else {}
                user["status"] = {"is_activated": seat.active, "is_resigned": False}
                found.append(user)
        return _page(request, found)

    def _department(self, request: web.Request, wanted: str) -> str:
        self._gate.need_scope(DEPARTMENT_SCOPE)
        kind = request.query.get("department_id_type", "open_department_id")
        if kind != "open_department_id":
            raise errors.bad_field("department_id_type", "is not the kind this tenant keeps")
        if wanted != ROOT and wanted not in self.departments:
            raise errors.bad_field("department_id", f"does not exist: {wanted}")
        if wanted == ROOT and not self.everybody:
            raise ApiError(OUT_OF_RANGE, "no dept authority error")
        return wanted


def _page(request: web.Request, found: list[dict[str, Any]]) -> web.Response:
    size, token = request.query.get("page_size", "10"), request.query.get("page_token", "p0")
    if not size.isdigit() or not 0 < int(size) <= LARGEST_PAGE:
        raise ApiError(BAD_PAGE_SIZE, "page size is invalid")
    if not token.removeprefix("p").isdigit():
        raise ApiError(BAD_PAGE_TOKEN, "page token is invalid")
    begin = int(token.removeprefix("p"))
    end = begin + int(size)
    data: dict[str, Any] = {"items": found[begin:end], "has_more": end < len(found)}
    if end < len(found):
        data["page_token"] = f"p{end}"
    return web.json_response({"code": 0, "msg": "success", "data": data})
