"""A Chromium for tests that look at the page as a person does; started once for the session.

Such tests share the session's event loop: `pytestmark = pytest.mark.asyncio(loop_scope="session")`.
"""

import os
import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from tests.playground.page_ground import Ground, fill

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--lang=zh-CN",
)
DESKTOP = ViewportSize(width=1440, height=900)
NO_CHROMIUM = "no Chromium was found, so nobody looked at the page: apt-get install chromium"


@pytest.fixture(scope="session")
def chromium() -> str:
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip(NO_CHROMIUM)
    return path


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as driver:
        started = await driver.chromium.launch(
            executable_path=chromium, args=ARGUMENTS, env={**os.environ, "LANGUAGE": "zh_CN"}
        )
        yield started
        await started.close()


@pytest.fixture
def ground() -> Ground:
    return Ground()


@pytest_asyncio.fixture(loop_scope="session")
async def page(ground: Ground, browser: Browser) -> AsyncIterator[Page]:
    """The page over one message of every kind. Whatever the browser complains about fails."""
    fill(ground)
    complaints: list[str] = []
    async with TestServer(ground.app()) as server:
        opened = await browser.new_page(viewport=DESKTOP, locale="zh-CN", reduced_motion="reduce")
        opened.on("console", lambda said: complaints.append(said.text))
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.set_default_timeout(5000)
        await opened.goto(str(server.make_url("/")))
        await opened.locator(".feishu .card").wait_for()
        yield opened
        await opened.close()
    assert [one for one in complaints if "status of 400" not in one] == []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    unseen = [report for report in skipped if NO_CHROMIUM in str(report.longrepr)]
    if unseen:
        terminalreporter.section("skipped", red=True)
        terminalreporter.line(f"{len(unseen)} tests: {NO_CHROMIUM}", red=True)
