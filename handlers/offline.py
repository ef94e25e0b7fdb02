"""Nobody was connected to a platform for a while: administrators hear of it, never at night.

A network that fails takes all connections with it, so whatever ends within a minute is told as one
message, and whatever happens in quiet hours when those are over.
"""

from datetime import datetime, timedelta

from bot.context import Context
from bot.events import TimerFired, WasOffline
from bot.router import Router
from cards import offline as cards
from cards.offline import Outage
from storage import people, timers
from storage.models import Role

TOLD = "offline.told"
TOGETHER = timedelta(minutes=1)
NAMED = 10
"""So many outages are told one by one."""
MORE = "more"

router = Router()


@router.on(WasOffline)
def note_outage(event: WasOffline, ctx: Context) -> None:
    waiting = timers.find(ctx.db, TOLD, 0)
    noted = dict(waiting.data) if waiting else {}
    noted[f"{event.platform} {event.since.isoformat()}"] = event.at.isoformat()
    due = waiting.due if waiting else ctx.awake_moment(ctx.now + TOGETHER)
    ctx.wake(TOLD, 0, due, _latest(noted))


@router.timer(TOLD)
def tell_administrators(event: TimerFired, ctx: Context) -> None:
    noted = dict(event.data)
    more = int(noted.pop(MORE, "0"))
    outages = [_outage(ctx, name, until) for name, until in sorted(noted.items(), key=_end)]
    card = cards.offline_card(outages, more, ctx.today)
    for person in people.in_role(ctx.db, Role.ADMIN):
        ctx.tell(person, card, once=f"{event.key}:{person.id}")


def _latest(noted: dict[str, str]) -> dict[str, str]:
    """The last ones by name, the others as a number."""
    more = int(noted.pop(MORE, "0"))
    ended = sorted(noted.items(), key=_end)
    more += max(0, len(ended) - NAMED)
    return dict(ended[-NAMED:]) | ({MORE: str(more)} if more else {})


def _end(noted: tuple[str, str]) -> tuple[str, str]:
    name, until = noted
    return until, name


def _outage(ctx: Context, name: str, until: str) -> Outage:
    platform, _, since = name.partition(" ")
    return Outage(platform, _local(ctx, since), _local(ctx, until))


def _local(ctx: Context, written: str) -> datetime:
    return datetime.fromisoformat(written).astimezone(ctx.zone)
