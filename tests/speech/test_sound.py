"""Whatever a phone sends becomes one form of sound, or a reason."""

import io
import wave

import pytest

from bot.playground import sounds
from bot.speech import sound as sound_room
from bot.speech.sound import Unhearable, seconds_of, to_wav
from tests.speech.sounds import FORMATS, tone

NO_DATA, SILENCE_DESCRIPTOR = b"\x7c", b"\x44" + bytes(5)


async def refusal(sound: bytes, longest: int = 60) -> str:
    with pytest.raises(Unhearable) as problem:
        await to_wav(sound, longest_seconds=longest)
    return problem.value.reason


def is_speech_form(wav: bytes) -> bool:
    with wave.open(io.BytesIO(wav)) as file:
        shape = (file.getnchannels(), file.getsampwidth(), file.getframerate())
    return shape == (1, 2, 16_000)


@pytest.mark.parametrize("name", FORMATS)
async def test_F04_every_format_of_a_phone_is_heard(name: str) -> None:
    wav = await to_wav(tone(name), longest_seconds=60)
    assert is_speech_form(wav)
    assert seconds_of(wav) == pytest.approx(1.0, abs=0.1)
    assert max(wav[2000:]) > 0


async def test_F04_silence_between_words_does_not_end_an_amr_file() -> None:
    """Phones save bandwidth with frames that only say "still silent"."""
    pieces = [sounds.AMR_FRAME * 10, NO_DATA * 10, SILENCE_DESCRIPTOR * 5, sounds.AMR_FRAME * 25]
    wav = await to_wav(sounds.AMR_HEAD + b"".join(pieces), longest_seconds=60)
    assert seconds_of(wav) == 1.0


@pytest.mark.parametrize("make", [sounds.amr, sounds.opus])
async def test_the_sounds_of_the_playground_keep_their_length(make: object) -> None:
    assert callable(make)
    for frames in (1, 50, 51, 999):
        wav = await to_wav(make(frames), longest_seconds=60)
        assert seconds_of(wav) == pytest.approx(frames * 0.02)


async def test_F04_a_damaged_piece_does_not_cost_the_rest() -> None:
    whole = tone("mp3", seconds=2.0)
    middle = len(whole) // 2
    wav = await to_wav(whole[:middle] + bytes(200) + whole[middle + 200 :], longest_seconds=60)
    assert seconds_of(wav) > 1.5


async def test_F04_a_file_cut_short_is_heard_as_far_as_it_goes() -> None:
    wav = await to_wav(tone("opus", seconds=2.0)[:-3000], longest_seconds=60)
    assert 0 < seconds_of(wav) < 2.0


async def test_F04_longer_than_is_listened_to_is_refused() -> None:
    assert await refusal(sounds.amr(3001), longest=60) == "too_long"
    assert seconds_of(await to_wav(sounds.amr(3000), longest_seconds=60)) == 60.0


@pytest.mark.parametrize(
    ("sound", "reason"),
    [
        (b"", "unknown"),
        (b"#!SILK_V3\x0c\x00", "unknown"),
        (b"#EXTM3U\nhttp://127.0.0.1/secret\n", "unknown"),
        (b"ffconcat version 1.0\nfile /etc/hostname\n", "unknown"),
        (b"OggS" + b"\xff" * 400, "broken"),
        (b"#!AMR\n", "broken"),
        (b"\x00\x00\x00\x18ftypM4A " + b"\x00" * 64, "broken"),
    ],
)
async def test_F04_what_is_no_voice_file_is_refused(sound: bytes, reason: str) -> None:
    assert await refusal(sound) == reason


async def test_a_decoder_that_hangs_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound_room, "DECODE_SECONDS", 0.001)
    assert await refusal(sounds.amr(50)) == "broken"
