"""A program that serves alone in a process, told by a word what it is to do with its events.

python -m bench.serving FOLDER idle|working: prints its address and the secrets of its imitated
WeCom as a line of JSON and serves until it is killed. `idle` has no handlers: taking callbacks in
is all it does.
"""

import asyncio
import json
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog
from sqlmodel import Session, col, select

from bot.clock import Clock
from bot.playground.ground import Part
from bot.playground.world import Member
from bot.program import Program
from bot.runtime.runtime import Runtime
from cards.help import parked_card
from commands.play import ground_of
from config.loader import load_rules
from config.settings import Settings
from main import build, settle_in
from storage.models import Person, Role


async def serve(folder: Path, *, working: bool) -> None:
    clock = Clock()
    program = build(Settings(data=folder, _env_file=None), clock, rate_limits=False)
    reps = _salespeople(program)
    settle_in(program.db, clock(), reps)
    if not working:
        program.runtime = _without_handlers(program)
    await program.start(socket.create_server(("127.0.0.1", 0)))
    ground = ground_of(program)
    for rep in reps:
        ground.world.join("wecom", Member(rep.member, rep.name))
    wecom = ground.wecom
    told = {
        "url": wecom.callback_url,
        "corp_id": wecom.corp_id,
        "agent_id": wecom.agent_id,
        "token": wecom.callbacks.token,
        "aes_key": wecom.callbacks.aes_key,
        "senders": [rep.member for rep in reps],
    }
    print(json.dumps(told), flush=True)
    await asyncio.Event().wait()


def _salespeople(program: Program) -> Sequence[Part]:
    """Everybody who sells, with an account in WeCom."""
    with Session(program.db.engine) as db:
        names = db.scalars(select(Person.name).where(col(Person.role) == Role.SALES)).all()
    return [Part("sales", "wecom", f"rep.{n}", name) for n, name in enumerate(names)]


def _without_handlers(program: Program) -> Runtime:
    rules = load_rules()
    return Runtime(
        program.db,
        program.clock,
        platforms=program.platforms,
        routers=(),
        rules=lambda: rules,
        calls={},
        sorry=parked_card,
    )


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    asyncio.run(serve(Path(sys.argv[1]), working=sys.argv[2] == "working"))
