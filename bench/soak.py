"""Serve through bad weather: a fault every so often, messages all the while; count what arrives.

python -m bench.soak --minutes 30 [--http] [--json]: all three platforms, over their long
connections or over HTTP; the last line is what came of it. Exit status 1 when a message was lost or
a card came twice.
"""

import argparse
import asyncio
import json
import random
import re
import socket
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import structlog
from sqlmodel import Session, col, func, select

from bot.clock import Clock
from bot.playground.dingtalk.limits import Limits
from bot.playground.feishu.gate import Fault
from bot.playground.ground import Part, Playground
from bot.playground.page import Platform
from bot.playground.press import text_of
from bot.program import Program
from commands.play import ground_of
from config.settings import Settings
from main import build
from storage import demo, people
from storage.models import Outbox, Role

SEATS = 60
"""Members of each platform: none says more than his platform lets the bot answer."""
PLATFORMS: Sequence[Platform] = ("wecom", "dingtalk", "feishu")
LASTING = 0.75
"""Of the time until the next fault: silence, repeats and disorder last so long."""
LAST_ANSWERS = 120.0
"""So long what is still on its way may take at the end."""
AFTER_A_BREAK = (0.05, 0.25, 0.75, 3.0)
"""Feishu's repeats, in the time from fault to fault; the real ones are 15 s, 5 min, 1 h and 6 h
apart."""
NUMBER = re.compile(r"X(\d{5,})")
FIRST_NUMBER = 10_000


@dataclass(frozen=True, slots=True)
class Plan:
    seconds: float
    over_http: bool = False
    every: float = 20.0
    """Seconds from one fault to the next."""
    per_second: float = 20.0
    """Messages."""
    seed: int = 1


@dataclass
class Tally:
    """What was said, heard and shown, by number."""

    said: dict[int, tuple[Platform, str]] = field(default_factory=dict)
    unheard: set[int] = field(default_factory=set)
    """The platform had nobody to give it to; DingTalk and WeCom's robot do not repeat it."""
    shown: Counter[int] = field(default_factory=Counter)
    reconnected: list[float] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)

    def lost(self) -> list[int]:
        return [n for n in self.said if not self.shown[n] and n not in self.unheard]

    def doubled(self) -> list[int]:
        return [n for n, times in self.shown.items() if times > 1]


# Speaking ------------------------------------------------------------------------------------


class Talk:
    """Everybody says something in turn; cards are recognised by the model that was named."""

    def __init__(self, ground: Playground, tally: Tally) -> None:
        self._ground = ground
        self._tally = tally
        self._turns = cycle(_turns(ground.parts))
        self._number = FIRST_NUMBER
        self._saying: set[asyncio.Task[None]] = set()

    async def go_on(self, plan: Plan) -> None:
        """At a steady pace, whatever becomes of the others."""
        due = time.perf_counter()
        moment = due + plan.seconds
        while time.perf_counter() < moment:
            task = asyncio.create_task(self._say(next(self._turns)))
            self._saying.add(task)
            task.add_done_callback(self._saying.discard)
            due += 1 / plan.per_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
        await asyncio.gather(*self._saying)

    async def _say(self, part: Part) -> None:
        self._number += 1
        self._tally.said[self._number] = (part.platform, part.member)
        text = f"张总要的X{self._number}型号样机下周三前寄出"
        await self._ground.servers[part.platform].say(part.member, text)


def _turns(parts: Sequence[Part]) -> Iterator[Part]:
    """One of each platform after the other."""
    speakers = [part for part in parts if part.role == "sales"]
    seats = [[part for part in speakers if part.platform == name] for name in PLATFORMS]
    for three in zip(*seats, strict=True):
        yield from three


async def count_cards(ground: Playground, tally: Tally) -> None:
    """Counts what the bot shows for the first time; an edit shows nothing new."""
    messages = ground.world.watch()
    while True:
        shown = await messages.get()
        if shown.sender == "bot" and not shown.edits:
            tally.shown.update({int(number) for number in NUMBER.findall(text_of(shown))})


def note_unheard(owner: Any, name: str, tally: Tally, heard: Callable[[Any], bool]) -> None:
    """Remember of each delivery whether a client took it."""
    deliver = getattr(owner, name)

    async def noted(*args: Any, **options: Any) -> Any:
        answer = await deliver(*args, **options)
        numbers = set(map(int, NUMBER.findall(json.dumps(args, default=str, ensure_ascii=False))))
        if heard(answer):
            tally.unheard -= numbers
        else:
            tally.unheard |= numbers
        return answer

    setattr(owner, name, noted)


