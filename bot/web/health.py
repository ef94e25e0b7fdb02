"""Whether the bot is ready, for whoever watches it."""

from collections.abc import Mapping, Sequence

from aiohttp import web
from sqlalchemy import text

from bot.platforms.protocol import Platform
from storage.db import Database


def routes(db: Database, platforms: Mapping[str, Platform]) -> Sequence[web.RouteDef]:
    """`GET /healthz`: 200 when the database answers; each platform tells its own line."""

    async def healthz(_: web.Request) -> web.Response:
        await db.write(lambda session: session.execute(text("SELECT 1")).scalar())
        return web.json_response(
            {"ok": True, "platforms": {name: p.health for name, p in platforms.items()}}
        )

    return [web.get("/healthz", healthz)]
