"""Yinuo: wires the rooms together, and the commands one starts it with."""

import argparse
import asyncio
import contextlib
import json
import signal
import socket
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session

from bot.clock import Clock
from bot.model.opinion import SecondOpinion
from bot.platforms.checkup import Doctor, Step, as_lines
from bot.platforms.dingtalk.adapter import DingTalk
from bot.platforms.dingtalk.contacts import read_directory
from bot.platforms.dingtalk.doctor import DingTalkDoctor
from bot.platforms.feishu.adapter import Feishu
from bot.platforms.feishu.doctor import FeishuDoctor
from bot.platforms.keeper import Hold, alone
from bot.platforms.pace import Pace
from bot.platforms.protocol import Platform, PlatformError, Spend, uncounted
from bot.platforms.wecom.doctor import WeComDoctor
from bot.platforms.wecom.platform import connect_wecom
from bot.playground.ground import Part, Playground
from bot.playground.script import STORY_DAY, BadNotes, play_day, read_notes, replay_notes
from bot.program import Program, slow_calls
from bot.runtime.budget import CALLS, Budget
from bot.runtime.proof import Patience, Proof
from bot.runtime.runtime import Runtime
from bot.runtime.watch import Watch
from bot.speech.ear import Ear
from bot.speech.transcripts import transcripts
from cards.help import parked_card
from config import own_words
from config.loader import RULES, BadRules, load_rules
from config.schema import DingTalkSettings, FeishuSettings, Rules
from config.settings import BadSettings, Settings, data_key, load_settings, make_folder
from handlers import ROUTERS, manners
from nlp.learning import telling as learning
from nlp.learning.propose import propose
from nlp.learning.types import Entry, Example, Proposal, Told
from nlp.lexicon import Lexicon, LexiconError
from nlp.names import read_in_full
from nlp.reading import get_ready
from nlp.telling import as_json, as_table
from nlp.types import ReadContext
from nlp.vocabulary import (
    extended,
    load_lexicon,
    names_of_own,
    own_tables,
    shipped_tables,
)
from storage import demo, examples, inbox, people, quotas, rosters, schema
from storage.columns import Sealed
from storage.db import Database, connect
from storage.models import Role

log = structlog.get_logger()
LOGGED_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
WRITERS = ("sales", "delivery", "manager", "customer")
"""Whose note it is, as the reader of notes tells them apart."""
INVITATION = timedelta(days=3)
"""How long a colleague has to use the first code."""


# Building --------------------------------------------------------------------------------


def open_database(settings: Settings, *, durable: bool = True) -> Database:
    """The database at the present schema, personal data unlocked."""
    make_folder(settings)
    Sealed.open_with(data_key(settings))
    engine = connect(settings.database, durable=durable)
    try:
        schema.upgrade(engine)
    except OperationalError as problem:
        raise BadSettings(
            f"DATABASE_URL: {problem.orig}. Remedy: start that database, or remove DATABASE_URL."
        ) from None
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
    hearing: bool = True,
) -> Program:
    """Everything wired, nothing started. With real platforms configured, no playground, which
    has an ear of its own unless that is switched off."""
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

    def connect_all(origin: str) -> dict[str, Platform]:
        if ground is not None:
            ear.settings = ground.ear.settings(origin) if hearing else None
        pace = None if rate_limits else Pace(())

        def spend(platform: str) -> Spend:
            return partial(runtime.meter.spend, platform)

        hold = runtime.leases.hold
        return connect_platforms(settings, clock, ground, origin, pace, spend, hold=hold)

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


class Files(NamedTuple):
    """What customers may change while the bot runs, as of one moment."""

    rules: Rules
    lexicon: Lexicon


def load_files(settings: Settings) -> Files:
    """Raises BadRules or LexiconError. Tags of the customer's own are called what they say."""
    own = settings.own_words
    lexicon = load_lexicon(own if settings.lexicon or own.is_dir() else None)
    rules = load_rules()
    tags = {**rules.words.tags, **names_of_own(lexicon)}
    words = rules.words.model_copy(update={"tags": tags})
    return Files(rules.model_copy(update={"words": words}), lexicon)


def second_opinion(
    settings: Settings, rules: Rules, db: Database, clock: Clock
) -> SecondOpinion | None:
    """Nobody is asked unless a model is configured."""
    if settings.model is None:
        return None
    return SecondOpinion(settings.model, db, clock, ZoneInfo(rules.timing.zone))


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


