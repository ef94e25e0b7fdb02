"""What `main.py read` prints: every slot with its words, its rule and its doubts."""

import json

import pytest

import main
from nlp.telling import width

pytestmark = pytest.mark.usefixtures("quiet_logs")
NOTE = "华宁医院张总说价格高，样机下周三前寄出"


def test_a_note_is_told_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["read", NOTE, "--now", "2026-01-28"]) == 0
    lines = capsys.readouterr().out.splitlines()
    table = lines[: lines.index("")]
    told = {line.split()[0]: line for line in table}
    assert "张总" in told["人"]
    assert "华宁医院" in told["客户"]
    assert "价格疑虑" in told["标签"]
    assert "样机 · 样机样品 · 我方 · 待办" in told["承诺"]
    assert "2026-01-28 … 2026-02-04" in told["期限"]
    assert "“下周三前”" in told["期限"]
    assert "也可能是" in told["期限"]


def test_columns_stand_below_one_another(capsys: pytest.CaptureFixture[str]) -> None:
    main.main(["read", NOTE, "--now", "2026-01-28"])
    lines = capsys.readouterr().out.splitlines()
    starts = {width(line[: line.index("“")]) for line in lines if "“" in line}
    assert len(starts) == 1


def test_a_note_is_told_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    main.main(["read", "周五前报价", "--now", "2026-01-28T16:00", "--json"])
    told = json.loads(capsys.readouterr().out)
    [promise] = told["promises"]
    assert promise["due"]["end"] == "2026-01-31T00:00:00+08:00"
    assert told["now"] == "2026-01-28T16:00:00+08:00"


def test_small_talk_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    main.main(["read", "在吗"])
    assert "闲聊" in capsys.readouterr().out


def test_an_impossible_moment_is_refused_with_the_remedy(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main.main(["read", "在吗", "--now", "明天"])
    assert "write 2026-01-28" in capsys.readouterr().err