# Weather -------------------------------------------------------------------------------------


class Weather:
    """What goes wrong next: all kinds of fault in turn, on a platform drawn by lot."""

    def __init__(self, ground: Playground, tally: Tally, plan: Plan) -> None:
        self._ground = ground
        self._tally = tally
        self._plan = plan
        self._lot = random.Random(plan.seed)

    def kinds(self) -> Mapping[str, Callable[[Platform], Awaitable[None]]]:
        return {
            "socket killed": self._cut,
            "429": self._throttle,
            "5xx": self._fail,
            "expired token": self._revoke,
            "duplicate": self._repeat,
            "silence": self._silence,
            "lost answer": self._drop,
            "reorder": self._reorder,
        }

    async def go_on(self) -> None:
        kinds = self.kinds()
        for kind in islice(cycle(kinds), int(self._plan.seconds / self._plan.every)):
            await asyncio.sleep(self._plan.every)
            platform = self._lot.choice(PLATFORMS)
            self._tally.faults[kind] += 1
            await kinds[kind](platform)

    async def _cut(self, platform: Platform) -> None:
        """Every line of the platform; how long until it is there again."""
        lines = self._lines(platform)
        if lines is None:
            return
        before = list(lines.lines)
        began = time.perf_counter()
        lines.cut()
        while not any(line not in before for line in lines.lines):  # noqa: ASYNC110 - a bench looks on
            await asyncio.sleep(0.02)
        self._tally.reconnected.append(time.perf_counter() - began)

    async def _silence(self, platform: Platform) -> None:
        lines = self._lines(platform)
        if lines is not None:
            lines.silent = True
            await asyncio.sleep(LASTING * self._plan.every)
            lines.silent = False

    def _lines(self, platform: Platform) -> Any:
        """The gateway of the platform's long connection; None when it has none."""
        ground = self._ground
        gateways: dict[Platform, Any] = {
            "dingtalk": ground.dingtalk.gateway,
            "feishu": ground.feishu.lines,
            "wecom": ground.wecom.robot.gateway,
        }
        over = gateways[platform]
        return over if over.lines else None

    async def _throttle(self, platform: Platform) -> None:
        if platform == "wecom":
            self._spoil_wecom(45009)
        elif platform == "dingtalk":
            self._ground.dingtalk.faults.refuse(
                "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", status=403, times=5
            )
        else:
            self._ground.feishu.gate.faults.extend(
                [Fault("error", 99991400, 429, retry_after=1.0)] * 5
            )

    async def _fail(self, platform: Platform) -> None:
        if platform == "wecom":
            self._spoil_wecom(-1)
        elif platform == "dingtalk":
            self._ground.dingtalk.faults.refuse("ServiceUnavailable", status=503, times=5)
        else:
            self._ground.feishu.gate.faults.extend([Fault("error", 2200, 503)] * 5)

    async def _drop(self, platform: Platform) -> None:
        """It is done, and the answer does not arrive."""
        if platform == "wecom":
            if not self._ground.wecom.robot.gateway.lines:
                self._ground.wecom.gate.fail("lost", times=3)
        elif platform == "dingtalk":
            self._ground.dingtalk.faults.drop(times=3)
        else:
            self._ground.feishu.gate.faults.extend([Fault("drop")] * 3)

    def _spoil_wecom(self, code: int) -> None:
        if self._ground.wecom.robot.gateway.lines:
            self._ground.wecom.robot.gateway.fail(code, times=5)
        else:
            self._ground.wecom.gate.fail(code, times=5)

    async def _revoke(self, platform: Platform) -> None:
        self._ground.wecom.gate.revoke_token()
        self._ground.dingtalk.door.revoke_token()
        self._ground.feishu.gate.forget_tokens()

    async def _repeat(self, platform: Platform) -> None:
        await self._for_a_while(_twice)

    async def _reorder(self, platform: Platform) -> None:
        await self._for_a_while(_late)

    async def _for_a_while(self, change: Callable[[Any], Any]) -> None:
        doors = self._doors()
        usual = [getattr(owner, name) for owner, name in doors]
        for (owner, name), deliver in zip(doors, usual, strict=True):
            setattr(owner, name, change(deliver))
        await asyncio.sleep(LASTING * self._plan.every)
        for (owner, name), deliver in zip(doors, usual, strict=True):
            setattr(owner, name, deliver)

    def _doors(self) -> list[tuple[Any, str]]:
        """Where each platform hands over what people say."""
        ground = self._ground
        return [
            (ground.wecom.callbacks, "deliver"),
            (ground.wecom.robot.gateway, "deliver"),
            (ground.dingtalk.gateway, "deliver"),
            (ground.dingtalk.courier, "message"),
            (ground.feishu.pusher, "event"),
        ]


