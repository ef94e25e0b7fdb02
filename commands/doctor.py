"""`doctor`: each configured platform step by step, and a test card if one is asked for."""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from functools import partial

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from bot.clock import Clock
from bot.platforms.checkup import Doctor, Step, as_lines
from bot.runtime.budget import CALLS
from bot.runtime.proof import Patience, Proof
from commands.opening import open_database
from config.settings import BadSettings, Settings
from storage import people, quotas
from storage.db import connect


async def examine(
    settings: Settings, called: Sequence[Doctor], *, as_json: bool, card: str = ""
) -> int:
    """0 when no step failed, else 2. With `card` somebody of that name gets a test card on each
    platform."""
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
