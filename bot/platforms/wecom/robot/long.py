"""How a smart robot on the long connection hears and speaks."""

from collections import OrderedDict
from collections.abc import Sequence

import structlog
from aiohttp import web

from bot.platforms.connection import Timings
from bot.platforms.keeper import Hold, Keeper
from bot.platforms.protocol import Accept, EditRefused, Now, PlatformError, Rejected, Unreachable
from bot.platforms.wecom.robot.frames import RESPOND, SEND, UPDATE, WELCOME, Frame
from bot.platforms.wecom.robot.http import Http
from bot.platforms.wecom.robot.line import KICKED, Line, open_socket
from bot.platforms.wecom.robot.parse import Told, read_event
from bot.platforms.wecom.robot.rights import MANY, QUICK_LIFE, Right, Rights
from bot.platforms.wecom.robot.way import Body, as_welcome, greeting, markdown
from cards.robot import NOT_SAVED
from config.schema import RobotSettings

CONNECT_SECONDS = 10.0
TASK_ID_TAKEN = "42014"
ALREADY_THERE = "was already there"
NO_KEY = "no idempotency key"

log = structlog.get_logger()


class LongWay:
    """`greets`: whoever opens the robot's chat is told to talk to the app instead."""

    def __init__(
        self,
        settings: RobotSettings,
        now: Now,
        http: Http,
        timings: Timings,
        *,
        greets: bool,
        hold: Hold,
    ) -> None:
        self._settings = settings
        self._now = now
        self._http = http
        self._timings = timings
        self._greets = greets
        self._keeper: Keeper[Line] = Keeper("wecom", now, timings, overlap=False, hold=hold)
        self._clicks = Rights()
        self._visits = Rights()
        self._said: OrderedDict[str, int] = OrderedDict()
        """How much of what was to be said in several messages has been said."""

    def routes(self, accept: Accept) -> Sequence[web.RouteDef]:
        return ()

    async def start(self, accept: Accept) -> None:
        async def receive(frame: Frame) -> None:
            await self._take(frame, accept)

        async def connect() -> Line:
            socket = await open_socket(self._http.session, self._settings, seconds=CONNECT_SECONDS)
            return Line(socket, self._now, self._timings, receive)

        await self._keeper.start(connect, accept)

    def clock_moved(self) -> None:
        self._keeper.clock_moved()

    async def stop(self) -> None:
        await self._keeper.stop()

    @property
    def is_here(self) -> bool:
        return self._keeper.is_holding

    @property
    def health(self) -> list[str]:
        line = self._keeper.current
        kicked = line is not None and line.kicked and self._keeper.live is None
        return [*([KICKED] if kicked else ()), *self._keeper.health]

    # In ----------------------------------------------------------------------------------

    async def _take(self, frame: Frame, accept: Accept) -> None:
        told = Told(frame.body, frame.req_id, self._now(), self._settings.name)
        if told.is_enter_chat and self._greets:
            self._say_beside(WELCOME, told, greeting())
            return
        event = read_event(told)
        if event is None:
            return
        right = Right(self._now() + QUICK_LIFE, told.right)
        if told.is_click:
            self._clicks.add(told.right, right)
        elif told.is_enter_chat:
            self._visits.take(told.chat, self._now())
            self._visits.add(told.chat, right)
        try:
            await accept(event)
        except Exception:  # the socket's counterpart of a web server's 500; nothing comes again
            log.exception("wecom.robot_not_saved")
            if told.is_message:
                self._say_beside(RESPOND, told, markdown(NOT_SAVED))

    def _say_beside(self, cmd: str, told: Told, body: Body) -> None:
        """Not within the reading: WeCom's answer has to be read too."""
        if (line := self._keeper.live) is not None:
            line.answer(self._try(cmd, told, body))

    async def _try(self, cmd: str, told: Told, body: Body) -> None:
        try:
            await self._line(cmd).ask(cmd, body, req_id=told.right)
        except PlatformError as problem:
            log.warning("wecom.robot_unsaid", reason=str(problem))

    # Out ---------------------------------------------------------------------------------

    async def say(self, chat: str, bodies: Sequence[Body], *, once: str) -> str:
        """A card's own id tells a repetition; other messages have nothing that would."""
        visit = self._visits.take(chat, self._now())
        if visit is not None and len(bodies) == 1:
            await self._line(WELCOME).ask(WELCOME, as_welcome(bodies[0]), req_id=visit.req_id)
            return NO_KEY
        note = NO_KEY if bodies[-1]["msgtype"] != "template_card" else ""
        for number in range(self._said.get(once, 0), len(bodies)):
            try:
                await self._line(SEND).ask(SEND, {"chatid": chat, **bodies[number]})
            except Rejected as problem:
                if problem.code != TASK_ID_TAKEN:
                    raise
                note = ALREADY_THERE
            self._said[once] = number + 1
            if len(self._said) > MANY:
                self._said.popitem(last=False)
        self._said.pop(once, None)
        return note

    async def update(self, right: str, body: Body) -> str:
        if self._clicks.take(right, self._now()) is None:
            raise EditRefused("a robot's card changes only within 5 s of a click", unused=True)
        try:
            await self._line(UPDATE).ask(UPDATE, body, req_id=right)
        except (Rejected, Unreachable) as problem:
            raise EditRefused(str(problem), unused=True) from problem
        return ""

    def _line(self, cmd: str) -> Line:
        line = self._keeper.live
        if line is None:
            raise Unreachable(f"{cmd}: {'; '.join(self.health)}")
        return line
