"""Yinuo: wires the rooms together, and the commands one starts it with."""

import argparse
import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

import structlog
from sqlmodel import Session

from bot.calendar import calendar_calls
from bot.clock import Clock
from bot.model.opinion import SecondOpinion
from bot.platforms.checkup import Doctor
from bot.platforms.dingtalk import contacts as dingtalk_contacts
from bot.platforms.dingtalk.adapter import DingTalk
from bot.platforms.dingtalk.doctor import DingTalkDoctor
from bot.platforms.feishu import contacts as feishu_contacts
from bot.platforms.feishu.adapter import Feishu
from bot.platforms.feishu.doctor import FeishuDoctor
from bot.platforms.keeper import Hold, alone
from bot.platforms.pace import Pace
from bot.platforms.protocol import Platform, Spend, uncounted
from bot.platforms.wecom import contacts as wecom_contacts
from bot.platforms.wecom.doctor import WeComDoctor
from bot.platforms.wecom.platform import connect_wecom
from bot.playground.ground import Part, Playground
from bot.playground.script import BadNotes
from bot.program import Program, slow_calls
from bot.runtime.budget import Budget
from bot.runtime.runtime import Runtime
from bot.runtime.watch import Watch
from bot.speech.ear import Ear
from bot.speech.transcripts import transcripts
from bot.tasks import task_calls
from cards.help import parked_card
from commands.arguments import parse
from commands.doctor import counted, examine
from commands.learn import learn
from commands.opening import load_files, open_database
from commands.parked import parked
from commands.people import Directory, enrol, invite
from commands.play import play_demo, replay
from commands.read import read_aloud
from config.loader import RULES, BadRules
from config.schema import DingTalkSettings, FeishuSettings, Rules
from config.settings import BadSettings, Settings, load_settings
from handlers import ROUTERS, manners
from nlp.lexicon import LexiconError
from nlp.reading import get_ready
from storage import demo, people
from storage.db import Database

LOGGED_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


# Building --------------------------------------------------------------------------------


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
    hearing: bool = True,
    todos: bool = False,
) -> Program:
    """Everything wired, nothing started. With real platforms configured, no playground, which
    has an ear of its own unless that is switched off, and DingTalk's todos only on request."""
    if not (settings.playground or settings.has_platforms):
        raise BadSettings(
            "PLAYGROUND=false, and no platform is configured: there is nobody to talk to. "
            "Remedy: set WECOM__*, DINGTALK__* or FEISHU__*, or PLAYGROUND=true."
        )
    folders = [RULES, settings.own_words]
    watch = Watch(
        partial(load_files, settings), folders, faults=(BadRules, LexiconError), now=clock
    )
    get_ready(watch.current.lexicon)
    db = open_database(settings, durable=durable)
    ground = None
    if settings.playground and not settings.has_platforms:
        played = parts(demo.players())
        settle_in(db, clock(), played)
        ground = Playground(clock, played, rate_limits=rate_limits)
    platforms: dict[str, Platform] = {}
    ear = Ear(settings.speech)
    opinion = second_opinion(settings, watch.current.rules, db, clock)
    write_tags = settings.wecom.write_tags if settings.wecom else ground is not None
    calls = slow_calls(platforms, opinion, write_tags=write_tags)
    calls["speech.transcript"] = transcripts(platforms, ear)

    def is_low(platform: str) -> bool:
        with db.read() as session:
            return runtime.meter.is_low(session, platform)

    calls |= task_calls(platforms, task_lists(settings, todos=todos), is_low)

    def connect_all(origin: str) -> dict[str, Platform]:
        if ground is not None:
            ear.settings = ground.ear.settings(origin) if hearing else None
        pace = None if rate_limits else Pace(())

        def spend(platform: str) -> Spend:
            return partial(runtime.meter.spend, platform)

        hold = runtime.leases.hold
        found = connect_platforms(settings, clock, ground, origin, pace, spend, hold=hold)
        if settings.calendar:
            calls.update(calendar_calls(found, is_low))
        return found

    runtime = Runtime(
        db,
        clock,
        platforms=platforms,
        routers=ROUTERS,
        rules=lambda: watch.current.rules,
        lexicon=lambda: watch.current.lexicon,
        calls=calls,
        sorry=parked_card,
        heard=manners.heard,
        budgets=budgets(settings),
    )
    return Program(
        clock=clock,
        db=db,
        runtime=runtime,
        platforms=platforms,
        connect=connect_all,
        playground=ground,
        files=watch,
    )


def second_opinion(
    settings: Settings, rules: Rules, db: Database, clock: Clock
) -> SecondOpinion | None:
    """Nobody is asked unless a model is configured."""
    if settings.model is None:
        return None
    return SecondOpinion(settings.model, db, clock, ZoneInfo(rules.timing.zone))


def task_lists(settings: Settings, *, todos: bool) -> list[str]:
    """The platforms in whose lists of tasks promises are written; imitated ones are Feishu, and
    DingTalk where `todos` asks for it."""
    if settings.playground and not settings.has_platforms:
        return ["feishu", "dingtalk"] if todos else ["feishu"]
    wanted = {
        "feishu": settings.feishu is not None and settings.feishu.tasks,
        "dingtalk": settings.dingtalk is not None and settings.dingtalk.todos,
    }
    return [name for name, is_wanted in wanted.items() if is_wanted]


