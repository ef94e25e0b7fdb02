"""Questions one can ask about a clause and its neighbours."""

import re
from collections.abc import Sequence
from datetime import datetime

from nlp.note import Clause, Note
from nlp.time.types import TimeSpan

OPENS_CONDITION = re.compile(
    r"^[^,]{0,6}?(?:只要|如果|要是|假如|一旦|若(?!干)|除非|等|前提是)|^\s*(?:and |"
    r"but )?(?:if|once|as soon as|as long as|provided|assuming|after|when)\b"
)
CLOSES_CONDITION = re.compile(
    r"(?:完|好|到|了|账|款|字|章|收|过|批|标|同|单)(?:之后|以后|后)$|的话$|(?:签|"
    r"付|验)[完好][^,]{0,4}$"
)
HAS_CONSEQUENCE = re.compile(r"[就才]|再(?![说看谈定议聊考])")


def due_times(clause: Clause) -> list[TimeSpan]:
    """Times that can be a day to keep."""
    return [time for time in clause.times if time.start is not None and time.kind != "recurring"]


def is_ahead(times: Sequence[TimeSpan], now: datetime) -> bool:
    return any(time.end is not None and time.end > now for time in times)


def is_chore(clause: Clause, note: Note) -> bool:
    """Talk about our own office, and the rest of its sentence, says nothing about a customer."""
    here = note.lexicon.cue("chore_here").search(clause.text)
    return clause.sentence in note.chores or here is not None


def is_condition(clause: Clause) -> bool:
    """Nothing but the condition for what follows: "只要通过小试，…", "签完合同后，…"."""
    if clause.mark.strip() not in (",", ""):
        return False
    opens = OPENS_CONDITION.search(clause.text) and not HAS_CONSEQUENCE.search(clause.text[2:])
    return bool(opens or CLOSES_CONDITION.search(clause.text))


def hangs_on_condition(clause: Clause, note: Note) -> bool:
    """“等下周三才能补货” waits for a day, not for an event."""
    for match in note.lexicon.cue("conditional").finditer(clause.text):
        begin = clause.begin + match.start()
        waits_for_day = any(0 <= time.begin - begin <= 1 for time in clause.times)
        if not (waits_for_day and match[0][0] in "等到"):
            return True
    return False


def condition_before(clause: Clause, note: Note) -> Clause | None:
    """The condition that the clause in front sets for this one."""
    previous = note.clauses[clause.index - 1] if clause.index else None
    if previous and previous.sentence == clause.sentence and is_condition(previous):
        return previous
    return None
