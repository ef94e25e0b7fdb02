"""What a deal is worth, and which figures are something else."""

from datetime import datetime

import pytest

from nlp.amounts import find_amount
from nlp.lexicon import default_lexicon
from nlp.reading import noted
from nlp.types import ReadContext

NOW = datetime.fromisoformat("2026-03-03T10:00:00+08:00")
WORTH = [
    ("合同今天签了，12.5万", 125_000),
    ("总价6万8，下周签", 68_000),
    ("盖章页发来了，两百零六万", 2_060_000),
    ("三十八万一口价，先付一半", 380_000),
    ("报价15万，谈到12万", 120_000),
    ("21万太离谱，砍到18万，我没松口", 210_000),
    ("报了38万，他那边批的只有30万", 380_000),
    ("收了定金两千，总共一万八", 18_000),
    ("签了，17万5，比上回那单还多三万", 175_000),
    ("报价9800元，他说再看看", 9_800),
    ("PO received, RMB 880k", 880_000),
    ("Board said yes to 1.1M RMB", 1_100_000),
]
WORTHLESS = [
    "周末前发一块样板",
    "维保合同和备件清单一块儿给他",
    "违约金那条双方各退一块，周一改好",
    "一次性拖鞋30w双那个客户来电话",
    "单价19块8，数量两万",
    "昨晚梦见签了三千万的单",
    "喝多了说给我下五百万的单",
    "下半年目标1200万，人均100万",
    "旧机器能抵八万",
    "停产一天亏八万",
    "嫌模具费两万八贵",
    "质保金10号左右打，4万2",
    "二期款30号付，3万2",
    "尾款三万一到账",
    "运费说妥了就签，四千块不该他掏",
    "票到了把剩下的3万2付了",
    "说我们报价高了三万",
    "MOQ能不能降到1k",
    "一年吃掉两千万的货",
]


@pytest.mark.parametrize(("text", "yuan"), WORTH)
def test_the_value_of_the_deal_is_read(text: str, yuan: int) -> None:
    assert amount_of(text) == yuan


@pytest.mark.parametrize("text", WORTHLESS)
def test_other_figures_are_not_the_value_of_the_deal(text: str) -> None:
    assert amount_of(text) is None


def amount_of(text: str) -> int | None:
    amount = find_amount(noted(text, NOW, ReadContext(), default_lexicon()))
    return amount.value if amount else None
