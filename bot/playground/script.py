"""The day of the product's story, and the replay of written notes, through the real adapters."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.playground.ground import Playground
from bot.playground.player import Loops, Player
from bot.playground.press import text_of
from bot.playground.world import Shown

Tell = Callable[[str], None]
STORY_DAY = datetime.fromisoformat("2026-01-28T08:50:00+08:00")


async def play_day(ground: Playground, loops: Loops, tell: Tell) -> None:
    """Play the story; what changes in anybody's chat is told as text."""
    player, seen = Player(ground, loops), Watcher(ground)
    clock = STORY_DAY.replace

    async def scene(moment: datetime, title: str) -> None:
        await player.at(moment)
        tell(f"\n══ {moment:%m-%d %H:%M}  {title}")

    await scene(clock(minute=51), "销售先看今天")
    await player.says("sales", "今日")
    seen.tell(tell)
    await scene(clock(hour=10, minute=20), "销售说一句话")
    await player.says("sales", "张总说价格高，对比了XX，样机下周三前寄出")
    seen.tell(tell)
    await player.presses("sales", "确认")
    seen.tell(tell)
    await scene(clock(hour=10, minute=21), "交付：最早 02-05")
    await player.presses("delivery", "最早这天", {"day": ("2026-02-05",)})
    seen.tell(tell)
    await scene(clock(hour=10, minute=22), "销售接受")
    await player.presses("sales", "接受")
    seen.tell(tell)
    await scene(clock(hour=14, minute=0), "销售更正型号")
    await player.says("sales", "不对，是X2型号")
    seen.tell(tell)
    await scene(STORY_DAY + timedelta(days=9, hours=4), "过了期限：双方都会知道")
    seen.tell(tell)
    await player.presses("delivery", "已完成")
    tell("\n══ 交付点“已完成”")
    seen.tell(tell)


class Watcher:
    """Notices what is new or has changed in the seats' chats."""

    def __init__(self, ground: Playground) -> None:
        self._ground = ground
        self._known: dict[str, int] = {}

    def news(self) -> list[tuple[str, Shown]]:
        """Seat's title and message, for each message shown or edited since the last call."""
        fresh = []
        for part in self._ground.parts:
            for message in self._ground.world.chat(part.platform, part.member):
                edits = self._known.get(message.id)
                if edits != message.edits:
                    fresh.append((f"{part.name}（{part.platform}）", message))
                    self._known[message.id] = message.edits
        return fresh

    def tell(self, tell: Tell) -> None:
        for seat, message in self.news():
            tell(as_text(seat, message))


def as_text(seat: str, message: Shown) -> str:
    """One message with its seat, as it stands in the chat."""
    who = f"{seat} 收到" if message.sender == "bot" else f"{seat} 说"
    edited = "（卡片已更新）" if message.edits else ""
    body = "\n".join(f"  │ {line}" for line in text_of(message).splitlines())
    return f"\n▸ {who}{edited}\n{body}"


# Replay ----------------------------------------------------------------------------------


class BadNotes(ValueError):
    """A line of the notes' file cannot be used; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Note:
    id: str
    now: datetime
    role: str
    text: str


@dataclass
class Totals:
    """What a replay came to. Times in milliseconds, one a note, from callback to settled."""

    notes: int = 0
    cards: int = 0
    silent: int = 0
    millis: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return sorted(self.millis)[len(self.millis) // 2] if self.millis else 0.0


def read_notes(file: Path) -> list[Note]:
    """Notes in the order of their time. Raises BadNotes."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise BadNotes(f"{file}: cannot be read: {problem}") from None
    notes = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            notes.append(_note(file, number, line))
    return sorted(notes, key=lambda note: note.now)


def _note(file: Path, number: int, line: str) -> Note:
    try:
        raw: dict[str, Any] = json.loads(line)
        now = datetime.fromisoformat(raw["now"])
        note = Note(str(raw["id"]), now, str(raw.get("role", "sales")), str(raw["text"]))
    except (ValueError, KeyError, TypeError) as problem:
        raise BadNotes(f"{file}:{number}: {type(problem).__name__}: {problem}") from None
    if now.tzinfo is None:
        raise BadNotes(f"{file}:{number}: now = {raw['now']!r} has no time zone")
    return note


async def replay_notes(
    ground: Playground, loops: Loops, notes: Sequence[Note], tell: Tell
) -> Totals:
    """Each note as an encrypted WeCom callback at its own time through the whole program."""
    player, seen, totals = Player(ground, loops), Watcher(ground), Totals()
    seen.news()
    for note in notes:
        await player.at(note.now)
        seen.news()
        began = time.perf_counter()
        await player.says("sales", note.text)
        totals.millis.append((time.perf_counter() - began) * 1000)
        answers = [(seat, m) for seat, m in seen.news() if m.sender == "bot"]
        totals.notes += 1
        totals.cards += len(answers)
        totals.silent += not answers
        tell(f"\n══ {note.id}  {note.now:%Y-%m-%d %H:%M}  {note.text}")
        for seat, message in answers:
            tell(as_text(seat, message))
    return totals
