"""What is said while a platform's monthly allowance runs out."""

from collections.abc import Sequence

from cards.model import Card, dump, load
from cards.render import plain

PLATFORMS = {"dingtalk": "钉钉", "feishu": "飞书"}
KINDS = {
    "calls": "接口调用",
    "stream": "消息推送（Webhook/Stream）",
}
MEANWHILE = {
    "calls": "这个月余下的日子，定时提醒会攒到 9、14、17 点合并成一条发；回话和点按钮照常。"
    "用完之后{name}会拒收，改从对方绑定的其他 IM 送达。",
    "stream": "用完之后，在{name}里发给机器人的话它就收不到了，请大家改用其他 IM，或升级版本。",
}
WHERE = {
    "dingtalk": "全公司的应用和机器人共用这份额度；可在钉钉开放平台 → 资源用量查看、加购。",
    "feishu": "全公司的自建应用共用这份额度，这里只数得到一诺自己的；准数在飞书管理后台。"
    "已是不限量的版本，设 FEISHU__CALLS_A_MONTH=0。",
}


def low_card(platform: str, kind: str, used: int, allowed: int) -> Card:
    name = PLATFORMS.get(platform, platform)
    return Card(
        title=f"{name}本月{KINDS[kind]}额度不多了",
        tone="warn",
        text=f"已用 {used} 次，共 {allowed} 次。\n{MEANWHILE[kind].format(name=name)}",
        notes=(WHERE.get(platform, ""),),
    )


def merged(bodies: Sequence[str]) -> str:
    """Several notices as one; their buttons become words to type."""
    parts = [plain.render(load(body)) for body in bodies]
    card = Card(title=f"{len(parts)} 条提醒，合在一起发", text="\n\n".join(parts))
    return dump(card)
