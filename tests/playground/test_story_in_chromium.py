"""The story on the page, with the whole program behind it: by mouse, on a phone, by keyboard.

With YINUO_SCREENSHOTS=docs/screenshots in the environment the pictures of the documents are taken.
"""

import os
import re
import shutil
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

from bot.clock import Clock
from config.settings import Settings
from main import build
from tests.conftest import NOW, STORY, seated

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOTE = "张总说价格高，对比了XX，样机下周三前寄出"
DESKTOP = ViewportSize(width=1440, height=900)
PHONE = ViewportSize(width=390, height=844)
PATIENCE = 10_000
"""Milliseconds after which something is not merely slow."""
WEIGHT = 60 * 1024
PICTURES = os.environ.get("YINUO_SCREENSHOTS", "")
OVERFLOW = "() => document.documentElement.scrollWidth - window.innerWidth"
LOADED = """() => performance.getEntriesByType("resource")
  .concat(performance.getEntriesByType("navigation"))
  .filter(({ name }) => !name.includes("/api/"))
  .reduce((sum, { decodedBodySize }) => sum + decodedBodySize, 0)"""
FIRST_PAINT = """() => performance.getEntriesByName("first-contentful-paint")[0].startTime"""
HAS_FOCUS = "(node) => node === document.activeElement"


@dataclass(frozen=True, slots=True)
class Table:
    """One person at the page, playing all four."""

    page: Page

    def seat(self, part: str) -> Locator:
        return self.page.get_by_role("region", name=re.compile(f"^{part}"))

    def card(self, part: str, words: str) -> Locator:
        """The newest card of a seat that shows the words."""
        return self.seat(part).locator(".card").filter(has_text=words).last

    async def turn_to(self, part: str) -> Locator:
        """On a phone, a seat is behind its tab."""
        tab = self.page.locator("#tabs").get_by_role("button", name=re.compile(f"^{part}"))
        if await tab.is_visible():
            await tab.click()
        return self.seat(part)

    async def says(self, part: str, words: str) -> None:
        seat = await self.turn_to(part)
        await seat.get_by_role("textbox").last.fill(words)
        await seat.get_by_role("button", name="发送").click()

    async def presses(self, part: str, label: str, *, on: str) -> None:
        await self.turn_to(part)
        await self.card(part, on).get_by_role("button", name=label, exact=True).click()

    async def sees(self, part: str, words: str, *more: str) -> Locator:
        """A card that shows the words shows all the others too."""
        await self.turn_to(part)
        card = self.card(part, words)
        await expect(card).to_be_visible()
        for text in more:
            await expect(card).to_contain_text(text)
        return card

    async def walks_to(self, moment: str) -> None:
        await self.page.get_by_text("到…").click()
        await self.page.get_by_label("把时钟拨到").fill(moment)
        await self.page.get_by_role("button", name="走到这一刻").click()
        await expect(self.page.locator("#now")).to_have_attribute("datetime", re.compile(moment))
        await expect(self.page.locator("#moving")).to_be_empty()

    async def is_advised(self, words: str) -> None:
        await expect(self.page.locator("#hint")).to_contain_text(words)

    async def picture(
        self, name: str, *, of: Locator | None = None, view: ViewportSize = DESKTOP
    ) -> None:
        """A picture for the documents, if they are asked for and the page has that size."""
        if PICTURES and self.page.viewport_size == view:
            scale: Literal["css", "device"] = "css" if view == DESKTOP and not of else "device"
            await (of or self.page).screenshot(path=Path(PICTURES, name), scale=scale)


@pytest_asyncio.fixture(loop_scope="session")
async def table(
    browser: Browser, tmp_path: Path, company_file: Path, quiet_logs: None
) -> AsyncIterator[Table]:
    """The page of a program of its own. Whatever the browser complains about fails."""
    shutil.copytree(company_file, tmp_path, dirs_exist_ok=True)
    clock = Clock(datetime.fromisoformat(NOW), frozen=True)
    settings = Settings(data=tmp_path, _env_file=None)
    program = build(settings, clock, durable=False, parts=partial(seated, STORY))
    await program.start(socket.create_server(("127.0.0.1", 0)))
    complaints: list[str] = []
    page = await browser.new_page(
        viewport=DESKTOP,
        locale="zh-CN",
        reduced_motion="reduce",
        device_scale_factor=2 if PICTURES else 1,
    )
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    await page.goto(f"{program.origin}/")
    await page.get_by_role("button", name=NOTE).wait_for()
    yield Table(page)
    await page.close()
    await program.stop()
    expect.set_options(timeout=None)
    assert complaints == []


