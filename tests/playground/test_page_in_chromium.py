"""The page in a real browser: cards as their clients draw them, buttons and forms by keyboard."""

import re
from typing import Any

import pytest
from playwright.async_api import Locator, Page, ViewportSize, expect

from tests.playground.page_ground import HOSTILE, WECOM_BUTTONS, Ground

pytestmark = pytest.mark.asyncio(loop_scope="session")

PHONE = ViewportSize(width=390, height=844)
OVERFLOW = "() => document.documentElement.scrollWidth - window.innerWidth"


def seat(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=re.compile(f"^{title}"))


async def press(control: Locator, key: str = "Enter") -> None:
    await control.focus()
    await control.press(key)


async def test_wecom_cards_show_all_they_hold(page: Page) -> None:
    sales = seat(page, "销售")
    for text in (
        "张总（宏远医疗）",
        "样机下周三前寄出",
        "计划 2月3日",
        "价格疑虑",
        "2 小时",
        "预约专家",
    ):
        await expect(sales.get_by_text(text).first).to_be_visible()
    await expect(sales.get_by_role("link", name="打开")).to_have_attribute(
        "rel", re.compile("noopener")
    )
    await expect(sales.get_by_label("谁来交付")).to_have_value("chen")
    await expect(sales.get_by_role("checkbox", name="价格疑虑")).to_be_checked()
    await expect(sales.locator("b", has_text="今日")).to_be_visible()


async def test_feishu_cards_show_all_they_hold(page: Page) -> None:
    delivery = seat(page, "交付")
    await expect(delivery.get_by_role("heading", name="样机 · 张总")).to_contain_text("待接单")
    await expect(delivery.locator("s")).to_have_text("X1")
    await expect(delivery.get_by_role("button", name="已过期")).to_be_disabled()
    await expect(delivery.get_by_text("样机下周三前寄出")).to_be_hidden()
    await press(delivery.get_by_text("原话"))
    await expect(delivery.get_by_text("样机下周三前寄出")).to_be_visible()
    await expect(delivery.get_by_text("两条例外")).to_be_visible()


async def test_dingtalk_cards_show_all_they_hold(page: Page) -> None:
    manager = seat(page, "经理")
    for text in ("高风险流失线索", "72 小时", "按自然小时计", "8.5 折"):
        await expect(manager.get_by_text(text)).to_be_visible()
    await expect(manager.locator("p:has(b)", has_text="静默").locator("br")).to_have_count(1)


async def test_a_wecom_button_by_keyboard_sends_the_selection(ground: Ground, page: Page) -> None:
    sales = seat(page, "销售")
    await sales.get_by_label("谁来交付").select_option("老吴")
    await press(sales.get_by_role("button", name="不是承诺"))

    await expect(sales.get_by_role("button", name="已处理")).to_be_disabled()
    await expect(sales.get_by_text("已更新")).to_be_visible()
    await expect(sales.get_by_text("已收到")).to_be_visible()
    await expect(page.locator("#announcer")).not_to_be_empty()
    assert ground.wecom.clicks == [{"key": "promise.not?promise=1", "selected": {"owner": ["wu"]}}]


async def test_a_wecom_vote_sends_what_is_ticked(ground: Ground, page: Page) -> None:
    sales = seat(page, "销售")
    await press(sales.get_by_role("checkbox", name="竞品对比"), "Space")
    await press(sales.get_by_role("button", name="提交"))
    await expect(sales.get_by_role("button", name="已处理")).to_be_visible()
    ticked = {"tags": ["price", "rival"]}
    assert ground.wecom.clicks == [{"key": "lead.save?lead=1", "selected": ticked}]


async def test_a_feishu_form_is_sent_as_the_client_sends_it(ground: Ground, page: Page) -> None:
    delivery = seat(page, "交付")
    day = delivery.get_by_label("选择最早哪天")
    await press(delivery.get_by_role("button", name="改到这天"))
    await expect(day).to_be_focused()
    assert ground.feishu.clicks == []

    await day.fill("2026-02-05")
    await delivery.get_by_label("选择原因").select_option("缺货")
    await press(delivery.get_by_role("checkbox", name="竞品对比"), "Space")
    await delivery.get_by_label("备注").fill(" 先发 X2 ")
    await press(delivery.get_by_role("button", name="改到这天"))
    await expect(delivery.get_by_text("已更新")).to_be_visible()
    assert ground.feishu.clicks == [
        {
            "tag": "button",
            "value": {"a": "promise.counter?promise=1", "c": "card1"},
            "name": "submit",
            "form_value": {
                "day": "2026-02-05 +0800",
                "why": "stock",
                "tags": ["price", "rival"],
                "note": "先发 X2",
            },
        }
    ]


async def test_a_feishu_button_is_not_a_form(ground: Ground, page: Page) -> None:
    await press(seat(page, "交付").get_by_role("button", name="接单"))
    await expect(seat(page, "交付").get_by_text("已更新")).to_be_visible()
    value = {"a": "promise.accept?promise=1", "c": "card1"}
    assert ground.feishu.clicks == [{"tag": "button", "value": value}]


