"""Channel codes, tags, links and the directory, against a server that keeps the real limits."""

from typing import Any

import pytest

from bot.platforms.protocol import CustomerDesk, Rejected, Unauthorized
from bot.playground.world import ExternalContact
from tests.platforms.wecom.conftest import Stage

CUSTOMER = ExternalContact("wmK3aZ01", "李女士", state="expo")
WEI = "wecom:zhang.wei"


@pytest.fixture
def desk(stage: Stage) -> CustomerDesk:
    return stage.adapter.desk


async def refused(call: Any) -> str:
    with pytest.raises(Rejected) as refusal:
        await call
    return refusal.value.code


async def test_a_code_is_made_changed_and_closed(stage: Stage, desk: CustomerDesk) -> None:
    made = await desk.open_channel("yn1", "展会A", [WEI], asks=False)
    way = stage.server.customers.ways.ways[made["config_id"]]
    assert (way.type, way.users, way.state, way.remark) == (1, ["zhang.wei"], "yn1", "展会A")
    assert made["picture_url"] == way.qr_code
    await desk.change_channel(made["config_id"], "yn1", "展会A", ["wecom:LiNa"], asks=True)
    assert (way.users, way.skip_verify) == (["LiNa"], False)
    await desk.close_channel(made["config_id"])
    assert stage.server.customers.ways.ways == {}
    assert await refused(desk.close_channel(made["config_id"])) == "40058"


async def test_several_members_make_a_code_of_another_type(
    stage: Stage, desk: CustomerDesk
) -> None:
    made = await desk.open_channel("yn1", "展会A", [WEI, "wecom:LiNa"], asks=True)
    way = stage.server.customers.ways.ways[made["config_id"]]
    assert (way.type, way.skip_verify) == (2, False)


async def test_limits_of_codes_have_their_codes(stage: Stage, desk: CustomerDesk) -> None:
    ways = stage.server.customers.ways
    assert await refused(desk.open_channel("s", "a", ["wecom:nobody"], asks=False)) == "60111"
    assert await refused(desk.open_channel("s", "a", [WEI] * 101, asks=False)) == "members"
    ways.inactive.add("zhang.wei")
    assert await refused(desk.open_channel("s", "a", [WEI], asks=False)) == "41054"
    ways.inactive.clear()
    ways.most = 0
    with pytest.raises(Rejected, match="停用渠道码"):
        await desk.open_channel("s", "a", [WEI], asks=False)


async def test_tags_are_made_once_and_put_on_a_member_s_own_customer(
    stage: Stage, desk: CustomerDesk
) -> None:
    await stage.server.add_contact("zhang.wei", CUSTOMER)
    tags, calls = stage.server.customers.tags, stage.server.gate.calls
    await desk.write_tags(WEI, CUSTOMER.id, ["线索", "价格疑虑"], [])
    assert tags.names("zhang.wei", CUSTOMER.id) == {"线索", "价格疑虑"}
    await desk.write_tags(WEI, CUSTOMER.id, ["价格疑虑"], ["线索"])
    assert tags.names("zhang.wei", CUSTOMER.id) == {"价格疑虑"}
    assert calls["externalcontact/get_corp_tag_list"] == 1
    assert calls["externalcontact/add_corp_tag"] == 1


async def test_tags_that_are_there_are_used(stage: Stage, desk: CustomerDesk) -> None:
    await stage.server.add_contact("zhang.wei", CUSTOMER)
    await stage.adapter.desk.write_tags(WEI, CUSTOMER.id, ["线索"], [])
    stage.adapter.desk._tag_ids = {}
    await desk.write_tags(WEI, CUSTOMER.id, ["线索", "流失"], [])
    assert sorted(stage.server.customers.tags.groups["一诺"].values()) == ["流失", "线索"]


async def test_nobody_else_s_customer_gets_tags(stage: Stage, desk: CustomerDesk) -> None:
    await stage.server.add_contact("zhang.wei", CUSTOMER)
    assert await refused(desk.write_tags("wecom:LiNa", CUSTOMER.id, ["线索"], [])) == "84061"
    assert await refused(desk.write_tags(WEI, "wmNobody", ["线索"], [])) == "40096"


async def test_a_link_tells_its_name_and_who_wrote(stage: Stage, desk: CustomerDesk) -> None:
    customers = stage.server.customers
    customers.links["ca1"] = "秋季投放"
    assert await desk.link("ca1", "") == {"name": "秋季投放"}
    await customers.write_through("ca1", "zhang.wei", CUSTOMER, state="ad-7")
    event = stage.events[-1]
    key = getattr(event, "chat_key", "")
    assert await desk.link("", key) == {
        "name": "秋季投放",
        "member": "zhang.wei",
        "external_id": CUSTOMER.id,
        "state": "ad-7",
    }
    stage.after(minutes=31)
    assert await refused(desk.link("", key)) == "40058"
    assert await refused(desk.link("ca2", "")) == "40058"


async def test_the_directory_tells_a_name(stage: Stage, desk: CustomerDesk) -> None:
    assert await desk.colleague("wecom:lina") == {"name": "李娜"}
    assert await refused(desk.colleague("wecom:nobody")) == "60111"
    stage.server.gate.forbidden.add("user/get")
    with pytest.raises(Unauthorized):
        await desk.colleague(WEI)
