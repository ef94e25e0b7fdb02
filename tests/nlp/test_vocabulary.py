"""A customer's own words: added to ours, taken out again, and complained about by name."""

from datetime import datetime
from pathlib import Path

import pytest

from nlp.lexicon import LexiconError, default_lexicon
from nlp.names import read_in_full
from nlp.reading import read
from nlp.types import ReadContext, Reading
from nlp.vocabulary import extended, load_lexicon, names_of_own, shipped_tables

NOW = datetime.fromisoformat("2026-01-28T10:20:00+08:00")


def words(folder: Path, **files: str) -> Path:
    """A folder of a customer's own."""
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def understood(folder: Path, text: str, *customers: str) -> Reading:
    context = ReadContext(customers=customers)
    return read_in_full(text, NOW, context, load_lexicon(folder))


def complaint(folder: Path) -> str:
    with pytest.raises(LexiconError) as problem:
        load_lexicon(folder)
    return str(problem.value)


# Adding ----------------------------------------------------------------------------------


def test_without_words_of_ones_own_everything_is_as_it_ships(tmp_path: Path) -> None:
    assert extended(shipped_tables(), {}) == shipped_tables()
    assert load_lexicon(tmp_path).things == default_lexicon().things


def test_a_deliverable_is_added_to_its_kind(tmp_path: Path) -> None:
    text = "答应张总展示柜下周三前寄出"
    assert all(p.deliverable != "展示柜" for p in read(text, NOW).promises)
    words(tmp_path, deliverables='[sample]\n"展示柜" = ["展柜"]')
    (promise,) = understood(tmp_path, text).promises
    assert (promise.deliverable, promise.kind) == ("展示柜", "sample")


def test_a_competitor_is_added(tmp_path: Path) -> None:
    text = "张总那边德玛泰克更便宜"
    words(tmp_path, companies='competitors = ["德玛泰克"]')
    assert "competitor" in [tag.value for tag in understood(tmp_path, text).tags]
    assert load_lexicon(tmp_path).companies.competitor.search("迈瑞")


def test_a_word_is_added_to_a_tag_and_a_tag_of_ones_own_is_named(tmp_path: Path) -> None:
    words(
        tmp_path,
        tags='[price_concern]\nsaid = ["割肉"]\n[green]\nname = "环保要求"\nsaid = ["碳足迹"]',
    )
    lexicon = load_lexicon(tmp_path)
    tags = [tag.value for tag in understood(tmp_path, "张总说这是割肉，还问碳足迹").tags]
    assert tags == ["price_concern", "green"]
    assert names_of_own(lexicon) == {"green": "环保要求"}


def test_a_tag_is_renamed(tmp_path: Path) -> None:
    words(tmp_path, tags='[price_concern]\nname = "嫌贵"')
    assert names_of_own(load_lexicon(tmp_path)) == {"price_concern": "嫌贵"}


def test_a_slip_of_the_ear_is_put_right(tmp_path: Path) -> None:
    words(tmp_path, slips='[slips]\n"养机" = "样机"')
    (promise,) = understood(tmp_path, "答应张总养机下周三前寄出").promises
    assert promise.deliverable == "样机"


def test_a_block_of_names_grows_by_a_list(tmp_path: Path) -> None:
    words(tmp_path, people='surnames = ["禤"]')
    assert {"禤", "张"} <= load_lexicon(tmp_path).people.surnames


# Products and abbreviations --------------------------------------------------------------


PRODUCTS = '[products]\n"启明一号" = ["QM-1", "一号机"]\n"X2" = []\n"X2 Pro" = []'


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("张总想看启明一号", "启明一号"),
        ("张总想看qm-1的资料", "启明一号"),
        ("一号机的价格张总没意见", "启明一号"),
        ("张总要X2", "X2"),
        ("张总要X2 Pro", "X2 Pro"),
    ],
)
def test_a_product_is_known_by_each_of_its_names(tmp_path: Path, text: str, product: str) -> None:
    words(tmp_path, products=PRODUCTS)
    (model,) = understood(tmp_path, text).models
    assert (model.value, model.rule) == (product, "model.product")


@pytest.mark.parametrize("text", ["张总要X20", "张总在AX2那栋楼", "看一号机房"])
def test_a_product_is_no_part_of_a_longer_name(tmp_path: Path, text: str) -> None:
    words(tmp_path, products='[products]\n"X2" = []')
    assert understood(tmp_path, text).models == ()


def test_a_product_can_be_promised_by_its_name(tmp_path: Path) -> None:
    words(tmp_path, products=PRODUCTS)
    (promise,) = understood(tmp_path, "答应张总启明一号下周三前寄出").promises
    assert (promise.deliverable, promise.kind) == ("启明一号", "shipment")


def test_a_product_may_be_written_with_signs(tmp_path: Path) -> None:
    words(tmp_path, products='[products]\n"C++(4)" = []')
    (model,) = understood(tmp_path, "张总要C++(4)那款").models
    assert model.value == "C++(4)"


