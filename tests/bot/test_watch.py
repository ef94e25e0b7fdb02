"""Files that change while the bot runs: taken up when they stand still, kept out when broken."""

from pathlib import Path

import pytest

from bot.clock import Clock
from bot.events import Event, FilesChanged
from bot.runtime.watch import Watch
from tests.bot.conftest import START


class Heard:
    def __init__(self) -> None:
        self.events: list[Event] = []

    async def __call__(self, event: Event) -> bool:
        self.events.append(event)
        return True

    @property
    def problems(self) -> list[str]:
        return [event.problem for event in self.events if isinstance(event, FilesChanged)]


class Numbers:
    """Loads a number from a file, and counts how often."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "number.toml"
        self.loaded = 0
        self.writes("1")

    def writes(self, text: str) -> None:
        self.file.write_text(text, encoding="utf-8")

    def __call__(self) -> int:
        self.loaded += 1
        return int(self.file.read_text(encoding="utf-8"))


@pytest.fixture
def numbers(tmp_path: Path) -> Numbers:
    return Numbers(tmp_path)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def watch(numbers: Numbers, clock: Clock) -> Watch[int]:
    folders = [numbers.file.parent, numbers.file.parent / "later"]
    return Watch(numbers, folders, faults=(ValueError,), now=clock)


async def test_what_did_not_change_is_not_read_again(
    watch: Watch[int], numbers: Numbers, heard: Heard
) -> None:
    await watch.look(heard)
    await watch.look(heard)
    assert (watch.current, numbers.loaded, watch.health) == (1, 1, "ok")


async def test_a_change_is_taken_up_once_it_stands_still(
    watch: Watch[int], numbers: Numbers, heard: Heard
) -> None:
    numbers.writes("22")
    await watch.look(heard)
    assert watch.current == 1
    numbers.writes("333")
    await watch.look(heard)
    assert watch.current == 1
    await watch.look(heard)
    await watch.look(heard)
    assert (watch.current, numbers.loaded) == (333, 2)
    assert heard.events == []


async def test_what_is_broken_leaves_the_last_good_and_is_told_once(
    watch: Watch[int], numbers: Numbers, heard: Heard
) -> None:
    numbers.writes("two")
    for _ in range(4):
        await watch.look(heard)
    assert (watch.current, numbers.loaded) == (1, 2)
    assert "'two'" in watch.health
    (told,) = heard.events
    assert isinstance(told, FilesChanged)
    assert (told.problem, told.at) == (watch.problem, START)


async def test_what_was_mended_is_taken_up_and_told(
    watch: Watch[int], numbers: Numbers, heard: Heard
) -> None:
    for text in ("two", "2"):
        numbers.writes(text)
        await watch.look(heard)
        await watch.look(heard)
    assert (watch.current, watch.health) == (2, "ok")
    assert heard.problems[1:] == [""]
    assert len({event.key for event in heard.events}) == 2


async def test_the_same_mistake_of_another_file_is_another_event(
    numbers: Numbers, clock: Clock, heard: Heard
) -> None:
    """Two processes tell the inbox once; the same mistake made anew is told anew."""
    watches = [
        Watch(numbers, [numbers.file.parent], faults=(ValueError,), now=clock) for _ in range(2)
    ]
    numbers.writes("two")
    for watch in watches:
        await watch.look(heard)
        await watch.look(heard)
    first, second = (event.key for event in heard.events)
    assert first == second
    for text in ("2", "two again", "two"):
        numbers.writes(text)
        await watches[0].look(heard)
        await watches[0].look(heard)
    assert len({event.key for event in heard.events}) == 4


async def test_a_folder_may_come_and_go(
    watch: Watch[int], numbers: Numbers, heard: Heard, tmp_path: Path
) -> None:
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "words.toml").write_text("", encoding="utf-8")
    await watch.look(heard)
    await watch.look(heard)
    assert numbers.loaded == 2


def test_at_the_start_a_mistake_is_raised(numbers: Numbers, clock: Clock) -> None:
    numbers.writes("one")
    with pytest.raises(ValueError, match="'one'"):
        Watch(numbers, [], faults=(ValueError,), now=clock)
