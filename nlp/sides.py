"""Tell which side owes: us or the customer, and the person named as the doer."""

import re

from nlp.acts import Act
from nlp.note import Clause, Note
from nlp.phrases import Words
from nlp.types import Promiser, Slot

EITHER = frozenset({"reply", "document", "visit", "other", "trial", "payment", "contract"})
US_DEMANDED = re.compile(
    r"(?:让|要|叫|请|催|求|给了?|希望|盼)(?:我|我们|咱们?|小|你)|要求(?:我|我们|"
    r"在)?|(?:asked|wants?|needs?|told) (?:us|me) to"
)
PROMISES = re.compile(
    r"^(?:已经|又|也|都|当场|口头|一口)?(?:答应|承诺|保证|许诺|表态|promised|committed)"
)
THEY_PROMISE = re.compile(r"(?:客户|对方|他们?|她)(?:已经|也)?(?:答应|承诺|保证)")
CALLS = re.compile(r"(?:让|叫|派|安排|请|由|通知)$")
SIGN_OURSELVES = re.compile(r"(?:我们|我司|我方|咱们?|公司)[^,]{0,6}(?:盖章|用印|签字|签章|走章)")
WE_PAY = re.compile(r"退款|退(?=给|还)|保证金|赔|refund|我们[^,]{0,6}付|补偿")
TO_YOU = re.compile(r"(?:[给寄发传带告诉回复反馈通知]给?|答复)(?:你们?|您|贵)")
WE_WANT = re.compile(
    r"(?:我们?|我司|我方)(?:这边)?(?:还|也|急|就|都)?(?:需要|想要|要(?=一|\d|[两三]|个|份)|希望|想看)"
    r"|\b(?:we|i)(?: also| still)?(?:'d like| would like| need| want)"
)
PLEASE = re.compile(r"(?:^|[^要])请(?:您|贵|于|你们|尽快|在)|麻烦(?:您|贵)|烦请")
INVITES_US = re.compile(r"(?<!我)(?<!我们)约(?:了)?(?:我|我们|咱)")
YOU = re.compile(r"你们?|您|贵(?:司|公司|方)|请|麻烦|烦请|\byour?\b|please")
WE = re.compile(r"我们?|我司|我方|咱们?|\b(?:we|i|our)\b|i'll|we'll")
OF_THEIRS = r"(?:客户|对方|他们?|她们?|甲方)(?:要|催|问|提|需要|点名)(?=的)"
"""客户要的报价 names a thing, not a doer."""
ADDRESSING = frozenset({"people.addressed", "people.given_name", "people.called"})
INTERNAL = re.compile("^小")


def promiser_of(act: Act, kind: str, note: Note) -> Promiser:
    return (
        _in_customers_words(act, kind, note)
        if note.from_customer
        else _in_our_words(act, kind, note)
    )


def _in_customers_words(act: Act, kind: str, note: Note) -> Promiser:
    """In a customer's message 我们 is the customer, and whatever is asked for is ours to give."""
    text, before = act.clause.text, _before(act)
    if WE_WANT.search(text):
        return "us"
    if TO_YOU.search(text):
        return "customer"
    if note.lexicon.cue("toward_us").search(text) and kind != "visit":
        return "us"
    you, we = _last(YOU, before), _last(WE, before)
    if we > you:
        return "customer"
    if you >= 0 or act.clause.asks:
        return "us"
    theirs = act.action.debtor == "customer" or kind == "payment"
    return "customer" if theirs else "us"


def _in_our_words(act: Act, kind: str, note: Note) -> Promiser:
    before = _before(act)
    if _ours_by_nature(act, kind) or US_DEMANDED.search(before):
        return "us"
    if _asks_them(act, kind, note) or INVITES_US.search(before):
        return "customer"
    return _by_direction(act, kind, note) or _by_subject(act, kind, note)


def _ours_by_nature(act: Act, kind: str) -> bool:
    """What a customer wants from us, our own stamp, and money that we pay back."""
    text = act.clause.text
    if act.action.id == "ask_for":
        return True
    if kind == "payment" and WE_PAY.search(text):
        return True
    return act.action.id == "sign" and bool(SIGN_OURSELVES.search(text))


