"""Read a note with a customer's abbreviations for companies spelt out."""

from dataclasses import replace
from datetime import datetime

from nlp.lexicon import Lexicon
from nlp.reading import read
from nlp.text import fold
from nlp.types import ReadContext, Reading

SHORT = "简称"


def read_in_full(text: str, now: datetime, context: ReadContext, lexicon: Lexicon) -> Reading:
    """What `read` understands; a company that was named for short has its full name."""
    folded = fold(text)
    short = [
        text[begin : begin + len(name)]
        for name in lexicon.abbreviations
        if (begin := folded.find(name)) >= 0
    ]
    known = replace(context, customers=(*context.customers, *short)) if short else context
    reading = read(text, now, known, lexicon)
    company = reading.company
    full = lexicon.abbreviations.get(fold(company.value)) if company else None
    if company is None or full is None:
        return reading
    return replace(reading, company=replace(company, value=full, assumed=SHORT))