async def with_program(
    settings: Settings, clock: Clock, work: Callable[[Program], Awaitable[None]]
) -> None:
    """Start a program on a port and a database of its own, do something with it, stop it."""
    with tempfile.TemporaryDirectory() as folder:
        words = settings.own_words if settings.own_words.is_dir() else None
        own = settings.model_copy(
            update={"data": Path(folder), "database_url": "", "model": None, "lexicon": words}
        )
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
        with Session(program.db.engine) as session:
            failed = inbox.troubled(session)
        if failed:
            raise BadNotes("\n".join(f"E{row.id} {row.key}\n{row.error}" for row in failed))

    await with_program(settings, clock, play)


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


async def examine(settings: Settings, *, address: str, as_json: bool, card: str = "") -> int:
    """0 when no step failed, else 2. With `card` somebody of that name gets a test card on each
    platform."""
    called = doctors(settings, Clock(), address)
    if not called:
        raise BadSettings(
            "doctor: no platform is configured. Remedy: set WECOM__*, DINGTALK__* or FEISHU__*."
        )
    results: list[Sequence[Step]] = await asyncio.gather(*(each.examine() for each in called))
    if card:
        proofs = await prove(settings, called, card)
        results = [[*steps, *more] for steps, more in zip(results, proofs, strict=True)]
    told = list(zip(called, results, strict=True))
    healthy = not any(step.state == "failed" for steps in results for step in steps)
    if as_json:
        platforms = {each.name: [asdict(step) for step in steps] for each, steps in told}
        print(json.dumps({"ok": healthy, "platforms": platforms}, ensure_ascii=False, indent=2))
    else:
        print("\n".join(line for each, steps in told for line in as_lines(each.title, steps)))
    return 0 if healthy else 2


async def prove(settings: Settings, called: Sequence[Doctor], name: str) -> list[Sequence[Step]]:
    """Raises BadSettings when nobody is called that."""
    db = open_database(settings)
    with Session(db.engine) as session:
        if people.named(session, name) is None:
            raise BadSettings(
                f"doctor --card {name}: nobody, or more than one, is called that. "
                f"Remedy: python main.py invite {name}."
            )
    db.open()
    proof = Proof(db, Clock(), Patience(), tell=partial(print, file=sys.stderr))
    try:
        return list(
            await asyncio.gather(*(proof.of(each.name, each.title, name) for each in called))
        )
    finally:
        await asyncio.to_thread(db.close)


def counted(settings: Settings, now: datetime, platform: str) -> int | None:
    """What the bot has used of a platform's month; None where no bot has run yet."""
    if not settings.database_url and not (settings.data / "yinuo.db").exists():
        return None
    engine = connect(settings.database)
    try:
        with Session(engine) as session:
            return quotas.used(session, platform, CALLS, now)
    except DBAPIError:
        return None
    finally:
        engine.dispose()


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


async def enrol(settings: Settings, *, department: str, role: str) -> None:
    """Take colleagues and teams over from DingTalk's directory; accounts are tied at once."""
    if settings.dingtalk is None:
        raise BadSettings("invite --from dingtalk: it is not configured. Remedy: set DINGTALK__*.")
    clock = Clock()
    try:
        units, colleagues = await read_directory(settings.dingtalk, clock, department)
    except PlatformError as problem:
        raise BadSettings(f"invite --from dingtalk: {problem}") from None
    if department and not units:
        raise BadSettings(
            f"invite --department {department}: none, or more than one, is called that. "
            "Remedy: write the name as DingTalk's directory has it."
        )
    db = open_database(settings)
    with Session(db.engine) as session:
        told = rosters.enrol(session, units, colleagues, Role(role), clock())
        leaders = sum(person.role == Role.MANAGER for person in told.added)
        print(f"新加 {len(told.added)} 人（主管 {leaders} 位），原有 {len(told.known)} 人，")
        print(f"新建团队 {told.teams} 个。他们在钉钉里给机器人发话就能用，不用绑定。")
        for entry in told.namesakes:
            print(
                f"{entry.name}：已有同名的人，没有动。是同一个人，请他在另一个软件里发“绑定”拿码。"
            )
        for entry in told.left:
            print(f"{entry.name}：这个账号的人已停用，没有动。")
        session.commit()


def learn(settings: Settings, options: argparse.Namespace) -> None:
    """Propose words from what people put right; what is accepted goes into the own files."""
    found = {each.entry.id: each for each in proposals(settings)}
    chosen = [*options.accept, *options.decline]
    if unknown := [number for number in chosen if number not in found]:
        raise BadSettings(
            f"learn: {', '.join(unknown)}: is not proposed. Remedy: take an ID that learn shows."
        )
    if options.json:
        print(learning.as_json(list(found.values())))
    for number in options.accept:
        accept(settings.own_words, found[number].entry)
    for number in options.decline:
        own_words.decline(settings.own_words, number, found[number].entry.line)
    if not (options.json or chosen):
        ask_about(settings.own_words, list(found.values()))


