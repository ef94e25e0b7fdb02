"""The smart robot's long connection: callbacks in, commands out, each with its answer (D101463).

One connection at a time is a robot's: a newer one takes over, and the older one is told so by
`disconnected_event`. Two programs that both came back at once would drive each other out for ever.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

import aiohttp
import structlog
from aiohttp import WSMsgType

from bot.platforms.connection import Connection, Timings
from bot.platforms.protocol import Now, RateLimited, Unauthorized, Unreachable
from bot.platforms.wecom.robot.errors import error
from bot.platforms.wecom.robot.frames import (
    EVENT,
    MESSAGE,
    PING,
    SUBSCRIBE,
    Frame,
    command,
    new_id,
    read_frame,
)
from config.schema import RobotSettings

ANSWER_SECONDS = 5.0
KICKED_SECONDS = 300.0
"""Before a connection that another one drove out is opened again."""
KICKED = "another program took over this robot"
AT_ONCE = 100
"""Commands that wait for their answers."""

log = structlog.get_logger()
Receive = Callable[[Frame], Awaitable[None]]
"""Stores a callback; returns when it is safely stored."""


class Line(Connection):
    """Subscribed already: `open_line` makes these."""

    platform = "wecom"

    def __init__(
        self,
        socket: aiohttp.ClientWebSocketResponse,
        now: Now,
        timings: Timings,
        receive: Receive,
    ) -> None:
        super().__init__(socket, now, timings)
        self.kicked = False
        self._receive = receive
        self._waiting: dict[str, asyncio.Future[Frame]] = {}

    async def ping(self) -> None:
        await self.send(command(PING, new_id(PING)))

    async def take(self, message: aiohttp.WSMessage) -> None:
        if message.type is not WSMsgType.TEXT:
            log.warning("wecom.frame_ignored", reason=f"a {message.type.name} frame")
            return
        self.heard()
        try:
            frame = read_frame(message.data)
        except ValueError as problem:
            log.warning("wecom.frame_ignored", reason=str(problem)[:200])
            return
        if frame.cmd in (MESSAGE, EVENT):
            await self._take_callback(frame)
        elif frame.cmd:
            log.info("wecom.frame_ignored", reason=f"unknown command {frame.cmd[:60]!r}")
        elif (waiting := self._waiting.get(frame.req_id)) is not None and not waiting.done():
            waiting.set_result(frame)

    async def _take_callback(self, frame: Frame) -> None:
        """One after the other, in the order they came."""
        event = frame.body.get("event")
        if isinstance(event, Mapping) and event.get("eventtype") == "disconnected_event":
            self.kicked = True
            log.error("wecom.robot_taken_over", retry_seconds=KICKED_SECONDS)
            self.retire(KICKED, pause_seconds=KICKED_SECONDS)
        else:
            await self._receive(frame)

    async def ask(self, cmd: str, body: Mapping[str, Any], *, req_id: str = "") -> None:
        """Returns when WeCom has done it. Unreachable: it may have."""
        req_id = req_id or new_id(cmd)
        if len(self._waiting) >= AT_ONCE or req_id in self._waiting:
            raise Unreachable(f"{cmd}: too many commands at once")
        waiting = self._waiting[req_id] = asyncio.get_running_loop().create_future()
        try:
            if self.retired.is_set() or not await self.send(command(cmd, req_id, body)):
                raise Unreachable(f"{cmd}: the connection is gone")
            frame = await self._answer_to(cmd, waiting)
        finally:
            del self._waiting[req_id]
        if frame.code:
            raise error(frame.code, f"{cmd}: {frame.code} {frame.text}")

    def retire(
        self, reason: str, lost_at: datetime | None = None, *, pause_seconds: float = 0.0
    ) -> None:
        super().retire(reason, lost_at, pause_seconds=pause_seconds)
        for waiting in self._waiting.values():
            waiting.cancel()

    async def _answer_to(self, cmd: str, waiting: asyncio.Future[Frame]) -> Frame:
        await asyncio.wait({waiting}, timeout=ANSWER_SECONDS)
        if not waiting.done():
            raise Unreachable(f"{cmd}: no answer")
        if waiting.cancelled():
            raise Unreachable(f"{cmd}: the connection broke before the answer")
        return waiting.result()


async def open_socket(
    session: aiohttp.ClientSession, settings: RobotSettings, *, seconds: float
) -> aiohttp.ClientWebSocketResponse:
    """A socket on which WeCom has answered the subscription. Raises PlatformError."""
    try:
        async with asyncio.timeout(seconds):
            socket = await session.ws_connect(
                settings.url, autoping=True, max_msg_size=4 * 1024 * 1024
            )
            try:
                await _subscribe(socket, settings)
            except BaseException:
                await socket.close()
                raise
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as problem:
        raise Unreachable(f"{SUBSCRIBE}: {type(problem).__name__}") from None
    return socket


async def _subscribe(socket: aiohttp.ClientWebSocketResponse, settings: RobotSettings) -> None:
    req_id, secret = new_id(SUBSCRIBE), settings.secret.get_secret_value()
    body = {"bot_id": settings.bot_id, "secret": secret}
    await socket.send_str(command(SUBSCRIBE, req_id, body))
    while (frame := await _next(socket)).req_id != req_id:
        log.info("wecom.frame_ignored", reason="a frame before the subscription")
    if frame.code:
        text = f"{SUBSCRIBE}: {frame.code} {frame.text}".replace(secret, "…")
        problem = error(frame.code, text)
        passing = isinstance(problem, Unreachable | RateLimited)
        raise problem if passing else Unauthorized(str(problem))


async def _next(socket: aiohttp.ClientWebSocketResponse) -> Frame:
    message = await socket.receive()
    if message.type is not WSMsgType.TEXT:
        raise Unreachable(f"{SUBSCRIBE}: closed before the answer")
    return read_frame(message.data)
