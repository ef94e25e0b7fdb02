"""DingTalk's Stream mode: frames in, answers out. A `Keeper` keeps one connection alive.

The protocol is open-dingtalk/developerpedia, stream/protocol. What it does not say and others
learnt: after `disconnect` the server delivers nothing more on that socket, and sockets may look
healthy while nothing comes. So the next connection opens before the old one closes, and silence
counts as death.
"""

from dataclasses import dataclass

import aiohttp
import structlog
from aiohttp import WSMsgType

from bot.platforms import connection
from bot.platforms.connection import Connection
from bot.platforms.dingtalk.frames import Frame, Receive, answer, answer_to, read_frame
from bot.platforms.protocol import Now

FRAME_CHARACTERS = 256 * 1024

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Timings(connection.Timings):
    """Beside the keeper's: real seconds of a call."""

    http_seconds: float = 10.0


class Line(Connection):
    """One WebSocket to DingTalk."""

    platform = "dingtalk"
    ping_seconds = 25.0
    silence_seconds = 90.0
    missed_pings = 1

    def __init__(
        self,
        socket: aiohttp.ClientWebSocketResponse,
        receive: Receive,
        now: Now,
        timings: Timings,
    ) -> None:
        super().__init__(socket, now, timings)
        self._receive = receive

    async def ping(self) -> None:
        await self._socket.ping()

    async def take(self, message: aiohttp.WSMessage) -> None:
        if message.type is WSMsgType.PONG:
            self.alive()
            return
        self.heard()
        if message.type is WSMsgType.PING:
            await self._socket.pong(message.data)
        elif message.type is WSMsgType.TEXT:
            await self._take_text(message.data)
        else:
            log.warning("dingtalk.frame_ignored", reason=f"a {message.type.name} frame")

    async def _take_text(self, raw: str) -> None:
        if len(raw) > FRAME_CHARACTERS:
            log.warning("dingtalk.frame_ignored", reason=f"{len(raw)} characters are too many")
            return
        try:
            frame = read_frame(raw)
        except ValueError as problem:
            log.warning("dingtalk.frame_ignored", reason=str(problem))
            return
        await self._take_frame(frame)

    async def _take_frame(self, frame: Frame) -> None:
        if frame.type == "SYSTEM":
            await self._take_system(frame)
        elif frame.type not in ("CALLBACK", "EVENT"):
            log.warning("dingtalk.frame_ignored", reason=f"unknown type {frame.type[:40]!r}")
        elif not frame.message_id:
            log.warning("dingtalk.frame_ignored", reason="no messageId", topic=frame.topic)
        else:
            self.answer(self._answer(frame))

    async def _take_system(self, frame: Frame) -> None:
        if frame.topic == "ping":
            await self.send(answer(frame, 200, "OK", frame.data))
        elif frame.topic == "disconnect":
            self.retire("the server asked to")

    async def _answer(self, frame: Frame) -> None:
        """One that is lost is repaired by redelivery, where there is any."""
        await self.send(await answer_to(frame, self._receive))
