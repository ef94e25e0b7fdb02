"""The cards people meet most, as the running program draws them, and the page that shows them."""

import json
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session

from bot.playground.page import Platform
from bot.playground.press import text_of
from bot.playground.world import ExternalContact, Member, Shown
from cards.model import Card, dump
from storage import outbox, people, quotas
from storage.models import Role
from storage.outbox import Draft
from tests.conftest import MEMBERS, Bot

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests/payloads/gallery"
PAGE = ROOT / "docs/cards.md"
PLATFORMS: dict[Platform, str] = {"wecom": "WeCom", "dingtalk": "DingTalk", "feishu": "Feishu"}
EPOCH = datetime.fromisoformat("2026-01-28T10:20:00+08:00")
NOTE = "张总说价格高，对比了XX，样机下周三前寄出"
TWO_DAYS = "答应张总样机下周三(2月5日)寄出"
TWO_LEADS = "李主任嫌贵，想再压压价"
STREAM = ("dingtalk", "stream")
CUSTOMER = ExternalContact("wmLi0001", "李女士", "青禾科技", "采购经理", (), "展会3号馆")
Take = Callable[[str, Shown], Awaitable[None]]
"""What is done with a card the moment it stands in somebody's chat."""


@dataclass(frozen=True, slots=True)
class Entry:
    """`who` gets it, `when`, and what it is `meant` for."""

    key: str
    title: str
    who: str
    when: str
    meant: str


ENTRIES = (
    Entry(
        "help",
        "Help",
        "anybody",
        "after `帮助`",
        "How to talk to the bot, on one screen.",
    ),
    Entry(
        "today",
        "Today",
        "anybody",
        "after `今日`",
        "Whom to contact today, what we owe to whom, and who owes us. In Feishu what is done is "
        "ticked off in place.",
    ),
    Entry(
        "echo",
        "Echo",
        "the salesperson",
        "right after a note",
        "What was understood, with the words it was read from. Nothing counts before 确认.",
    ),
    Entry(
        "logged",
        "Echo, confirmed",
        "the salesperson",
        "after 确认; the echo card changes in place",
        "The record, and where its promise stands.",
    ),
    Entry(
        "ask",
        "Task",
        "delivery",
        "a promise was confirmed and is theirs to keep",
        "Accept, name the earliest day, or refuse.",
    ),
    Entry(
        "counter",
        "Delivery's day",
        "the salesperson",
        "delivery named another day with 最早这天",
        "The salesperson decides. Until then nothing changes for the customer.",
    ),
    Entry(
        "agreed",
        "Agreed",
        "the salesperson",
        "after 接受",
        "The decision, and the words to copy to the customer. The bot sends them to nobody.",
    ),
    Entry(
        "corrected",
        "Task, corrected",
        "delivery",
        "the salesperson wrote 不对，是X2型号",
        "The same task with what it said before. Edited in place; WeCom edits a card only in "
        "answer to a click on it, so there a new one takes its place.",
    ),
    Entry(
        "lead",
        "New lead",
        "the salesperson",
        "a customer became a WeCom contact, whichever IM the salesperson uses",
        "Who it is and where from. What could not be learnt says so.",
    ),
    Entry(
        "form",
        "Follow-up form",
        "the salesperson",
        "after +跟进",
        "Tick the worries, write one sentence. Where a card has no text field, the sentence "
        "is the next message.",
    ),
    Entry(
        "doubt",
        "Echo with a question",
        "the salesperson",
        "a note can be read in two ways",
        "One question at most, answered by a tap or a word. What else is unsure carries a ？.",
    ),
    Entry(
        "which",
        "Which lead",
        "the salesperson",
        "a note fits several customers",
        "Asked once.",
    ),
    Entry(
        "silent",
        "Silent lead",
        "the salesperson",
        "72 hours without follow-up, in working hours, once",
        "A reminder that says how the hours were counted.",
    ),
    Entry(
        "escalated",
        "Lead at risk",
        "the manager",
        "24 hours after the reminder nothing has happened",
        "Nudge the owner, give the lead to somebody else, or wait.",
    ),
    Entry(
        "late",
        "Late promise",
        "the salesperson and delivery",
        "12 hours after the latest day, once",
        "Both sides hear the same.",
    ),
    Entry(
        "history",
        "History",
        "whoever may see the promise",
        "after 来历",
        "Who, when and from which sentence, step by step; and who can see it.",
    ),
    Entry(
        "done",
        "Task, done",
        "delivery",
        "after 已完成",
        "The settled task: its buttons have gone.",
    ),
    Entry(
        "finished",
        "Delivered",
        "the salesperson",
        "delivery is done",
        "Time to tell the customer.",
    ),
    Entry(
        "unreached",
        "Message that reached nobody",
        "administrators",
        "a platform refused a message, and no other IM was left; once for each receiver and day",
        "Who, how many, the platform's own words, and the remedy.",
    ),
    Entry(
        "quota",
        "Allowance running out",
        "administrators",
        "less than `DINGTALK__LOW_SHARE` of a month's calls is left; once a month",
        "What runs out and what the bot does about it.",
    ),
)
KEYS = tuple(entry.key for entry in ENTRIES)


