"""Whether the bot is ready, for whoever watches it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import web
from sqlmodel import Session

from bot.platforms.protocol import Platform
from storage import inbox, parcels
from storage.db import Database


def routes(
    db: Database,
    platforms: Mapping[str, Platform],
    files: Callable[[], str],
    quotas: Callable[[Session], Mapping[str, Any]],
) -> Sequence[web.RouteDef]:
    """`GET /healthz`: 200 when the database answers; each platform tells its own line, so do the
    files of rules and words, and what could be neither delivered nor handled is counted (the
    latest 50 cards at most). Monthly allowances are told where they are metered."""

    async def healthz(_: web.Request) -> web.Response:
        refused, parked = await db.write(_trouble)
        used = await db.write(quotas)
        lines = {name: platform.health for name, platform in platforms.items()}
        return web.json_response(
            {
                "ok": True,
                "platforms": lines,
                "files": files(),
                "quotas": used,
                "refused": refused,
                "parked": parked,
            }
        )

    return [web.get("/healthz", healthz)]


def _trouble(db: Session) -> tuple[int, int]:
    return len(parcels.refused(db)), len(inbox.parked(db))
