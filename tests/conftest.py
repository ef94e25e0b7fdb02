"""The whole program on the playground, at a time we choose."""

import gc
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Literal

import pytest
import structlog
from sqlmodel import Session

from bot.clock import Clock
from bot.playground.ground import Part
from bot.playground.page import Platform
from bot.playground.player import Player
from bot.playground.wecom.robot.server import Transport
from bot.program import Program
from commands.opening import open_database
from config.schema import ModelSettings
from config.settings import Settings
from main import build, settle_in
from storage import demo

NOW = "2026-01-28T10:20:00+08:00"
MEMBERS = {
    ("sales", "wecom"): "li.xiao",
    ("sales", "dingtalk"): "lixiao01",
    ("sales", "feishu"): "ou_li0000000000000000000000000001",
    ("manager", "wecom"): "wang.jl",
    ("manager", "dingtalk"): "wang0001",
    ("manager", "feishu"): "ou_wang00000000000000000000000001",
    ("delivery", "wecom"): "chen.xiao",
    ("delivery", "dingtalk"): "chen0001",
    ("delivery", "feishu"): "ou_chen00000000000000000000000001",
}
Seating = tuple[Platform, Platform, Platform]
"""Platforms of sales, manager and delivery."""
STORY: Seating = ("wecom", "dingtalk", "feishu")


@pytest.fixture
def quiet_logs() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def company_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the demo company as of NOW, built once and copied for each test."""
    folder = tmp_path_factory.mktemp("company")
    db = open_database(Settings(data=folder, _env_file=None), durable=False)
    settle_in(db, datetime.fromisoformat(NOW), [])
    db.close()
    return folder


def seated(seating: Seating, cast: demo.Players) -> list[Part]:
    sales, manager, delivery = seating
    return [
        Part("sales", sales, MEMBERS["sales", sales], cast.rep),
        Part("manager", manager, MEMBERS["manager", manager], cast.manager),
        Part("delivery", delivery, MEMBERS["delivery", delivery], cast.delivery),
    ]


class Bot(Player):
    """A running program, its people, and a look into its database."""

    def __init__(self, program: Program) -> None:
        assert program.playground is not None
        super().__init__(program.playground, program.runtime)
        self.program = program
        self.clock = program.clock

    def db(self) -> Session:
        return Session(self.program.db.engine)

    async def until(self, moment: str) -> None:
        """Local time, "2026-01-28 14:00"."""
        await self.at(datetime.fromisoformat(f"{moment}:00+08:00"))


Start = Callable[..., Awaitable[Bot]]


@pytest.fixture
async def start(tmp_path: Path, company_file: Path, quiet_logs: None) -> AsyncIterator[Start]:
    """Starts programs; they are stopped at the end of the test."""
    shutil.copytree(company_file, tmp_path, dirs_exist_ok=True)
    running: list[Program] = []

    async def begin(
        seating: Seating = STORY,
        now: str = NOW,
        *,
        hearing: bool = True,
        model: ModelSettings | None = None,
        feishu_long: bool = False,
        wecom_robot: Transport | Literal[""] = "",
        beside_app: bool = False,
        dingtalk_http: bool = False,
        todos: bool = False,
    ) -> Bot:
        settings = Settings(data=tmp_path, model=model, _env_file=None)
        clock = Clock(datetime.fromisoformat(now), frozen=True)
        parts = partial(seated, seating)
        program = build(
            settings,
            clock,
            durable=False,
            parts=parts,
            rate_limits=False,
            hearing=hearing,
            todos=todos,
        )
        running.append(program)
        if feishu_long and program.playground is not None:
            program.playground.feishu.subscribe_long()
        if wecom_robot and program.playground is not None:
            program.playground.wecom.use_robot(wecom_robot, beside_app=beside_app)
            program.playground.wecom.robot.meet()
        if dingtalk_http and program.playground is not None:
            program.playground.dingtalk.subscribe_http()
        if todos and program.playground is not None:
            program.playground.dingtalk.has_todos = True
        await program.start(socket.create_server(("127.0.0.1", 0)))
        return Bot(program)

    yield begin
    for program in running:
        await program.stop()


@pytest.fixture
async def bot(start: Start) -> Bot:
    return await start()


def pytest_collection_finish() -> None:
    """What was collected stays: the collector of garbage need not look at it again and again."""
    gc.collect()
    gc.freeze()