# Playing ---------------------------------------------------------------------------------


async def play(bot: Bot, platform: Platform, take: Take) -> None:
    """Ten days in which each card of the gallery turns up, with everybody on one platform."""

    async def took(key: str, role: str, words: str) -> None:
        await take(key, newest(bot, role, words))

    await look_round(bot, took)
    await hand_over(bot, took)
    await meet_a_customer(bot, platform, took)
    await be_unclear(bot, took)
    await fall_behind(bot, took)
    await run_into_trouble(bot, platform, took)


Took = Callable[[str, str, str], Awaitable[None]]


def newest(bot: Bot, role: str, words: str) -> Shown:
    """What the bot last put into somebody's chat with these words on it."""
    shown = [m for m in bot.ground.shown_to(role) if m.sender == "bot"]
    return next(m for m in reversed(shown) if words in text_of(m))


async def look_round(bot: Bot, took: Took) -> None:
    await bot.says("sales", "帮助")
    await took("help", "sales", "")
    await bot.says("sales", "今日")
    await took("today", "sales", "")


async def hand_over(bot: Bot, took: Took) -> None:
    await bot.says("sales", NOTE)
    await took("echo", "sales", "待确认")
    await bot.presses("sales", "确认")
    await took("logged", "sales", "已记下")
    await took("ask", "delivery", "请接单")
    await bot.until("2026-01-28 10:21")
    await bot.presses("delivery", "最早这天", {"day": ("2026-02-05",)})
    await took("counter", "sales", "接受并通知客户")
    await bot.until("2026-01-28 10:22")
    await bot.presses("sales", "接受")
    await took("agreed", "sales", "您要的样机预计2月5日寄出")
    await bot.until("2026-01-28 14:00")
    await bot.says("sales", "不对，是X2型号")
    await took("corrected", "delivery", "X2型号")


async def meet_a_customer(bot: Bot, platform: Platform, took: Took) -> None:
    """Customers come by WeCom; the card goes to the IM the salesperson wrote in last."""
    member = MEMBERS["sales", "wecom"]
    if platform != "wecom":
        bot.ground.world.join("wecom", Member(member, "小李"))
        await bot.program.db.write(lambda db: also_in_wecom(db, bot, member))
    await bot.ground.wecom.add_contact(member, CUSTOMER)
    await bot.loops.settle()
    await took("lead", "sales", "新线索")
    await bot.presses("sales", "+跟进", on="新线索")
    await took("form", "sales", "价格疑虑")


def also_in_wecom(db: Session, bot: Bot, member: str) -> None:
    """Bound there, and not heard there since."""
    person = people.by_address(db, bot.ground.seat("sales").address)
    assert person is not None
    people.bind(db, person.id or 0, f"wecom:{member}", EPOCH)


async def be_unclear(bot: Bot, took: Took) -> None:
    await bot.says("sales", TWO_DAYS)
    await took("doubt", "sales", "对不上")
    await bot.says("sales", "撤回")
    await bot.says("sales", TWO_LEADS)
    await took("which", "sales", "记到谁名下")


async def fall_behind(bot: Bot, took: Took) -> None:
    await bot.until("2026-02-03 15:00")
    await took("silent", "sales", "张总")
    await took("escalated", "manager", "张总")
    await bot.until("2026-02-06 12:00")
    await took("late", "sales", "已超 12 小时")
    await bot.presses("sales", "来历", on="已超 12 小时")
    await took("history", "sales", "谁能看到")
    await bot.presses("delivery", "已完成", on="已超 12 小时")
    await took("done", "delivery", "怎么算的")
    await took("finished", "sales", "已交付")


