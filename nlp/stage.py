"""Tell where the deal stands now, when the note says so."""

from collections.abc import Sequence

from nlp.judges import Judges, Scores
from nlp.note import Note
from nlp.tags import telling_clause
from nlp.types import Slot

NONE = "none"


def find_stage(
    note: Note, clauses: Sequence[Scores], whole: Scores, judges: Judges
) -> Slot[str] | None:
    """The stage that the note as a whole speaks for, with its most telling clause."""
    likely = judges.stage.shares(whole)
    answer = max(likely, key=likely.__getitem__)
    if answer == NONE:
        return None
    return telling_clause(note, clauses, judges.stage, answer, f"stage.{answer}", likely[answer])
