"""WeCom's temporary files: kept for three days, handed out by id (D90253, D90254)."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web

from bot.platforms.protocol import Now
from bot.playground.wecom.gate import Answer, ApiError

LIFE = timedelta(days=3)
_MEGABYTE = 1024 * 1024
_LARGEST = {
    "image": 10 * _MEGABYTE,
    "voice": 2 * _MEGABYTE,
    "video": 10 * _MEGABYTE,
    "file": 20 * _MEGABYTE,
}


@dataclass(frozen=True, slots=True)
class File:
    content: bytes
    kind: str
    name: str
    until: datetime


class Media:
    def __init__(self, now: Now) -> None:
        self._now = now
        self._files: dict[str, File] = {}

    def keep(self, content: bytes, kind: str, name: str) -> str:
        """The id of a new file; `kind` is its content type."""
        media_id = secrets.token_urlsafe(32)
        self._files[media_id] = File(content, kind, name, self._now() + LIFE)
        return media_id

    async def upload(self, request: web.Request) -> Answer:
        kind = request.query.get("type", "")
        if kind not in _LARGEST:
            raise ApiError(40004, "invalid media type")
        part = (await request.post()).get("media")
        if not isinstance(part, web.FileField):
            raise ApiError(44001, "empty media data")
        content = part.file.read()
        if not 5 < len(content) <= _LARGEST[kind]:
            raise ApiError(40006, "invalid media size")
        media_id = self.keep(content, part.content_type, part.filename)
        created = str(int(self._now().timestamp()))
        return {"type": kind, "media_id": media_id, "created_at": created}

    async def get(self, request: web.Request) -> Answer:
        found = self._files.get(request.query.get("media_id", ""))
        if found is None or self._now() >= found.until:
            raise ApiError(40007, "invalid media_id")
        headers = {"Content-Disposition": f'attachment; filename="{found.name}"'}
        return web.Response(body=found.content, content_type=found.kind, headers=headers)