def _twice(deliver: Any) -> Any:
    async def repeated(*args: Any, **options: Any) -> Any:
        answer, _ = await asyncio.gather(deliver(*args, **options), deliver(*args, **options))
        return answer

    return repeated


def _late(deliver: Any) -> Any:
    """Each second message overtakes the one before."""
    turns = cycle((0.7, 0.0))

    async def delayed(*args: Any, **options: Any) -> Any:
        await asyncio.sleep(next(turns))
        return await deliver(*args, **options)

    return delayed


# The run -------------------------------------------------------------------------------------


async def soak(plan: Plan) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        program = _program(Path(folder), plan)
        await program.start(socket.create_server(("127.0.0.1", 0)))
        try:
            return await _weathered(program, plan)
        finally:
            await program.stop()


def _program(folder: Path, plan: Plan) -> Program:
    program = build(Settings(data=folder, _env_file=None), Clock(), parts=_crowd)
    ground = ground_of(program)
    if plan.over_http:
        ground.dingtalk.subscribe_http()
    else:
        ground.feishu.subscribe_long()
        ground.wecom.use_robot("long")
        ground.wecom.robot.meet()
    ground.dingtalk.quota.limits = Limits(
        calls_per_second=100, calls_per_month=10**9, deliveries_per_month=10**9
    )
    ground.feishu.pusher.retry_seconds = tuple(part * plan.every for part in AFTER_A_BREAK)
    with Session(program.db.engine) as db:
        for part in ground.parts[: SEATS * len(PLATFORMS)]:
            person = people.add(db, part.name, Role.SALES)
            people.bind(db, person.id or 0, part.address, program.clock())
        db.commit()
    return program


def _crowd(cast: demo.Players) -> list[Part]:
    seats = [
        Part("sales", platform, f"ou_{platform}{number:02}", f"销售{number}（{platform}）")
        for platform in PLATFORMS
        for number in range(SEATS)
    ]
    return [
        *seats,
        Part("manager", "dingtalk", "boss", cast.manager),
        Part("delivery", "feishu", "ou_delivery", cast.delivery),
    ]


async def _weathered(program: Program, plan: Plan) -> dict[str, Any]:
    ground, tally = ground_of(program), Tally()
    note_unheard(ground.dingtalk.gateway, "deliver", tally, lambda answer: answer is not None)
    note_unheard(ground.wecom.robot.gateway, "deliver", tally, bool)
    counting = asyncio.create_task(count_cards(ground, tally))
    await asyncio.gather(Talk(ground, tally).go_on(plan), Weather(ground, tally, plan).go_on())
    patience = time.perf_counter() + LAST_ANSWERS
    while tally.lost() and time.perf_counter() < patience:  # noqa: ASYNC110 - a bench looks on
        await asyncio.sleep(0.5)
    counting.cancel()
    return {
        "sent": len(tally.said),
        "lost": len(tally.lost()),
        "doubled": len(tally.doubled()),
        "unheard": len(tally.unheard - set(tally.shown)),
        **await asyncio.to_thread(_refusals, program),
        "reconnect_median_s": round(statistics.median(tally.reconnected or [0.0]), 2),
        "faults": dict(tally.faults),
    }


def _refusals(program: Program) -> dict[str, int]:
    with Session(program.db.engine) as db:
        states = dict(db.exec(select(Outbox.state, func.count()).group_by(col(Outbox.state))).all())
    return {"refused": states.get("refused", 0), "waiting": states.get("queued", 0)}


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--http", action="store_true", help="callbacks instead of long connections")
    parser.add_argument("--every", type=float, default=20.0, help="seconds between faults")
    parser.add_argument("--per-second", type=float, default=20.0, help="messages")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="nothing but the last line")
    options = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    plan = Plan(options.minutes * 60, options.http, options.every, options.per_second, options.seed)
    found = asyncio.run(soak(plan))
    if not options.json:
        print("\n".join(f"{name:>20}  {value}" for name, value in found.items()))
    print(json.dumps(found, ensure_ascii=False))
    return 0 if found["lost"] == found["doubled"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
