"""Judge whether a promise stands: open, asked for, kept, called off, or never made."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime

from nlp.acts import Act
from nlp.clauses import condition_before, due_times, is_ahead, is_chore
from nlp.due import around
from nlp.note import Clause, Note
from nlp.sides import US_DEMANDED, subject_before
from nlp.time.types import TimeSpan
from nlp.types import PromiseState

Verdict = PromiseState | None
OURS_TO_KEEP = frozenset(
    {"sample", "quote", "proposal", "shipment", "install", "service", "invoice", "demo", "training"}
)
MEETING = frozenset({"visit", "demo"})
NEGATED_ACT = re.compile(
    r"(?:还没|没有?|未|尚未|从不|一直没|忘了|忘记)[^,]{0,5}$|\bnot\b[^,.]{0,8}$|n't [a-z]{0,8}$"
)
PLEASE_YOU = re.compile(
    r"(?:请|麻烦|烦请|劳驾|辛苦|望|恳请)(?:您|贵|你们|贵司)|请于|(?:could|can|"
    r"would) you|please|kindly"
)
ASKED_OF_US = re.compile(
    r"(?:客户|对方|他们?|她|[总工姐哥]|经理|主任|院长|老师|老板|长|customer|"
    r"client|he|she|they)[^,]{0,4}(?:又|还|也|就|来)?(?:问|咨询|打听|asked (?:if|"
    r"when|whether))"
)
WISH_TO_MEET = re.compile(
    r"(?:再|想|打算|准备|争取|找机会|改天|回头)[^,]{0,8}(?:约|请|找)|约(?:他|她|客户|一下|个时间)"
)
RESUMES = re.compile(r"(?:再|接着|继续)(?:谈|聊|议|说|沟通)(?:$|[,。])")
"""周四再谈 is a day to talk, and no promise."""
RHETORICAL = re.compile("怎么(?:放心|敢|可能)|凭什么|为什么|[寄发]哪|哪个地址")
WHY_NOT = re.compile("怎么|什么时候|啥时候|几时|到底")
RIVALS = re.compile("竞品|竞争对手|友商|别家|(?<!给)人家|隔壁|对手|同行|另一家|其他家|competitor")
PAYMENT_TERMS = re.compile(r"天付|后付|先[^,]{1,6}付|分.?期|月结|比例|%|\d成")
TO_ME = re.compile("(?:给|发|报|交|报给|发给|交给)我(?!们)")
ON_THE_WAY = re.compile("中转|派送|派件|物流显示|快递显示|在途|揽收|已发出")
STATUS = re.compile(r"了(?:没有?|吗|么|嘛)(?:$|[,?])")
BARE_SENT = re.compile(r"(?:寄|发|送)(?:出|出去|走|过去)?$|(?:shipped|sent|out)")


def judge(act: Act, kind: str, promiser: str, note: Note) -> Verdict:
    """The first test that has an opinion decides; no opinion means nothing was promised."""
    for test in TESTS:
        decided, verdict = test(act, kind, promiser, note)
        if decided:
            return verdict
    return None


Opinion = tuple[bool, Verdict]
SILENT: Opinion = (False, None)
NOTHING: Opinion = (True, None)


def _chore(act: Act, kind: str, promiser: str, note: Note) -> Opinion:
    return NOTHING if is_chore(act.clause, note) else SILENT


def _overdue(act: Act, kind: str, promiser: str, note: Note) -> Opinion:
    """“今天就是周五了还没给” complains about a promise and makes none."""
    text = act.clause.text
    negated = NEGATED_ACT.search(_before(act)) and not STATUS.search(text)
    complains = note.from_customer and WHY_NOT.search(text)
    return NOTHING if negated and not act.clause.asks and not complains else SILENT


def _not_ours(act: Act, kind: str, promiser: str, note: Note) -> Opinion:
    """What a rival does, terms of payment, and what a manager wants on his own desk."""
    text = act.clause.text
    if RIVALS.search(_before(act)) or _is_on_its_way(act, kind, note):
        return NOTHING
    if (
        kind == "payment"
        and PAYMENT_TERMS.search(text)
        and (not due_times(act.clause) or "质保金" in text)
    ):
        return NOTHING
    return NOTHING if note.role == "manager" and TO_ME.search(text) else SILENT


def _is_on_its_way(act: Act, kind: str, note: Note) -> bool:
    """The carrier's own estimate is no promise of ours."""
    around_it = note.clauses[max(0, act.clause.index - 1) : act.clause.index + 1]
    carried = any(ON_THE_WAY.search(clause.text) for clause in around_it)
    return kind in ("shipment", "sample") and carried


def _called_off(act: Act, kind: str, promiser: str, note: Note) -> Opinion:
    text = act.clause.text
    if STATUS.search(text) or act.clause.asks:
        return SILENT
    return (True, "cancelled") if note.lexicon.cue("cancelled").search(text) else SILENT


def _withheld(act: Act, kind: str, promiser: str, note: Note) -> Opinion:
    text = act.clause.text
    if note.lexicon.cue("asked").search(text) or act.clause.asks:
        return SILENT
    return NOTHING if note.lexicon.cue("refused").search(text) else SILENT


def _asked(act: Act, kind: str, promiser: str, note: Note) -> Opinion:
    """Asked for or asked about, and not yet accepted."""
    if RHETORICAL.search(act.clause.text):
        return NOTHING
    if note.from_customer:
        past = _was_before(act.clause, note.now) and not act.clause.asks
        return NOTHING if past else _asked_by_customer(act, promiser, note)
    if kind == "reply" and ASKED_OF_US.search(act.clause.text):
        return SILENT
    return (True, "question") if _is_question(act, note) else SILENT


