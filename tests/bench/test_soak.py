"""The soak's own test: a minute of bad weather in some seconds, over both kinds of transport."""

import pytest

from bench.soak import Plan, soak


@pytest.mark.parametrize("over_http", [False, True], ids=["long", "http"])
async def test_nothing_is_lost_or_doubled_in_bad_weather(quiet_logs: None, over_http: bool) -> None:
    found = await soak(Plan(4.0, over_http, every=0.5, per_second=6.0))
    assert found["sent"] >= 20
    assert (found["lost"], found["doubled"]) == (0, 0)
    assert len(found["faults"]) >= 7