def _asks_them(act: Act, kind: str, note: Note) -> bool:
    return note.role != "manager" and kind in EITHER and bool(PLEASE.search(act.clause.text))


def _by_direction(act: Act, kind: str, note: Note) -> Promiser | None:
    """发我, 寄过来 come from them; 给他, 发过去 go to them."""
    text, cue = act.clause.text, note.lexicon.cue
    ours = subject_before(act.clause, act.begin, note) == "us"
    if cue("toward_us").search(text) and not ours:
        return "customer"
    return "us" if cue("toward_them").search(text) and kind != "payment" else None


def _by_subject(act: Act, kind: str, note: Note) -> Promiser:
    subject = subject_before(act.clause, act.begin, note)
    if subject == "us" and act.action.debtor != "customer":
        return "us"
    if kind == "trial" and "同意" in act.clause.text:
        return "us"
    if subject == "customer" and (kind in EITHER or _themselves_promise(act, note)):
        return "customer"
    if not subject and kind == "reply" and _told_before(act.clause, note):
        return "customer"
    return "customer" if act.action.debtor == "customer" else "us"


def subject_before(clause: Clause, offset: int, note: Note) -> Promiser | None:
    """Who is named last in front of the act."""
    before = clause.text[: offset - clause.begin]
    us = _last(note.lexicon.cue("us"), before)
    them = _last(note.lexicon.cue("them"), re.sub(OF_THEIRS, "", before))
    for who in note.people:
        if clause.begin <= who.begin < offset:
            if is_internal(who, note):
                us = max(us, who.begin - clause.begin)
            elif not _is_object(clause, who):
                them = max(them, who.begin - clause.begin)
    if us < 0 and them < 0:
        return None
    return "us" if us > them else "customer"


def _is_object(clause: Clause, who: Slot[str]) -> bool:
    """答应唐总, 给张总, 跟徐厂长, 王总的样品: not the one who does it."""
    before = clause.text[max(0, who.begin - clause.begin - 2) : who.begin - clause.begin]
    after = clause.text[who.finish - clause.begin :][:2]
    return bool(
        re.search(r"(?:答应|给|跟|和|向|帮|为|对|约|陪|问|找|与|同|to|for)\s?了?$", before)
    ) or bool(re.match("的|[那这]边的", after + clause.text[who.finish - clause.begin :][2:3]))


def is_internal(who: Slot[str], note: Note) -> bool:
    """小王 is a colleague; so is whoever a manager addresses."""
    if note.from_customer:
        return False
    if INTERNAL.match(who.value):
        return True
    addressed = who.rule in ADDRESSING or note.folded.startswith("你", who.finish)
    return note.role == "manager" and addressed


def _themselves_promise(act: Act, note: Note) -> bool:
    """客户答应…, 张总承诺…: then even a sample is theirs to bring."""
    begin, text = act.clause.begin, act.clause.text
    speakers = (who for who in note.people if begin <= who.begin < act.begin)
    if any(
        PROMISES.match(text[who.finish - begin :]) for who in speakers if not is_internal(who, note)
    ):
        return True
    return bool(THEY_PROMISE.search(_before(act)))


def _told_before(clause: Clause, note: Note) -> bool:
    """Who spoke last will answer: "王总说要考虑一下，周五给答复"."""
    said = False
    for previous in reversed(note.clauses[: clause.index]):
        if previous.sentence != clause.sentence:
            return False
        said = said or bool(note.lexicon.cue("said").search(previous.text))
        if subject := subject_before(previous, previous.finish, note):
            return said and subject == "customer"
    return False


def owner_of(act: Act, promiser: Promiser, note: Note) -> str:
    """The colleague named as the doer, never a guess."""
    if promiser != "us" or note.from_customer:
        return ""
    for who in reversed(note.people):
        near = act.clause.begin - 24 <= who.begin < act.begin
        called = CALLS.search(note.folded[max(0, who.begin - 2) : who.begin])
        if near and (is_internal(who, note) or (called and who.begin >= act.clause.begin)):
            return who.value
    return ""


def _last(pattern: re.Pattern[str] | Words, text: str) -> int:
    return max((match.start() for match in pattern.finditer(text)), default=-1)


def _before(act: Act) -> str:
    return act.clause.text[: act.begin - act.clause.begin]