def _is_question(act: Act, note: Note) -> bool:
    """Put to the customer, put to a colleague, or reported."""
    text, cue = act.clause.text, note.lexicon.cue
    polite = PLEASE_YOU.search(text)
    if STATUS.search(text) or (act.clause.asks and not polite):
        return True
    if polite and note.role != "manager" and not _tells_colleague(act, note):
        return True
    reported = cue("asking").search(text) or note.role == "manager"
    return bool(reported and cue("asked").search(text))


def _tells_colleague(act: Act, note: Note) -> bool:
    """“Please ask Ken to mail the brochure” is work for us."""
    polite = re.search(r"please|kindly", act.clause.text)
    return bool(polite) and not (
        note.lexicon.cue("toward_us").search(act.clause.text)
        or re.search(r"\byour?\b", act.clause.text)
    )


def _asked_by_customer(act: Act, promiser: str, note: Note) -> Opinion:
    return (True, "question") if promiser == "us" else SILENT


def _kept(act: Act, kind: str, promiser: str, note: Note) -> Opinion:
    text, cue = act.clause.text, note.lexicon.cue
    done = cue("done").search(text) or _is_with_carrier(act, note)
    if not done or is_after_today(due_times(act.clause), note.now):
        return SILENT
    if cue("done_never").search(text):
        return SILENT
    if cue("kept_cue").search(text):
        return (True, "done")
    past = cue("before_today").search(text) or _was_before(act.clause, note.now)
    theirs = promiser == "customer" or subject_before(act.clause, act.begin, note) == "customer"
    if past or theirs or kind in ("visit", "demo", "reply", "other", "training"):
        return NOTHING
    return (True, "done")


def _background(act: Act, kind: str, promiser: str, note: Note) -> Opinion:
    """Told as what happened before: no promise."""
    text, cue = act.clause.text, note.lexicon.cue
    if is_ahead(due_times(act.clause), note.now) or around(act, note):
        return SILENT
    if _was_before(act.clause, note.now):
        return NOTHING
    return NOTHING if cue("before_today").search(text) else SILENT


def _wished(act: Act, kind: str, promiser: str, note: Note) -> Opinion:
    """Intentions and forecasts are no promises; neither is a wish to meet."""
    text, cue = act.clause.text, note.lexicon.cue
    if cue("courtesy").search(text):
        return NOTHING
    if kind in MEETING and WISH_TO_MEET.search(text) and not cue("promised").search(text):
        return NOTHING
    if cue("intended").search(_before(act)) and not cue("promised").search(text):
        return NOTHING
    if (
        act.action.id in ("sign", "order")
        and note.role == "manager"
        and cue("demanded").search(text)
    ):
        return NOTHING
    forecast = cue("forecast").search(_before(act))
    told = cue("said").search(_before(act)) or cue("promised").search(_before(act))
    if forecast and not told and promiser == "customer" and not note.from_customer:
        return NOTHING
    return SILENT


def _idle_meeting(act: Act, kind: str, promiser: str, note: Note) -> Opinion:
    """A visit that fell through, a talk to be resumed, a word among colleagues."""
    text, cue = act.clause.text, note.lexicon.cue
    if kind not in MEETING:
        return SILENT
    fell_through = "本来" in text and not cue("moved").search(text)
    by_the_clock = any(time.grain == "hour" for time in due_times(act.clause))
    resumed = RESUMES.search(text) and not by_the_clock
    if fell_through or resumed or cue("inner_meeting").search(text):
        return NOTHING
    return SILENT


def _open(act: Act, kind: str, promiser: str, note: Note) -> Opinion:
    return (True, "open") if _has_grounds(act, kind, note) else NOTHING


def _has_grounds(act: Act, kind: str, note: Note) -> bool:
    text, cue = act.clause.text, note.lexicon.cue
    ahead = is_ahead(due_times(act.clause), note.now) or around(act, note) is not None
    if kind in MEETING:
        return ahead or bool(US_DEMANDED.search(_before(act)))
    if ahead:
        return True
    if condition_before(act.clause, note):
        return True
    return any(cue(name).search(text) for name in ("promised", "demanded", "future", "conditional"))


def _is_with_carrier(act: Act, note: Note) -> bool:
    """“样机寄出，顺丰SF123”: the number says that it is on its way."""
    if not BARE_SENT.search(act.clause.text) or note.lexicon.cue("demanded").search(
        act.clause.text
    ):
        return False
    after = note.clauses[act.clause.index : act.clause.index + 2]
    return any(note.lexicon.cue("carrier").search(clause.text) for clause in after)


TESTS: Sequence[Callable[[Act, str, str, Note], Opinion]] = (
    _chore,
    _overdue,
    _not_ours,
    _called_off,
    _asked,
    _withheld,
    _kept,
    _background,
    _wished,
    _idle_meeting,
    _open,
)


def is_after_today(times: Sequence[TimeSpan], now: datetime) -> bool:
    return any(
        (time.last_day is not None and time.last_day > now.date())
        or (time.start is not None and time.start > now)
        for time in times
    )


def _was_before(clause: Clause, now: datetime) -> bool:
    return any(time.end is not None and time.end.date() < now.date() for time in clause.times)


def _before(act: Act) -> str:
    return act.clause.text[: act.begin - act.clause.begin]
