"""Reads the lists of names and sentences that lie beside this module."""

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

S = TypeVar("S", bound="Shape")


class Shape(BaseModel):
    """Data as it is written in a file: frozen, and nothing unexpected in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def read(name: str, shape: type[S]) -> S:
    """Raises pydantic.ValidationError, naming the key, for a file that does not fit."""
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return shape.model_validate(tomllib.loads(text))
