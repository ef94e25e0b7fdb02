"""What reached an imitated server: requests of our clients beside those of others."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import web

Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]

FILES = ("multipart/form-data",)
"""Can be read only once."""


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    """None where there was no JSON."""


@dataclass
class Recorder:
    """Everything that was asked below `base`, in order."""

    base: str
    asked: list[Asked] = field(default_factory=list)

    def application(self, *routes: web.RouteDef) -> web.Application:
        @web.middleware
        async def remember(request: web.Request, handler: Handle) -> web.StreamResponse:
            path = unquote(request.path).removeprefix(self.base)
            body = None if request.content_type in FILES else _json(await request.read())
            self.asked.append(Asked(request.method, path, dict(request.query), body))
            return await handler(request)

        app = web.Application(middlewares=[remember])
        app.add_routes(routes)
        return app

    def take(self, path: str) -> Asked:
        """The one request to that path since the last look."""
        found = [one for one in self.asked if one.path == path]
        self.asked.clear()
        (one,) = found
        return one


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None


def unknown_to(theirs: Any, ours: Any, at: str = "") -> list[str]:
    """What is in our request and not in theirs, or of another type; sorted."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        foreign = [f"{at}.{key}" for key in ours.keys() - theirs.keys()]
        shared = ours.keys() & theirs.keys()
        below = [s for k in shared for s in unknown_to(theirs[k], ours[k], f"{at}.{k}")]
        return sorted(foreign + below)
    if isinstance(theirs, list) and isinstance(ours, list) and theirs:
        return [s for one in ours for s in unknown_to(theirs[0], one, f"{at}[]")]
    return [] if type(theirs) is type(ours) else [f"{at}: {type(ours).__name__}"]
