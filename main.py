"""Yinuo: wires the rooms together, and the commands one starts it with."""

import argparse
import asyncio
import contextlib
import signal
import socket
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web
from sqlmodel import Session

from bot.clock import Clock
from bot.platforms.dingtalk.adapter import DingTalk
from bot.platforms.feishu.adapter import Feishu
from bot.platforms.protocol import Platform, Rejected
from bot.platforms.wecom.adapter import WeCom
from bot.playground.ground import Controls, Part, Playground
from bot.playground.script import STORY_DAY, BadNotes, play_day, read_notes, replay_notes
from bot.runtime.jobs import Call
from bot.runtime.runtime import Runtime
from bot.web import health
from cards.help import parked_card
from config.loader import BadRules, load_rules
from config.schema import Rules
from config.settings import BadSettings, Settings, data_key, load_settings, make_folder
from handlers import ROUTERS
from storage import demo, inbox, people, schema
from storage.columns import Sealed
from storage.db import Database, connect
from storage.models import Role

log = structlog.get_logger()
LOGGED_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
INVITATION = timedelta(days=3)
GRACE = 5.0
"""Seconds that connections have for closing."""


@dataclass
class Program:
    """The whole bot of one process. `start` returns when it serves; `stop` loses nothing."""

    settings: Settings
    clock: Clock
    rules: Rules
    db: Database
    playground: Playground | None = None
    platforms: dict[str, Platform] = field(default_factory=dict)
    runtime: Runtime = field(init=False)
    origin: str = ""
    _runner: web.AppRunner | None = None

    def __post_init__(self) -> None:
        self.runtime = Runtime(
            self.db,
            self.clock,
            platforms=self.platforms,
            routers=ROUTERS,
            rules=lambda: self.rules,
            calls=self._calls(),
            sorry=parked_card,
            public_url=self.settings.url,
        )

    def _calls(self) -> dict[str, Call]:
        async def contact_details(data: dict[str, str]) -> dict[str, Any]:
            name, _, external_id = data["address"].partition(":")
            if name not in self.platforms:
                raise Rejected(f"no platform {name!r} is configured")
            return await self.platforms[name].contact(external_id)

        return {"contact.details": contact_details}

    async def start(self, listener: socket.socket) -> None:
        """Serve on an open socket: pages first, because the imitated servers are among them."""
        host, port = listener.getsockname()[:2]
        self.origin = f"http://{host}:{port}"
        self._connect_platforms()
        app = web.Application()
        app.add_routes(health.routes(self.db, self.platforms))
        for platform in self.platforms.values():
            app.add_routes(platform.routes(self.runtime.accept))
        if self.playground is not None:
            page = self.playground.page(Controls(self.clock, self.runtime.advance))
            app.add_routes([*self.playground.routes(), *page.routes()])
            app.on_shutdown.append(page.stop)
        self.db.open()
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=GRACE)
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()
        await self.runtime.start()
        await asyncio.gather(*(p.start(self.runtime.accept) for p in self.platforms.values()))

    def _connect_platforms(self) -> None:
        wecom, dingtalk, feishu = (
            self.settings.wecom,
            self.settings.dingtalk,
            self.settings.feishu,
        )
        if self.playground is not None:
            wecom, dingtalk, feishu = self.playground.settings(self.origin)
            self.playground.call_back(self.origin)
        if wecom:
            self.platforms["wecom"] = WeCom(wecom, self.clock)
        if dingtalk:
            self.platforms["dingtalk"] = DingTalk(dingtalk, self.clock)
        if feishu:
            self.platforms["feishu"] = Feishu(feishu, self.clock)

    async def stop(self) -> None:
        """Stop hearing, then stop doing; what is in the database waits for the next start."""
        await asyncio.gather(*(platform.stop() for platform in self.platforms.values()))
        if self.playground is not None:
            await self.playground.stop()
        await self.runtime.stop()
        if self._runner is not None:
            await self._runner.cleanup()
        await asyncio.to_thread(self.db.close)


# Building --------------------------------------------------------------------------------


def open_database(settings: Settings, *, durable: bool = True) -> Database:
    """The database at the present schema, personal data unlocked."""
    make_folder(settings)
    Sealed.open_with(data_key(settings))
    engine = connect(settings.database, durable=durable)
    schema.upgrade(engine)
    return Database(engine)


def story_parts(cast: demo.Players) -> list[Part]:
    """The story's people in the IMs the story puts them in."""
    return [
        Part("sales", "wecom", "li.xiao", cast.rep),
        Part("manager", "dingtalk", "wang0001", cast.manager),
        Part("delivery", "feishu", "ou_chen00000000000000000000000001", cast.delivery),
    ]


def settle_in(db: Database, now: datetime, parts: Sequence[Part]) -> None:
    """Fill an empty database with the demo company, and give its people their accounts."""
    with Session(db.engine) as session:
        if demo.is_empty(session):
            demo.build(session, now)
        for part in parts:
            person = people.named(session, part.name)
            if person is not None:
                people.bind(session, person.id or 0, part.address, now)
        session.commit()