def test_an_abbreviation_is_short_for_a_thing_or_a_product(tmp_path: Path) -> None:
    words(
        tmp_path,
        products=PRODUCTS,
        abbreviations='[abbreviations]\n"DEMO机" = "样机"\n"QMX" = "启明一号"',
    )
    (promise,) = understood(tmp_path, "答应张总demo机下周三前寄出").promises
    assert promise.deliverable == "样机"
    (model,) = understood(tmp_path, "张总想看qmx的资料").models
    assert model.value == "启明一号"


def test_an_abbreviation_is_short_for_a_customer(tmp_path: Path) -> None:
    words(tmp_path, abbreviations='[abbreviations]\n"晴医" = "松江晴岚医院"')
    company = understood(tmp_path, "晴医的李主任嫌贵", "松江晴岚医院").company
    assert company is not None
    assert (company.value, company.text, company.assumed) == ("松江晴岚医院", "晴医", "简称")


# Taking out ------------------------------------------------------------------------------


def test_a_word_is_taken_out_of_its_list() -> None:
    first, *others = shipped_tables()["tags"]["price_concern"]["said"]
    merged = extended(shipped_tables(), {"tags": {"price_concern": {"said": [f"-{first}"]}}})
    assert merged["tags"]["price_concern"]["said"] == others


def test_a_whole_entry_is_taken_out(tmp_path: Path) -> None:
    words(tmp_path, deliverables='[quote]\n"报价函" = false', slips='[slips]\n"样鸡" = false')
    lexicon = load_lexicon(tmp_path)
    assert "报价函" not in lexicon.things
    assert "样鸡" not in dict(lexicon.slips)


def test_an_action_is_extended_by_its_id_or_added_last() -> None:
    told = {"action": [{"id": "send", "said": ["闪送"]}, {"id": "beam", "said": ["传送"]}]}
    shipped = shipped_tables()["actions"]["action"]
    assert any(entry["id"] == "send" for entry in shipped)
    merged = extended(shipped_tables(), {"actions": told})["actions"]["action"]
    assert [entry["id"] for entry in merged] == [*(e["id"] for e in shipped), "beam"]
    send = next(entry for entry in merged if entry["id"] == "send")
    assert send["said"][-1] == "闪送"
    assert len(send["said"]) > 5


# Complaints ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("tags", "[price_concern]\nsaid = 贵", "mend that line"),
        ("tags", '[price_concern]\nsaid = ["贵("]', "tags.toml: price_concern.said = '贵(': "),
        ("tags", '[price_concern]\nsaid = "贵"', "Remedy: write a list of words"),
        ("tags", "[price_concern]\nsaid = [1]", "must be a list of words"),
        ("tags", '[price_concern]\nsayd = ["贵"]', "price_concern.sayd = ['贵']: is no key"),
        ("tags", '[price_concern]\nsayd = ["贵"]', "Remedy: write said"),
        ("tag", '[price_concern]\nsaid = ["贵"]', "Remedy: write tags"),
        ("deliverables", '[sampel]\n"柜" = []', "Remedy: write sample"),
        ("companies", 'competitor = ["x"]', "Remedy: write competitors"),
        ("concepts", '[concepts]\nprise = ["x"]', "Remedy: write price"),
        ("slips", '[slips]\n"养鸡" = "样机器"', "as many letters on both sides"),
        ("products", '[products]\n"X2" = "X3"', "products.X2 = 'X3': has another shape"),
        ("abbreviations", '[abbreviations]\n"X2" = ["X3"]', "Remedy: write text in quotes"),
        ("abbreviations", '[abbreviations]\n"X2" = " "', "must be a name"),
        ("actions", '[[action]]\nid = "a b"\nsaid = ["x"]', "actions.toml: id = 'a b'"),
        ("actions", '[[action]]\nid = "send"\nsays = ["x"]', "action.says = "),
        ("people", "surnames = 3", "people.toml: surnames = 3"),
    ],
)
def test_a_mistake_names_file_key_value_and_remedy(
    tmp_path: Path, file: str, text: str, told: str
) -> None:
    words(tmp_path, **{file: text})
    said = complaint(tmp_path)
    assert said.startswith(f"{tmp_path}/{file}.toml: ")
    assert told in said
    assert "Remedy: " in said or "simple English word" in said


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "slips.toml").write_bytes('[slips]\n"养机" = "样机"'.encode("gb18030"))
    assert "Remedy: save it as UTF-8." in complaint(tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "No such file or directory" in complaint(tmp_path / "gone")


def test_what_an_editor_leaves_beside_a_file_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".tags.toml").write_text("half", encoding="utf-8")
    (tmp_path / "tags.toml~").write_text("half", encoding="utf-8")
    load_lexicon(tmp_path)