async def hand_over(table: Table) -> None:
    """From the salesperson's sentence to a day that both sides accept."""
    await table.is_advised("点一句例句")
    await table.page.get_by_role("button", name=NOTE).click()
    await table.seat("销售").get_by_role("button", name="发送").click()
    understood = ("价格疑虑", "竞品对比", "样机", "2月3日 周二", "2月4日 周三", "交付-小陈")
    echo = await table.sees("销售", "待确认", "张总", NOTE, *understood)
    await table.picture("echo-card.png", of=echo)
    await table.is_advised("「确认」")

    await table.presses("销售", "确认", on="待确认")
    await table.sees("销售", "已记下", "等交付-小陈接单")
    task = await table.sees("交付", "请接单", "样机", "2月3日 周二", NOTE)
    day = task.get_by_label("最早哪天")
    await day.fill("2026-02-05")
    await day.blur()
    await table.picture("task-card.png", of=task)
    await table.is_advised("「最早这天」")

    await table.presses("交付", "最早这天", on="请接单")
    await table.sees("交付", "等回话", "最早2月5日 周四")
    await table.presses("销售", "接受", on="接受并通知客户")
    await table.sees("销售", "已接受 2月5日", "您要的样机预计2月5日寄出")
    await table.sees("交付", "已接单", "2月5日 周四")


async def correct(table: Table) -> None:
    """Words change the cards of both sides where they stand."""
    cards = (await table.turn_to("交付")).locator(".card")
    before = await cards.count()
    await table.page.get_by_role("button", name="不对，是X2型号").click()
    await table.seat("销售").get_by_role("button", name="发送").click()
    await table.sees("销售", "样机 → ", "X2型号样机")
    await table.sees("销售", "您要的X2型号样机")
    task = await table.sees("交付", "X2型号样机")
    await expect(task.locator("s")).to_have_text("样机")
    assert await cards.count() == before


async def fall_behind(table: Table) -> None:
    """Nobody follows up, the day passes: the manager decides, both sides hear."""
    await table.walks_to("2026-02-03T12:00")
    await table.sees("销售", "没跟进", "已满 72 小时（自然小时")
    card = await table.sees("主管", "高风险流失线索", "张总", "小李 负责", "延期3天")
    await table.picture("manager-card.png", of=card)
    await table.is_advised("「主管」")


async def decide(table: Table) -> None:
    await table.presses("主管", "催办", on="高风险流失线索")
    await table.sees("主管", "已催办")
    await table.sees("销售", "催办：张总")
    await table.walks_to("2026-02-06T12:00")
    for part in ("销售", "交付"):
        await table.sees(part, "已超 12 小时", "X2型号样机", "最晚")


async def welcome(table: Table) -> None:
    """A customer becomes a contact; the salesperson ticks a tag and says a sentence."""
    customer = await table.turn_to("客户")
    await customer.get_by_role("button", name="加小李为微信好友").click()
    await expect(customer.get_by_text("李女士添加了小李")).to_be_visible()
    await expect(customer.get_by_text("您好，我是小李")).to_be_visible()
    await table.sees("销售", "新线索", "李女士（江北医院）", "展会3号馆", "时间")
    await table.presses("销售", "+跟进", on="新线索")
    await table.card("销售", "价格疑虑").locator(".pill", has_text="交期担忧").click()
    await table.presses("销售", "记下", on="交期担忧")
    await table.sees("销售", "已记", "交期担忧")
    await table.says("销售", "周五前发报价单")
    await table.sees("销售", "待确认", "报价单", "交期担忧")


async def test_the_story_by_mouse(table: Table) -> None:
    assert await table.page.evaluate(LOADED) < WEIGHT
    assert await table.page.evaluate(FIRST_PAINT) < 2000
    await hand_over(table)
    await correct(table)
    await fall_behind(table)
    await table.card("销售", "已记下").scroll_into_view_if_needed()
    await table.picture("playground-desktop.png")
    await decide(table)
    await welcome(table)


async def test_the_story_on_a_phone(table: Table) -> None:
    await table.page.set_viewport_size(PHONE)
    await hand_over(table)
    await correct(table)
    await table.picture("playground-phone.png", view=PHONE)
    await fall_behind(table)
    await decide(table)
    await welcome(table)
    for part in ("销售", "交付", "主管", "客户"):
        await table.turn_to(part)
        assert await table.page.evaluate(OVERFLOW) <= 0, part
    await expect(table.page.locator(".dot:visible")).to_have_count(0)


async def test_a_note_by_keyboard_alone(table: Table) -> None:
    async def goes_to(place: Locator, key: str) -> None:
        for _ in range(20):
            await table.page.keyboard.press(key)
            if await place.evaluate(HAS_FOCUS):
                return
        pytest.fail(f"{key} does not lead to {place}")

    await goes_to(table.page.get_by_role("button", name=NOTE), "Tab")
    await table.page.keyboard.press("Enter")
    await expect(table.seat("销售").get_by_role("textbox")).to_be_focused()
    await table.page.keyboard.press("Enter")
    await table.sees("销售", "待确认")
    confirm = table.card("销售", "待确认").get_by_role("button", name="确认", exact=True)
    await goes_to(confirm, "Shift+Tab")
    await table.page.keyboard.press("Enter")
    await table.sees("销售", "已记下")
    await table.sees("交付", "请接单")


async def test_a_fresh_look_shows_the_same(table: Table) -> None:
    """After reloading, the page shows what has happened and what comes next."""
    await table.page.get_by_role("button", name=NOTE).click()
    await table.page.keyboard.press("Enter")
    await table.presses("销售", "确认", on="待确认")
    await table.sees("交付", "请接单")
    await table.page.reload()
    await table.sees("销售", "已记下", "张总")
    await table.is_advised("任务到了「交付」")
    await table.presses("交付", "接单", on="请接单")
    await table.sees("交付", "交付-小陈已接单")
