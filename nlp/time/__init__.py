"""Time expressions in Chinese and English, read as of a given moment."""

from nlp.time.reader import find
from nlp.time.types import TimeSpan

__all__ = ["TimeSpan", "find"]
