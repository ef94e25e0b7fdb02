"""Whether everybody can use the page: names, focus, contrast, nothing that jumps."""

from typing import Literal

import pytest
from playwright.async_api import Page

pytestmark = pytest.mark.asyncio(loop_scope="session")

NAMELESS = """() => [...document.querySelectorAll("button, input, select, textarea, a, summary")]
  .filter((node) => node.offsetParent && !(node.labels?.length || node.getAttribute("aria-label")
    || node.closest("[aria-label].boxes") || node.textContent.trim()))
  .map((node) => node.outerHTML)"""
TWICE = """() => { const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  return ids.filter((id, at) => ids.indexOf(id) !== at); }"""
SHIFTS = """() => new Promise((resolve) => new PerformanceObserver((list) => resolve(
    list.getEntries().reduce((sum, { value }) => sum + value, 0))).observe(
    { type: "layout-shift", buffered: true }) || setTimeout(() => resolve(0), 50))"""
OUTLINE = "() => getComputedStyle(document.activeElement).outlineStyle"
CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const over = ([r, g, b, a], ground) =>
    [r, g, b].map((c, i) => (c * a + ground[i] * (255 - a)) / 255);
  const behind = (node) => !node ? [255, 255, 255]
    : over(rgb(getComputedStyle(node).backgroundColor), behind(node.parentElement));
  const light = (colour) => colour.map((c) => c / 255)
    .map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const poor = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    if (!own || !node.offsetParent || node.closest(":disabled, .unseen")) continue;
    const ground = behind(node);
    const [high, low] = [light(over(rgb(getComputedStyle(node).color), ground)), light(ground)]
      .sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) poor.push(`${ratio.toFixed(2)} ${node.className} ${node.textContent}`);
  }
  return poor;
}"""


async def test_every_control_has_a_name_and_shows_the_focus(page: Page) -> None:
    assert await page.evaluate(NAMELESS) == []
    assert await page.evaluate(TWICE) == []
    assert await page.locator("html").get_attribute("lang") == "zh-CN"
    for _ in range(12):
        await page.keyboard.press("Tab")
        assert await page.evaluate(OUTLINE) != "none"


async def test_nothing_jumps_while_loading(page: Page) -> None:
    assert await page.evaluate(SHIFTS) < 0.02


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_words_are_readable(page: Page, scheme: Literal["light", "dark"]) -> None:
    await page.emulate_media(color_scheme=scheme)
    assert "\n".join(await page.evaluate(CONTRAST)) == ""
