"""What may not leave the house is replaced, and comes back letter by letter."""

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.masking import mask
from nlp.time import find

NOW = datetime.fromisoformat("2026-01-28T10:20:00+08:00")
PEOPLE = ("张总", "Kevin Lin", "李", "陈")
COMPANIES = ("华康医疗", "华康")


def masked(text: str) -> str:
    found = mask(text, people=PEOPLE, companies=COMPANIES, times=find(text, NOW))
    assert found.reveal(found.text) == text
    return found.text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("张总要样机，张总急", "〔人1〕要样机，〔人1〕急"),
        ("华康医疗和华康", "〔公司1〕和〔公司2〕"),
        ("kevin lin wants a quote", "〔人1〕 wants a quote"),
        ("电话138 0013 8000", "电话〔号码1〕"),
        ("+86 21-5555-1234", "+〔号码1〕"),
        ("身份证31010119900101123X", "身份证〔号码1〕"),
        ("顺丰SF1234567890已发", "顺丰〔号码1〕已发"),
        ("发到li.gong@x-y.com.cn吧", "发到〔邮箱1〕吧"),
        ("见https://x.cn/a?b=1，谢谢", "见〔网址1〕，谢谢"),
        ("加微信：abc_123", "加〔账号1〕"),
        ("wx zhang88", "〔账号1〕"),
        ("send it on wechat tomorrow", "send it on wechat tomorrow"),
        ("报价12.5万，预付三千元", "报价〔金额1〕，预付〔金额2〕"),
        ("¥3,000，合同额一百二十万元", "〔金额1〕，合同额〔金额2〕"),
        ("about 2.4 million RMB", "about 〔金额1〕"),
        ("2026-02-03 10:00到", "2026-02-03 10:00到"),
        ("20260203前给，3天内", "20260203前给，3天内"),
        ("2月6号要两块样板，X2型号，分3期", "2月6号要两块样板，X2型号，分3期"),
        ("〔人1〕是张总", "〔文字1〕是〔人1〕"),
        ("〔张总〕和〕", "〔文字1〕和〔文字2〕"),
    ],
)
def test_names_and_numbers_are_hidden_and_the_rest_stays(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_a_long_number_is_hidden_even_if_it_reads_like_a_time() -> None:
    assert "202602031530" not in masked("单号202602031530")


def test_of_names_that_overlap_nothing_shows() -> None:
    hidden = mask("欧阳总经理", people=("欧阳总", "总经理"))
    assert hidden.text == "〔人1〕"


def test_words_about_placeholders_nobody_gave_stay_as_they_are() -> None:
    assert mask("张总来了", people=PEOPLE).reveal("〔人2〕说") == "〔人2〕说"


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *PEOPLE,
                *COMPANIES,
                "13800138000",
                "3万元",
                "〔",
                "〕",
                "人1",
                "〔人1〕",
                "，下周三前寄",
            ]
        )
    ),
    st.text(max_size=20),
)
def test_whatever_is_hidden_comes_back(words: list[str], rest: str) -> None:
    text = rest.join(words)
    shown = masked(text)
    assert "13800138000" not in shown
    assert "张总" not in shown