async def run_into_trouble(bot: Bot, platform: Platform, took: Took) -> None:
    """The manager is made an administrator; delivery's account disappears."""
    gone = bot.ground.world.members[platform].pop(bot.ground.seat("delivery").member)
    await bot.program.db.write(lambda db: promote_and_tell(db, bot, f"{platform}:{gone.id}"))
    bot.program.runtime.ring()
    await bot.loops.settle()
    await bot.until("2026-02-06 14:00")
    await took("unreached", "manager", "消息没送到")
    await bot.program.db.write(lambda db: quotas.use_up(db, *STREAM, bot.clock(), 2_700))
    await bot.program.runtime.meter.spend(*STREAM)
    await bot.loops.settle()
    await took("quota", "manager", "额度不多了")


def promote_and_tell(db: Session, bot: Bot, gone: str) -> None:
    manager = people.by_address(db, bot.ground.seat("manager").address)
    delivery = people.by_address(db, gone)
    assert manager is not None
    assert delivery is not None
    manager.role = Role.ADMIN
    db.add(manager)
    draft = Draft(gone, dump(Card(text="X2型号样机的事，方便时看一下。")), person_id=delivery.id)
    outbox.put(db, draft, bot.clock())


# Goldens ---------------------------------------------------------------------------------


def golden(key: str, platform: str) -> Path:
    return GOLDEN / f"{key}.{platform}.json"


def wire(payload: dict[str, Any]) -> str:
    """As it crossed the wire, without what differs from run to run."""
    told = json.dumps(payload, ensure_ascii=False, indent=2)
    told = re.sub(r'("(?:task_id|outTrackId|c)": )"\w+"', r'\1"…"', told)
    told = re.sub(r"(?<=log id )[0-9A-F]{32}", "…", told)
    return re.sub(r"http://127\.0\.0\.1:\d+", "http://127.0.0.1:8080", told) + "\n"


# The page --------------------------------------------------------------------------------


def page() -> str:
    """docs/cards.md, from the goldens."""
    chapters = ["\n".join(chapter(entry)) for entry in ENTRIES]
    contents = "\n".join(f"- [{e.title}](#{anchor(e.title)}), for {e.who}" for e in ENTRIES)
    return "\n".join([HEAD, contents, "", *chapters])


HEAD = """# Cards

What the bot puts into people's chats, on the three platforms side by side. All of it was made by
the running program on the playground: the pictures, the texts (as in WeCom), and the payloads as
each platform's client is given them. `tests/cards/test_gallery.py` compares the payloads and says
when this page is out of date; `YINUO_GALLERY=rewrite` writes both anew.
`tests/playground/test_gallery_in_chromium.py` takes the pictures, with
`YINUO_SCREENSHOTS=docs/screenshots`.

One builder in `cards/` says what a card means; a renderer for each platform in `cards/render/`
draws it. What a platform cannot show becomes text or typed words, so that nothing is lost.
"""


def anchor(title: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def chapter(entry: Entry) -> Iterator[str]:
    payloads = {p: golden(entry.key, p).read_text(encoding="utf-8") for p in PLATFORMS}
    yield f"## {entry.title}\n\n{entry.meant}\n\nFor {entry.who}: {entry.when}.\n"
    yield f"```text\n{words(entry.key, payloads['wecom'])}\n```\n"
    yield from row(PLATFORMS.values())
    yield from row("---" for _ in PLATFORMS)
    yield from row(
        f"![{entry.title} in {name}](screenshots/cards/{entry.key}.{platform}.png)"
        for platform, name in PLATFORMS.items()
    )
    yield ""
    for platform, name in PLATFORMS.items():
        yield f"<details><summary>Payload in {name}</summary>\n"
        yield f"```json\n{payloads[platform]}```\n\n</details>\n"


def row(cells: Any) -> Iterator[str]:
    yield f"| {' | '.join(cells)} |"


def words(key: str, payload: str) -> str:
    """What stands on the card in WeCom, without markup."""
    shown = Shown(key, "wecom", "", "bot", "card", json.loads(payload), EPOCH)
    return re.sub(r"</?font[^>]*>|\*\*|^> ", "", text_of(shown), flags=re.MULTILINE).strip()
