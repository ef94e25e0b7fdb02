"""Who is named in a note, and what only looks like a name."""

import pytest

from nlp.lexicon import default_lexicon
from nlp.note import fold_slips
from nlp.people import find_people

NAMED = """
韦总和蒙工下周一过来验货 | 韦总 蒙工
刚跟邰主任通完电话 | 邰主任
戴建军院长点头了 | 戴建军院长
拉巴次仁主任想看演示 | 拉巴次仁主任
给古丽医生寄两盒试纸 | 古丽医生
展会上碰到阿卜杜拉先生 | 阿卜杜拉先生
欧阳总改主意了 | 欧阳总
和上官经理对了一遍清单 | 上官经理
诸葛老师让我把PPT发她 | 诸葛老师
司徒副院长约了下周 | 司徒副院长
李副总和王副主任都在 | 李副总 王副主任
小张总接班了 | 小张总
高工说图纸有问题 | 高工
找金工要一份尺寸 | 金工
白工今天休假 | 白工
连工问了三个问题 | 连工
任工，图纸收到没 | 任工
应工要验收资料 | 应工
向工把接口写好了 | 向工
老祁和小柳负责 | 老祁 小柳
小向明天去装机 | 小向
跟大周对了账 | 大周
月姐问发票开了没 | 月姐
彪哥答应下周结款 | 彪哥
阿强明天去装机 | 阿强
阿May说周五给 | 阿May
王胖子又催了 | 王胖子
陈大姐家的店要换招牌 | 陈大姐
裴局点名要这个型号 | 裴局
跟桑处约了周三 | 桑处
鲍博的课题组要两台 | 鲍博
黄总办公室电话打不通 | 黄总
裘总厂区下周停电 | 裘总
让@李思远 明天去现场 | 李思远
@周梦婷 把合同扫描件发群里 | 周梦婷
高明天下午三点到 | 高明天
高明天是新来的采购 | 高明天
麻烦问一下周一鸣，发票寄了没 | 周一鸣
接手的叫时光 | 时光
新来的采购叫方圆 | 方圆
孙志强，周五前把标书交了 | 孙志强
林晓彤去送样，我开车 | 林晓彤
安排张伟明天过去 | 张伟
何雨桐负责物流 | 何雨桐
采购部的赵敏跟我说要比价 | 赵敏
财务刘颖说款付了 | 刘颖
负责人：陈国栋，电话13800000000 | 陈国栋
原来的许总走了，换成了卫青 | 许总 卫青
卓玛说下周给答复 | 卓玛
婷婷把清单发我了 | 婷婷
志远，你把价格再核一遍 | 志远
明天王总来 | 王总
马上江总就到了 | 江总
答应唐总的样品 | 唐总
说明天白总有空 | 白总
周总让写周总结 | 周总
采购王姐下周休假 | 王姐
报价发白经理了 | 白经理
和展厂长敲好了图纸 | 展厂长
那个单总今天主动打过来 | 单总
匙总把字签了 | 匙总
管老师说暑假值班 | 管老师
跟别院长对清楚了 | 别院长
芳姐看完方案了 | 芳姐
老主顾丽姐说过完年再谈 | 丽姐
老孔总算吐口 | 老孔
给Sherry发了一版报价 | Sherry
Kelvin要15%的折扣 | Kelvin
Thanks to Alice and Bob, PO is in | Alice Bob
Joy asked about MOQ | Joy
Sorry for the delay, Hiroshi | Hiroshi
"""
NAMED_IN_FULL = [
    ("Spoke with Mr. Tan from Orion", "Mr. Tan"),
    ("Zhang Wei will send the PO tomorrow", "Zhang Wei"),
    ("Sarah Chen wants a demo", "Sarah Chen"),
]
NOBODY = """
那总是把价格压得很低
高工艺要求的活
高总部要求统一采购
施工方说下周进场
职工食堂的设备
金工车间要两台吊车
老公司那边没消息
小程序报价什么时候出
小红书私信来的线索
老板说可以
和老师说好了
从经理那边听说的
向院长汇报了一次
连主任都惊动了
采购总监还没定
供应总监换人了
项目经理离职了
两位工程师明天进场
两边操作工都要培训
单子总算砸下来了
设备总价三十万
方案总体没问题
都总结完了
新总监到岗
他们老总点头了
付款申请提上去了
这周审计进场
应总经理要求改期
全国总代理的价格
海关总署来检查
温度控制系统报价
成都的项目
安全员培训
方向盘的供应商
万里长征才走第一步
和平路的店
我司已经盖章，原件寄给贵司
金蝶的系统
谢谢老师
他们也在看西门子
顺达嫌贵
明天拜访安泰
给多少也没定
别再来问我插单了
by Friday说样机
Will send the quote in May
Grace Chemicals wants two tons
Austin office is closed
"""


@pytest.mark.parametrize(
    ("text", "names"), [line.split(" | ") for line in NAMED.strip().splitlines()]
)
def test_people_are_found_by_name_title_and_nickname(text: str, names: str) -> None:
    assert named_in(text) == names.split()


@pytest.mark.parametrize(("text", "name"), NAMED_IN_FULL)
def test_a_name_of_several_words_is_one_person(text: str, name: str) -> None:
    assert named_in(text) == [name]


@pytest.mark.parametrize("text", NOBODY.strip().splitlines())
def test_words_that_look_like_names_are_nobody(text: str) -> None:
    assert named_in(text) == []


def test_known_contacts_are_found_wherever_they_stand() -> None:
    assert named_in("数据线给芒果寄了", "芒果") == ["芒果"]


def named_in(text: str, *contacts: str) -> list[str]:
    lexicon = default_lexicon()
    found = find_people(text, fold_slips(text, lexicon), lexicon, contacts)
    return [who.value for who in found]
