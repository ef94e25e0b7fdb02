"""The cards of docs/cards.md cross the wire unchanged.

With YINUO_GALLERY=rewrite in the environment the payloads and the page are written anew.
"""

import os

import pytest

from bot.playground.page import Platform
from bot.playground.world import Shown
from tests.cards.gallery import GOLDEN, KEYS, PAGE, PLATFORMS, golden, page, play, wire
from tests.conftest import Start

REWRITE = os.environ.get("YINUO_GALLERY", "") == "rewrite"


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_each_card_is_drawn_as_in_the_gallery(start: Start, platform: Platform) -> None:
    drawn: dict[str, str] = {}

    async def take(key: str, shown: Shown) -> None:
        drawn[key] = wire(shown.payload)

    await play(await start((platform, platform, platform)), platform, take)
    if REWRITE:
        for key, payload in drawn.items():
            golden(key, platform).write_text(payload, encoding="utf-8")
    for key in KEYS:
        assert drawn[key] == golden(key, platform).read_text(encoding="utf-8"), key


def test_the_gallery_has_no_card_that_nobody_draws() -> None:
    known = {golden(key, platform).name for key in KEYS for platform in PLATFORMS}
    assert {file.name for file in GOLDEN.iterdir()} == known


def test_the_page_of_cards_is_up_to_date() -> None:
    if REWRITE:
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page(), "YINUO_GALLERY=rewrite writes it anew"