def build(
    settings: Settings,
    clock: Clock,
    *,
    durable: bool = True,
    parts: Callable[[demo.Players], list[Part]] = story_parts,
    rate_limits: bool = True,
) -> Program:
    """Everything wired, nothing started. With real platforms configured, no playground."""
    rules = load_rules()
    db = open_database(settings, durable=durable)
    ground = None
    if settings.playground and not settings.has_platforms:
        played = parts(demo.players())
        settle_in(db, clock(), played)
        ground = Playground(clock, played, rate_limits=rate_limits)
    return Program(settings, clock, rules, db, ground)


def listen(settings: Settings) -> socket.socket:
    """Raises BadSettings when the address is taken or not ours."""
    try:
        return socket.create_server((settings.host, settings.port), reuse_port=False)
    except OSError as problem:
        raise BadSettings(
            f"HOST={settings.host} PORT={settings.port}: {problem.strerror}. "
            "Remedy: set PORT to a free port, HOST to an address of this machine."
        ) from None


# Commands --------------------------------------------------------------------------------


async def run(settings: Settings) -> None:
    """Serve until told to stop."""
    program = build(settings, Clock())
    listener = listen(settings)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await program.start(listener)
    print(f"一诺已启动：{program.origin}/", flush=True)
    await stopped.wait()
    await program.stop()


async def with_program(
    settings: Settings, clock: Clock, work: Callable[[Program], Awaitable[None]]
) -> None:
    """Start a program on a port and a database of its own, do something with it, stop it."""
    with tempfile.TemporaryDirectory() as folder:
        own = settings.model_copy(update={"data": Path(folder), "database_url": ""})
        program = build(own, clock, durable=False, rate_limits=False)
        await program.start(socket.create_server((settings.host, 0)))
        try:
            await work(program)
        finally:
            await program.stop()


async def play_demo(settings: Settings) -> None:
    """The story of one day, as text, on a clock of its own and a database that is thrown away."""
    clock = Clock(STORY_DAY, frozen=True)

    async def play(program: Program) -> None:
        await play_day(ground_of(program), program.runtime, print)

    await with_program(settings, clock, play)


async def replay(settings: Settings, file: Path, *, quiet: bool) -> None:
    """Each note of a file through the whole program: what was understood, who got which card."""
    notes = read_notes(file)
    clock = Clock(notes[0].now - timedelta(minutes=1) if notes else None, frozen=True)

    async def play(program: Program) -> None:
        tell = (lambda _: None) if quiet else print
        totals = await replay_notes(ground_of(program), program.runtime, notes, tell)
        print(
            f"\n{totals.notes} 条，{totals.cards} 张卡，{totals.silent} 条闲聊没有卡；"
            f"每条中位 {totals.median:.1f} 毫秒"
        )

    await with_program(settings, clock, play)


def ground_of(program: Program) -> Playground:
    """Raises BadSettings: real platforms are never played with."""
    if program.playground is None:
        raise BadSettings(
            "demo and replay need the playground. Remedy: unset WECOM__*, DINGTALK__*, FEISHU__*."
        )
    return program.playground


def invite(settings: Settings, name: str, role: str) -> None:
    """Add a colleague and print the code that ties the first IM account to him."""
    db = open_database(settings)
    now = Clock()()
    with Session(db.engine) as session:
        person = people.named(session, name) or people.add(session, name, Role(role))
        code = people.new_code(session, person.id or 0, now, INVITATION)
        session.commit()
    print(f"请 {name} 在企业微信、钉钉或飞书里给机器人发：绑定 {code}")


def parked(settings: Settings, again: Sequence[int]) -> None:
    """List events that were given up; with `again`, put those back in line."""
    db = open_database(settings)
    with Session(db.engine) as session:
        if again:
            print(f"重新排队 {inbox.run_again(session, again, Clock()())} 条")
        for row in inbox.parked(session):
            print(f"E{row.id} {row.key}\n{row.error}")
        session.commit()


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="yinuo", description="一诺：说到做到的销售机器人")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="serve the bot (and the playground, without real platforms)")
    commands.add_parser("demo", help="play the demo story and print each card as text")
    replaying = commands.add_parser("replay", help="send notes of a JSONL file through the bot")
    replaying.add_argument("file", type=Path)
    replaying.add_argument("--quiet", action="store_true", help="print the totals only")
    inviting = commands.add_parser("invite", help="add a colleague, print the binding code")
    inviting.add_argument("name")
    inviting.add_argument("--role", default="sales", choices=[str(role) for role in Role])
    parking = commands.add_parser("parked", help="list events that were given up")
    parking.add_argument("--again", type=int, nargs="*", default=[], metavar="ID")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Exit status 0; 2 when settings, rules or arguments are unusable."""
    options = parse(arguments)
    try:
        settings = load_settings()
        set_up_logging(settings.log_level)
        start(options, settings)
    except (BadSettings, BadRules, BadNotes) as problem:
        print(f"不能启动：\n{problem}", file=sys.stderr)
        return 2
    return 0


def start(options: argparse.Namespace, settings: Settings) -> None:
    with contextlib.suppress(KeyboardInterrupt):
        match options.command:
            case "run":
                asyncio.run(run(settings))
            case "demo":
                asyncio.run(play_demo(settings))
            case "replay":
                asyncio.run(replay(settings, options.file, quiet=options.quiet))
            case "invite":
                invite(settings, options.name, options.role)
            case "parked":
                parked(settings, options.again)


def set_up_logging(level: str) -> None:
    """Logs go to standard error, one JSON object a line."""
    threshold = LOGGED_LEVELS[level]
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
