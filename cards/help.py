"""What the bot can be told, and what it says when it cannot go on."""

from cards.model import Card

HELP = """**直接说事就行**，打字或语音都可以：
“张总说价格高，对比了XX，样机下周三前寄出”
“张总说下周再议”

**改**：不对，是下周四 / 是X2型号
**撤**：撤回
**看**：今日（今天要做的、别人欠你的）· 原话（语音说了什么）
**跟进**：+跟进 张总
**承诺**：接单 P12 · 最早 P12 2月5号 · 做不到 P12
　　　接受 P12 · 坚持 P12 · 完成 P12 · 取消 P12 · 来历 P12
**换个 IM 接着用**：绑定

每个按钮都有对应的说法；只有发给我的话才会留下。"""


def help_card() -> Card:
    return Card(text=HELP)


def greeting_card(name: str) -> Card:
    return Card(text=f"{name}，在的。客户那边有什么进展，一句话告诉我就行；想看用法发“帮助”。")


def parked_card(inbox_id: int) -> Card:
    """Somebody's event was given up after its last retry."""
    return Card(
        text=f"这条没处理成功，原话已保存（编号 E{inbox_id}），管理员会收到并重跑，不用重发。"
    )


def picture_card() -> Card:
    return Card(text="图片收到，已存档。要记到客户名下，补一句话说明是谁、什么事。")
