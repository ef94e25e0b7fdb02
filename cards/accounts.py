"""Who somebody is, in which IM."""

from cards.model import Card


def stranger_card() -> Card:
    return Card(
        text="我还不认识这个账号，所以先不处理。\n"
        "已在别的IM用过我：在那边发“绑定”拿六位码，再到这里发“绑定 六位码”。\n"
        "第一次用：请管理员给你一个六位码。"
    )


def code_card(code: str, minutes: int) -> Card:
    return Card(
        text=f"你的绑定码：**{code}**\n{minutes} 分钟内，用另一个IM给我发“绑定 {code}”。\n"
        "别转发，谁发了这个码，谁就成了你。"
    )


def bound_card(name: str) -> Card:
    return Card(text=f"绑定好了，{name}。以后在哪个IM说都一样，提醒发到你最近用的那个。")


def wrong_code_card() -> Card:
    return Card(text="这个码不对或已过期。请在已绑定的IM里再发一次“绑定”，拿新的六位码。")


def too_many_card() -> Card:
    return Card(text="试错太多次了，一小时后再来；急的话请管理员给新码。")
