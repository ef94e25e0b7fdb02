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
**主管**：渠道码 展会A 张伟 · 停用渠道码 展会A
**带话**：留言 P12 客户在催（或回复承诺的卡）
**换个 IM 接着用**：绑定 · 我的账号 · 以后发到 飞书

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


def newcomer_card(name: str) -> Card:
    return Card(
        text=f"{name}，我是一诺，帮你记跟进、盯承诺。\n"
        "客户那边有进展，一句话告诉我，打字语音都行：“张总说价格高，样机下周三前寄出”。\n"
        "看用法发“帮助”，看今天要做的发“今日”。"
    )


def group_card() -> Card:
    return Card(
        text="大家好，我是一诺，记客户跟进，盯住答应过的事。\n"
        "叫我时 @我，说一句话就行；没有 @我、也不是回复我的话，我不看也不存。\n"
        "看用法：@我 帮助"
    )


def kept_card(kind: str, what: str) -> Card:
    """A picture, a file, or something else that is named by `what`."""
    if kind in ("image", "file"):
        name = "图片" if kind == "image" else "文件"
        return Card(text=f"{name}收到，已存档。要记到客户名下，补一句话说明是谁、什么事。")
    return Card(text=f"“{what or '这种消息'}”我还读不了；要记什么，用一句话告诉我就行。")
