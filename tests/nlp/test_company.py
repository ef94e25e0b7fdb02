"""Which customer a note is about, and what is none."""

from datetime import datetime

import pytest

from nlp.reading import read
from nlp.types import ReadContext

NOW = datetime.fromisoformat("2026-03-03T10:00:00+08:00")
NAMED = """
昌盛机械厂欠款二十万 | 昌盛机械厂
旭日轴承厂的单子跟了半年 | 旭日轴承厂
去了趟天津跟滨海重机的单总聊了 | 滨海重机
仁心眼科的订单刚进系统 | 仁心眼科
和信证券IT部的车总想先试用 | 和信证券
嘉华塑业采购说月底付 | 嘉华塑业
万里物业的常姐算了一下午账 | 万里物业
鹿鸣书店那边没预算 | 鹿鸣书店
时光科技管采购的来电话了 | 时光科技
大唐电厂的阀门到货了 | 大唐电厂
蓝天幼儿园合同盖章了 | 蓝天幼儿园
市一院设备科来电催货 | 市一院
刚从二附院回来，主任不在 | 二附院
跟紧中山六院，月底出结果 | 中山六院
青医附院的主任要看演示 | 青医附院
省妇幼的冷链标开了 | 省妇幼
武大那台PCR仪报错 | 武大
理工大的课题组要报价 | 理工大
三院信息科新来了头儿 | 三院
一中的66套课桌装完了 | 一中
农商行信息科催验收报告 | 农商行
区教育局批了预算 | 区教育局
太钢的李科长不接电话 | 太钢
洛轴的返利协议谁跟的 | 洛轴
协和要两台样机试用 | 协和
鼎科那边说下周给答复 | 鼎科
去了趟宏图，前台没让进 | 宏图
跟恒达签了三年 | 恒达
给鑫隆送了两箱样品 | 鑫隆
上周三给施耐特寄了样机 | 施耐特
答应天成的资料今天必须发 | 天成
下周一去旭晟看老产线 | 旭晟
听说康源换了采购经理 | 康源
科华嫌交期长 | 科华
顺达嫌贵 | 顺达
初次拜访了华泰的孙主任 | 华泰
下周去华兴 | 华兴
蓝海预算没批 | 蓝海
六禾那批布什么时候到 | 六禾
顺利的话，瑞丰月底能签 | 瑞丰
对了，嘉禾那边发票抬头改了 | 嘉禾
老客户聚乐福的巡检到期了 | 聚乐福
新客户，做宠物粮的，叫福多多 | 福多多
Nordic Foods wants a quote | Nordic Foods
Demo at Kestrel moved to Friday | Kestrel
Won Kestrel Packaging! Signed today | Kestrel Packaging
Chase Orion for the signed NDA | Orion
The Halden order ships Monday | Halden
We owe Bellamy the certificates | Bellamy
Stellar的合同法务还在看 | Stellar
Nina，Solaris那个LOI月底前要到 | Solaris
"""
NONE = """
今天去工地看了下
去银行办了个事
公司开会讨论了报价
跟客户吃饭聊到十点
液压站的报价发了
退火炉那单还在磨
羽绒面料那单丢了
防火涂料的用量表发我了
新款样机要两周
价格没谈拢
设备科说要招标
医院那边还没批
幼儿园项目，园长要小样
学校放假了
我们公司下周搬家
请问贵公司有资质吗
标书送到代理公司了
上海那边仓库满了
杭州的项目延期了
去婺源玩了两天
海康报价比我们低
他们选了迈瑞
现在用的是双星的货
从深圳发货
国庆那批货提前发
智能柜的图纸改好了
顺丰单号发群里了
说抹不掉就去找公牛
预付从三成降到一成
新线索，抖音私信进来的
Lunch was great today
Flight to Berlin delayed
Deal signed!
Let's catch up sometime
发了MSDS给客户
"""


@pytest.mark.parametrize(
    ("text", "name"), [line.split(" | ") for line in NAMED.strip().splitlines()]
)
def test_a_customer_is_found_by_form_or_by_place(text: str, name: str) -> None:
    assert company_of(text) == name


@pytest.mark.parametrize("text", NONE.strip().splitlines())
def test_what_is_no_customer_is_left_alone(text: str) -> None:
    assert company_of(text) is None


@pytest.mark.parametrize(
    "said", ["浙江鼎科智能科技有限公司", "浙江鼎科智能科技", "鼎科智能", "鼎科"]
)
def test_a_known_customer_is_found_by_what_people_leave_of_its_name(said: str) -> None:
    full = "浙江鼎科智能科技有限公司"
    assert company_of(f"{said}嫌贵", full) == full


def test_a_word_of_everyday_use_names_no_known_customer() -> None:
    assert company_of("方案明天给", "上海方案科技有限公司") is None


def company_of(text: str, *customers: str) -> str | None:
    company = read(text, NOW, ReadContext(customers=customers)).company
    return company.value if company else None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("华康医疗器戒的张总嫌贵", "华康"),
        ("去了趟画康医疗器械", "画康医疗器械"),
        ("華康醫療器械的張總嫌貴", "華康醫療器械"),
    ],
)
def test_a_customer_is_known_with_one_letter_wrong_and_in_traditional_letters(
    text: str, said: str
) -> None:
    found = read(text, NOW, ReadContext(customers=["华康医疗器械"])).company
    assert found is not None
    assert (found.value, found.text) == ("华康医疗器械", said)


def test_two_letters_wrong_are_another_firm() -> None:
    found = read("华宁医疗器戒的张总", NOW, ReadContext(customers=["华康医疗器械"])).company
    assert found is None or found.value != "华康医疗器械"
