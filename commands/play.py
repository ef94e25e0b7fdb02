"""`demo` and `replay`: a program of its own on the playground, and what everybody sees."""

import socket
import tempfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from sqlmodel import Session

from bot.clock import Clock
from bot.playground.ground import Playground
from bot.playground.script import STORY_DAY, BadNotes, play_day, read_notes, replay_notes
from bot.program import Program
from config.settings import BadSettings, Settings
from storage import inbox


class Build(Protocol):
    """Makes a program; see `main.build`."""

    def __call__(
        self, settings: Settings, clock: Clock, *, durable: bool, rate_limits: bool
    ) -> Program: ...


async def with_program(
    settings: Settings, clock: Clock, build: Build, work: Callable[[Program], Awaitable[None]]
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


async def play_demo(settings: Settings, build: Build) -> None:
    """The story of one day, as text, on a clock of its own and a database that is thrown away."""
    clock = Clock(STORY_DAY, frozen=True)

    async def play(program: Program) -> None:
        await play_day(ground_of(program), program.runtime, print)

    await with_program(settings, clock, build, play)


async def replay(settings: Settings, build: Build, file: Path, *, quiet: bool) -> None:
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

    await with_program(settings, clock, build, play)


def ground_of(program: Program) -> Playground:
    """Raises BadSettings: real platforms are never played with."""
    if program.playground is None:
        raise BadSettings(
            "demo and replay need the playground. Remedy: unset WECOM__*, DINGTALK__*, FEISHU__*."
        )
    return program.playground
