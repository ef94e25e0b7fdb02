"""Draws what happened to leads that no story is written about."""

from collections.abc import Iterator, Sequence
from random import Random

from storage.demo.data import Shape
from storage.demo.diary import Diary
from storage.demo.plans import Came, Plan, Touch, Word
from storage.models import CLOSED_STAGES, STAGES, Contact, Customer

HORIZON = 63
"""Working days the history reaches back: about 90 days."""
FRESH, STALE = (1, 6), (8, 20)
"""Working days since the last touch of an open lead: of one that is cared for, of a silent one."""
SILENT = 0.12
"""Chance that an open lead is a silent one."""
ENDS = {"new": 2, "contacted": 4, "qualified": 4, "proposal_sent": 5, "negotiation": 3}
"""How often a lead stands at a stage, in relation to each other."""
CLOSED_ENDS = {"won": 4, "lost": 3}
ASIDE = 0.15
"""Chance of a touch that moves no stage."""
PLAIN = 3
"""How much more often a sentence without a promise is drawn."""
SETTLED = {Came.DONE: 14, Came.LATE: 3, Came.CANCELLED: 2}
UNSETTLED = {Came.ACCEPTED: 5, Came.AGREED: 2, Came.COUNTERED: 1, Came.REFUSED: 1}


class Product(Shape):
    name: str
    fits: tuple[str, ...]
    """What names of its buyers contain."""
    price: tuple[int, int]


class Source(Shape):
    source: str
    channel: str
    said: tuple[str, ...]


class Talk(Shape):
    stage: str
    said: tuple[str, ...]
    tags: tuple[str, ...] = ()
    promise: Word | None = None


class Talks(Shape):
    products: tuple[Product, ...]
    sources: tuple[Source, ...]
    talks: tuple[Talk, ...]


def draw(talks: Talks, customer: Customer, contact: Contact, diary: Diary) -> Plan:
    """One possible past of a lead with that contact."""
    rng = diary.rng
    product = rng.choice([p for p in talks.products if any(w in customer.name for w in p.fits)])
    source = rng.choice(talks.sources)
    amount = rng.randrange(*product.price, 5000)
    facts = {"{who}": contact.name, "{what}": product.name, "{price}": f"{amount / 10000:g}"}
    end = _weighed({**ENDS, **CLOSED_ENDS}, rng)
    stages = list(_path(end, rng))
    is_silent, is_open = rng.random() < SILENT, end not in CLOSED_STAGES
    began, *days = _days(len(stages), is_open, is_silent, rng)
    steps = zip(stages, days, strict=True)
    return Plan(
        source=source.source,
        channel=source.channel,
        said=_fill(rng.choice(source.said), facts),
        began=began,
        touches=tuple(_touch(talks, stage, back, facts, diary) for stage, back in steps),
        amount=amount,
        next=rng.randint(1, 8) if is_open and not is_silent else None,
        close=rng.randint(10, 60) if is_open else None,
    )


def _path(end: str, rng: Random) -> Iterator[str]:
    """The stages on the way to an end, with asides; a lost lead leaves the way somewhere."""
    ways = STAGES[1 : STAGES.index(end) + 1]
    if end == "lost":
        ways = (*STAGES[1 : rng.randint(2, 5)], end)
    for stage in ways:
        if stage != STAGES[1] and rng.random() < ASIDE:
            yield ""
        yield stage


def _days(touches: int, is_open: bool, is_silent: bool, rng: Random) -> list[int]:
    """Working days back of the first touch and of each further one, the farthest first."""
    span = (STALE if is_silent else FRESH) if is_open else (1, HORIZON // 2)
    last = rng.randint(*span)
    began = rng.randint(last + 2 * touches, HORIZON)
    between = rng.sample(range(last + 1, began), max(0, touches - 1))
    return sorted({last, *between, began} if touches else {last}, reverse=True)


def _touch(talks: Talks, stage: str, back: int, facts: dict[str, str], diary: Diary) -> Touch:
    fitting = [talk for talk in talks.talks if talk.stage == stage]
    weights = [1 if talk.promise else PLAIN for talk in fitting]
    talk = diary.rng.choices(fitting, weights)[0]
    promise = talk.promise
    if promise is not None:
        came = _came(promise, back, diary)
        text = _fill(promise.text, facts)
        promise = promise.model_copy(update={"text": text, "came": came})
    said = _fill(diary.rng.choice(talk.said), facts)
    return Touch(back=back, said=said, stage=stage, tags=talk.tags, promise=promise)


def _came(word: Word, back: int, diary: Diary) -> Came:
    """What became of a promise: settled when its time, and some days of grace, are over."""
    grace = 4
    if back > word.days + grace:
        return Came(_weighed(SETTLED, diary.rng))
    return Came.PENDING if back == 1 else Came(_weighed(UNSETTLED, diary.rng))


def _weighed(weights: dict[str, int] | dict[Came, int], rng: Random) -> str:
    names: Sequence[str] = list(weights)
    return rng.choices(names, list(weights.values()))[0]


def _fill(sentence: str, facts: dict[str, str]) -> str:
    for name, value in facts.items():
        sentence = sentence.replace(name, value)
    return sentence
