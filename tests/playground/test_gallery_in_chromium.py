"""Every card of docs/cards.md on the page: nothing of it is cut.

With YINUO_SCREENSHOTS=docs/screenshots in the environment the pictures of that page are taken.
"""

import os
import shutil
import socket
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from playwright.async_api import Browser, ViewportSize, expect

from bot.clock import Clock
from bot.playground.page import Platform
from bot.playground.world import Shown
from config.settings import Settings
from main import build
from tests.cards.gallery import KEYS, PLATFORMS, play
from tests.conftest import NOW, Bot, seated
from tests.playground.pictures import lighter

TALL = ViewportSize(width=1560, height=1800)
"""A chat as wide as on a phone, and no card longer than its chat."""
PATIENCE = 30_000
"""Milliseconds after which something is not merely slow."""
PICTURES = os.environ.get("YINUO_SCREENSHOTS", "")
HEAVIEST, HEAVIEST_ALL = 40_000, 1_500_000
CUT = """(card) => [...card.querySelectorAll("*"), card]
  .filter((node) => node.scrollWidth > node.clientWidth + 1 && node.clientWidth > 0)
  .map((node) => `${node.tagName} ${node.textContent}`)"""


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("platform", PLATFORMS)
async def test_no_card_of_the_gallery_is_cut(
    browser: Browser, tmp_path: Path, company_file: Path, quiet_logs: None, platform: Platform
) -> None:
    shutil.copytree(company_file, tmp_path, dirs_exist_ok=True)
    clock = Clock(datetime.fromisoformat(NOW), frozen=True)
    parts = partial(seated, (platform, platform, platform))
    settings = Settings(data=tmp_path, _env_file=None)
    program = build(settings, clock, durable=False, parts=parts, rate_limits=False)
    await program.start(socket.create_server(("127.0.0.1", 0)))
    page = await browser.new_page(
        viewport=TALL,
        locale="zh-CN",
        reduced_motion="reduce",
        device_scale_factor=1.5 if PICTURES else 1,
    )
    page.set_default_timeout(PATIENCE)
    await page.goto(f"{program.origin}/")
    seen: list[str] = []

    async def look(key: str, shown: Shown) -> None:
        body = page.locator(f'[data-message="{shown.id}"] .body')
        edited = {0: [], 1: ["已更新"]}.get(shown.edits, [f"已更新 {shown.edits} 次"])
        await expect(body).to_have_count(1, timeout=PATIENCE)
        await expect(body.locator(".edited")).to_have_text(edited, timeout=PATIENCE)
        card = body.locator(":scope > :is(.card, .bubble)").first
        assert await card.evaluate(CUT) == [], key
        if PICTURES:
            picture = lighter(await card.screenshot())
            keep(key, platform, picture)
        seen.append(key)

    try:
        await play(Bot(program), platform, look)
    finally:
        await page.close()
        await program.stop()
    assert tuple(seen) == KEYS


def keep(key: str, platform: str, picture: bytes) -> None:
    Path(PICTURES, "cards", f"{key}.{platform}.png").write_bytes(picture)


def test_the_pictures_are_light() -> None:
    pictures = Path(__file__).parents[2] / "docs/screenshots/cards"
    weights = {file.name: file.stat().st_size for file in pictures.iterdir()}
    assert {name for name, weight in weights.items() if weight > HEAVIEST} == set()
    assert sum(weights.values()) < HEAVIEST_ALL
