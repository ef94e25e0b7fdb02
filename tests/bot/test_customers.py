"""Slow calls about customers, where no platform keeps any."""

import pytest

from bot.customers import customer_calls
from bot.platforms.protocol import Platform, Rejected
from tests.bot.conftest import Dictionary

DATA = {
    "channel.open": {"state": "s", "called": "展会A", "members": "[]", "asks": ""},
    "channel.change": {
        "config_id": "c",
        "state": "s",
        "called": "展会A",
        "members": "[]",
        "asks": "",
    },
    "channel.close": {"config_id": "c"},
    "colleague.details": {"member": "wecom:li"},
    "link.details": {"platform": "wecom", "link": "ca1", "chat_key": ""},
    "tags.write": {"address": "wecom:wm1", "member": "wecom:li", "add": "[]", "remove": "[]"},
}
WITHOUT_DESK: list[dict[str, Platform]] = [{}, {"wecom": Dictionary("wecom")}]


@pytest.mark.parametrize("platforms", WITHOUT_DESK, ids=["nothing", "a robot alone"])
@pytest.mark.parametrize("call", DATA)
async def test_without_the_app_each_call_says_what_is_missing(
    platforms: dict[str, Platform], call: str
) -> None:
    calls = customer_calls(platforms, write_tags=True)
    with pytest.raises(Rejected, match="WECOM__CORP_ID"):
        await calls[call](DATA[call])


def test_tags_are_written_only_where_that_is_wanted() -> None:
    assert "tags.write" not in customer_calls({}, write_tags=False)
    assert "tags.write" in customer_calls({}, write_tags=True)
