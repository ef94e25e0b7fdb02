"""How a promise reads in somebody's list of tasks, and what administrators hear when it cannot."""

from cards.model import Card
from cards.promises import PromiseView
from cards.refusals import IMS
from storage.models import Promise

SETTINGS = {"feishu": "FEISHU__TASKS", "dingtalk": "DINGTALK__TODOS"}
LONGEST_TITLE, LONGEST_QUOTE = 200, 200


def title(promise: Promise, customer: str) -> str:
    told = f"{customer}：{promise.what}"
    return told if len(told) <= LONGEST_TITLE else f"{told[: LONGEST_TITLE - 1]}…"


def about(view: PromiseView) -> str:
    """Below the title."""
    quote = view.quote
    if len(quote) > LONGEST_QUOTE:
        quote = f"{quote[: LONGEST_QUOTE - 1]}…"
    typed = f"在这里勾选完成，或对一诺说“完成 {view.promise.code}”，两边都算。"
    return f"{view.promise.code} · {view.rep}的承诺\n原话：“{quote}”\n{typed}"


def refused_card(platform: str, error: str) -> Card:
    """For administrators."""
    im, setting = IMS.get(platform, platform), SETTINGS[platform]
    return Card(
        text=f"任务没写进{im}的任务清单，承诺和卡片不受影响：{error[:300]}\n"
        f"不想写的话，去掉 {setting}。一天只提醒一次。"
    )
