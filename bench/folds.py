"""How well notes are read that the judges were not fitted to: five refits over our own notes."""

from collections.abc import Sequence
from datetime import datetime

from bench.corpus import Example, sentences, whole_notes
from bench.report import Table
from bench.sources import evaluation
from bench.understanding import FOLDED, FOLDS, labels
from nlp.judges import Judges
from nlp.labels import Labels, labels_of
from nlp.reading import read
from nlp.types import ReadContext


def measure() -> list[Table]:
    """Nothing without an evaluation's scorer. Needs the `bench` extra; some minutes."""
    folder = evaluation()
    if folder is None:
        return []
    notes = whole_notes(held_out=False)
    read_so = {
        (note.text, note.labels["now"], note.role): _labels(note, judges)
        for nth, judges in enumerate(refitted(notes))
        for note in notes[nth::FOLDS]
    }

    def reader(text: str, now: str, role: str) -> Labels:
        return read_so[text, now, role]

    known = f"Each fifth is read by judges that were fitted to the other {FOLDS - 1}."
    return [labels(folder, FOLDED, [note.labels for note in notes], known, reader)]


def refitted(notes: Sequence[Example]) -> list[Judges]:
    """Judges that were not shown the nth, n + 5th … note."""
    from bench.fit import cases_of, fit  # noqa: PLC0415  only `make bench` installs scikit-learn

    common, own = cases_of(sentences()), cases_of(notes)
    return [
        fit([*common, *(case for at, case in enumerate(own) if at % FOLDS != nth)])
        for nth in range(FOLDS)
    ]


def _labels(note: Example, judges: Judges) -> Labels:
    now = datetime.fromisoformat(note.labels["now"])
    return labels_of(read(note.text, now, ReadContext(role=note.role), None, judges))