def ask_about(folder: Path, found: Sequence[Proposal]) -> None:
    """One by one, of whoever sits there; where nobody does they are listed."""
    if not found:
        print(learning.NOTHING)
    for each in found:
        print(learning.as_text(each))
        answer = input(learning.QUESTION).strip().lower() if sys.stdin.isatty() else ""
        if answer == "y":
            accept(folder, each.entry)
        elif answer == "n":
            own_words.decline(folder, each.entry.id, each.entry.line)
        elif answer == "q":
            return


def accept(folder: Path, entry: Entry) -> None:
    own_words.add(folder, entry.file, entry.path, entry.word, entry.value)
    print(f"已写入 {folder / entry.file}.toml：{entry.line}", file=sys.stderr)


def proposals(settings: Settings) -> Sequence[Proposal]:
    own = settings.own_words
    tables = extended(shipped_tables(), own_tables(own) if own.is_dir() else {})
    db, now = open_database(settings), Clock()().astimezone(team_zone())
    with Session(db.engine) as session:
        stored = examples.notes(session)
        rows = examples.everything(session)
        right = [Example(row.kind, row.text, row.was, row.became, row.words) for row in rows]
        right += [
            Example("retold", old.text, became=new.text)
            for old, new in examples.retold([note for note, _ in stored])
        ]
        told = [Told(n.text, n.at.astimezone(now.tzinfo), role, n.tags) for n, role in stored]
    declined = own_words.declined(own)
    return propose(right, told, tables, now, declined)


def read_aloud(settings: Settings, options: argparse.Namespace) -> None:
    """What one note is understood to mean, and why."""
    now = (options.now or Clock()()).astimezone(team_zone())
    files = load_files(settings)
    words = files.rules.words
    reading = read_in_full(options.text, now, ReadContext(role=options.role), files.lexicon)
    print(as_json(reading) if options.json else as_table(reading, {**words.stages, **words.tags}))


def moment(written: str) -> datetime:
    """A day or a moment in the team's zone, for arguments."""
    try:
        said = datetime.fromisoformat(written)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{written!r} is no moment; write 2026-01-28 or 2026-01-28T10:20"
        ) from None
    if len(written) <= len("2026-01-28"):
        said = said.replace(hour=9)
    return said if said.tzinfo else said.replace(tzinfo=team_zone())


def team_zone() -> ZoneInfo:
    return ZoneInfo(load_rules().timing.zone)


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
    teaching = commands.add_parser("learn", help="propose words from what people put right")
    teaching.add_argument("--json", action="store_true", help="print the proposals as JSON")
    teaching.add_argument("--accept", nargs="*", default=[], metavar="ID")
    teaching.add_argument("--decline", nargs="*", default=[], metavar="ID")
    inviting = commands.add_parser("invite", help="add a colleague, print the binding code")
    whom = inviting.add_mutually_exclusive_group(required=True)
    whom.add_argument("name", nargs="?")
    whom.add_argument("--from", dest="source", choices=["dingtalk"], help="a whole directory")
    inviting.add_argument("--department", default="", help="with --from: this one and all below")
    inviting.add_argument("--role", default="sales", choices=[str(role) for role in Role])
    reading = commands.add_parser("read", help="show what a note is understood to mean, and why")
    reading.add_argument("text")
    reading.add_argument("--now", type=moment, metavar="2026-01-28T10:20")
    reading.add_argument("--role", default="sales", choices=WRITERS)
    reading.add_argument("--json", action="store_true")
    checking = commands.add_parser("doctor", help="check each configured platform step by step")
    checking.add_argument("--json", action="store_true")
    checking.add_argument("--address", default="", metavar="https://your.address")
    checking.add_argument("--card", default="", metavar="NAME", help="send a test card, wait")
    parking = commands.add_parser("parked", help="list events that were given up")
    parking.add_argument("--again", type=int, nargs="*", default=[], metavar="ID")
    return parser.parse_args(arguments)


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
                asyncio.run(play_demo(settings))
            case "replay":
                asyncio.run(replay(settings, options.file, quiet=options.quiet))
            case "invite" if options.source:
                asyncio.run(enrol(settings, department=options.department, role=options.role))
            case "invite":
                invite(settings, options.name, options.role)
            case "learn":
                learn(settings, options)
            case "read":
                read_aloud(settings, options)
            case "parked":
                parked(settings, options.again)
            case "doctor":
                return asyncio.run(
                    examine(
                        settings, address=options.address, as_json=options.json, card=options.card
                    )
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