async def test_dingtalk_buttons_and_spoken_links(ground: Ground, page: Page) -> None:
    manager = seat(page, "经理")
    await press(manager.get_by_role("button", name="催办"))
    await expect(manager.get_by_text("已更新")).to_be_visible()
    await press(manager.get_by_role("button", name="同意"))
    await expect(manager.get_by_text("已更新")).to_have_count(2)
    assert ground.dingtalk.clicks == [
        {"action_id": "silence.nudge?lead=1", "params": {}},
        {"url": "dtmd://dingtalkclient/sendMessage?content=%E5%90%8C%E6%84%8F+A1"},
    ]


async def test_an_example_fills_the_composer_and_enter_sends_it(ground: Ground, page: Page) -> None:
    await press(page.get_by_role("button", name="张总说价格高"))
    box = seat(page, "销售").get_by_label("以小李的身份写给一诺")
    await expect(box).to_be_focused()
    await box.press("Shift+Enter")
    assert not [m for m in ground.world.messages if m.sender == "li"]
    await box.press("Enter")

    await expect(seat(page, "销售").get_by_text("记下了：张总说价格高")).to_be_in_viewport()
    await expect(box).to_have_value("")


async def test_what_was_not_sent_stays_in_the_composer(ground: Ground, page: Page) -> None:
    async def refuse(*_: Any, **__: Any) -> Any:
        raise ValueError("程序没有应答")

    ground.wecom.say = refuse  # type: ignore[method-assign]
    box = seat(page, "销售").get_by_label("以小李的身份写给一诺")
    await box.fill("今日")
    await box.press("Enter")
    await expect(seat(page, "销售").get_by_text("程序没有应答")).to_be_visible()
    await expect(box).to_have_value("今日")


async def test_an_edit_keeps_the_place_of_the_focus(ground: Ground, page: Page) -> None:
    shown = ground.wecom.show("li", "card", {**WECOM_BUTTONS, "task_id": "t9"})
    confirm = (
        seat(page, "销售").locator(f"[data-message={shown.id}]").get_by_text("确认", exact=True)
    )
    await confirm.focus()
    ground.world.change(shown, {**shown.payload, "sub_title_text": "型号 X2"})
    await expect(seat(page, "销售").get_by_text("型号 X2")).to_be_in_viewport()
    await expect(confirm).to_be_focused()


async def test_the_clock_walks_and_says_where(ground: Ground, page: Page) -> None:
    ground.hands.may_arrive.clear()
    await press(page.get_by_role("button", name="+72 小时"))
    await expect(page.get_by_text("正在走到 1月31日 周六 10:20")).to_be_visible()
    ground.hands.may_arrive.set()
    await expect(page.locator("#now")).to_have_text("2026年1月31日 周六 10:20")

    await press(page.get_by_text("到…"))
    await page.get_by_label("把时钟拨到").fill("2026-02-05T09:00")
    await press(page.get_by_role("button", name="走到这一刻"))
    await expect(page.locator("#now")).to_have_text("2026年2月5日 周四 09:00")


async def test_a_customer_adds_the_salesperson(ground: Ground, page: Page) -> None:
    customer = seat(page, "客户")
    await customer.get_by_label("称呼").fill("王女士")
    await customer.get_by_label("称呼").press("Enter")
    await expect(customer.get_by_text("王女士添加了小李")).to_be_visible()
    await expect(customer.get_by_text("您好，我是小李。")).to_be_visible()
    assert ground.added[0][1].state == "展会3号馆"


async def test_no_text_becomes_markup(ground: Ground, page: Page) -> None:
    card = {"main_title": {"title": HOSTILE, "desc": HOSTILE}, "sub_title_text": HOSTILE}
    ground.wecom.show("li", "card", {**WECOM_BUTTONS, **card})
    ground.wecom.show("li", "text", {"content": HOSTILE})
    ground.dingtalk.show("wang", "markdown", {"text": HOSTILE})
    body = {"elements": [{"tag": "markdown", "content": HOSTILE}]}
    ground.feishu.show("ou_chen", "card", {"schema": "2.0", "body": body})
    await expect(seat(page, "交付").get_by_text("onerror")).to_be_visible()
    await expect(page.locator("main img")).to_have_count(0)
    await expect(page.locator("main a[href^=javascript]")).to_have_count(0)


async def test_a_phone_shows_one_seat_and_a_dot_for_the_others(ground: Ground, page: Page) -> None:
    await page.set_viewport_size(PHONE)
    await page.reload()
    tabs = page.get_by_role("navigation", name="席位")
    await expect(seat(page, "销售")).to_be_visible()
    await expect(seat(page, "交付")).to_be_hidden()

    ground.feishu.show("ou_chen", "text", {"text": "新任务" * 40})
    await expect(tabs.get_by_role("button", name="交付 有新消息")).to_be_visible()
    for title in ("经理", "交付", "客户", "销售"):
        await press(tabs.get_by_role("button", name=title))
        await expect(seat(page, title)).to_be_visible()
        assert await page.evaluate(OVERFLOW) <= 0, title
    await expect(page.get_by_text("有新消息").locator("visible=true")).to_have_count(0)