def budgets(settings: Settings) -> dict[str, Budget]:
    """Monthly allowances of the platforms that are spoken to; the playground's are the defaults."""
    if settings.playground and not settings.has_platforms:
        ding, lark = DingTalkSettings.model_fields, FeishuSettings.model_fields
        calls, stream = ding["calls_a_month"].default, ding["stream_a_month"].default
        return {
            "dingtalk": Budget({"calls": calls, "stream": stream}, ding["low_share"].default),
            "feishu": Budget({"calls": lark["calls_a_month"].default}, lark["low_share"].default),
        }
    found: dict[str, Budget] = {}
    if dingtalk := settings.dingtalk:
        allowed = {"calls": dingtalk.calls_a_month, "stream": dingtalk.stream_a_month}
        found["dingtalk"] = Budget(allowed, dingtalk.low_share)
    if (feishu := settings.feishu) and feishu.calls_a_month:
        found["feishu"] = Budget({"calls": feishu.calls_a_month}, feishu.low_share)
    return found


def connect_platforms(
    settings: Settings,
    clock: Clock,
    ground: Playground | None,
    origin: str,
    pace: Pace | None = None,
    spend: Callable[[str], Spend] = lambda _: uncounted,
    *,
    hold: Hold = alone,
) -> dict[str, Platform]:
    """The adapters of the platforms that are configured, or of those that are imitated. A `pace`
    takes the place of the platforms' own limits, `spend` meters a platform's month, `hold` says
    which process connects where several run."""
    wecom, dingtalk, feishu = settings.wecom, settings.dingtalk, settings.feishu
    if ground is not None:
        wecom, dingtalk, feishu = ground.settings(origin)
        ground.call_back(origin)
    platforms: dict[str, Platform] = {}
    if wecom:
        platforms["wecom"] = connect_wecom(wecom, clock, pace=pace, hold=hold)
    if dingtalk:
        platforms["dingtalk"] = DingTalk(
            dingtalk, clock, pace=pace, spend=spend("dingtalk"), hold=hold
        )
    if feishu:
        platforms["feishu"] = Feishu(feishu, clock, pace=pace, spend=spend("feishu"), hold=hold)
    return platforms


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
    listener = listen(settings)
    program = build(settings, Clock())
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await program.start(listener)
    print(f"一诺已启动：{program.origin}/", flush=True)
    await stopped.wait()
    await program.stop()


def doctors(settings: Settings, clock: Clock, address: str) -> list[Doctor]:
    """One for each platform that is configured; `address` is where the callbacks are asked for."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104
    origin = address or f"http://{host}:{settings.port}"
    found: list[Doctor] = []
    if settings.wecom:
        found.append(WeComDoctor(settings.wecom, clock, origin))
    if settings.dingtalk:
        found.append(DingTalkDoctor(settings.dingtalk, clock, origin))
    if settings.feishu:
        used = counted(settings, clock(), "feishu")
        found.append(FeishuDoctor(settings.feishu, clock, origin, used=used))
    return found


def directory(settings: Settings, source: str) -> Directory:
    """Raises BadSettings."""
    if source == "wecom" and settings.wecom and settings.wecom.has_app:
        return partial(wecom_contacts.read_directory, settings.wecom)
    if source == "dingtalk" and settings.dingtalk:
        return partial(dingtalk_contacts.read_directory, settings.dingtalk)
    if source == "feishu" and settings.feishu:
        return partial(feishu_contacts.read_directory, settings.feishu)
    needed = "WECOM__* of the self-built app" if source == "wecom" else f"{source.upper()}__*"
    raise BadSettings(f"invite --from {source}: it is not configured. Remedy: set {needed}.")


def main(arguments: Sequence[str]) -> int:
    """Exit status 0; 2 when settings, rules or arguments are unusable or `doctor` found a fault."""
    options = parse(arguments)
    try:
        settings = load_settings()
        set_up_logging(settings.log_level)
        return start(options, settings)
    except (BadSettings, BadRules, BadNotes, LexiconError) as problem:
        print(f"不能启动：\n{problem}", file=sys.stderr)
        return 2


def start(options: argparse.Namespace, settings: Settings) -> int:
    with contextlib.suppress(KeyboardInterrupt):
        match options.command:
            case "run":
                asyncio.run(run(settings))
            case "demo":
                asyncio.run(play_demo(settings, build))
            case "replay":
                asyncio.run(replay(settings, build, options.file, quiet=options.quiet))
            case "invite" if options.source:
                source, part = options.source, options.department
                read = directory(settings, source)
                asyncio.run(enrol(settings, source, read, department=part, role=options.role))
            case "invite":
                invite(settings, options.name, options.role)
            case "learn":
                learn(settings, options)
            case "read":
                read_aloud(settings, options)
            case "parked":
                parked(settings, options.again)
            case "doctor":
                called = doctors(settings, Clock(), options.address)
                return asyncio.run(
                    examine(settings, called, as_json=options.json, card=options.card)
                )
    return 0


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
