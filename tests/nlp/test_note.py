"""What a note as a whole adds to its expressions of time."""

from datetime import datetime

from nlp.reading import read

NOW = datetime.fromisoformat("2026-01-28T10:00:00+08:00")


def test_an_hour_falls_on_the_day_told_before_and_says_so() -> None:
    day, hour = read("明天他来，下午两点到", NOW).times
    assert hour.start is not None
    assert (day.said, hour.said) == ("1月29日 周四", "1月29日 周四 14:00")
    assert f"{hour.start:%Y-%m-%dT%H:%M}" == "2026-01-29T14:00"
