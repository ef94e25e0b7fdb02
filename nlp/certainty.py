"""How sure a reading is: one pair of thresholds for marking, asking and a second opinion.

Confidence is the probability that a slot was read right.
"""

VERY_SURE = 0.9
SURE = 0.7
"""Below it a slot is marked on the card, may be asked about, and is worth a second opinion."""


def is_sure(confidence: float) -> bool:
    return confidence >= SURE


def in_words(confidence: float) -> str:
    if confidence >= VERY_SURE:
        return "很确定"
    return "较确定" if is_sure(confidence) else "不太确定"
