"""A program of its own: a voice message on standard input, 16 kHz mono WAV on standard output.

It runs apart from the bot, within limits of memory and time: what a crafted file may do to a
codec library, it does to this process alone, and the bot never pays for loading one. Its exit
status says why there is no sound; `bot/speech/sound.py` starts it and knows what they mean.
"""

import contextlib
import io
import itertools
import resource
import sys
import wave
from collections.abc import Iterator

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.container import InputContainer

RATE = 16_000
BYTES_A_SAMPLE = 2
MEMORY_BYTES = 1024 * 1024 * 1024
CPU_SECONDS = 10
DONE, UNKNOWN, BROKEN, TOO_LONG = 0, 10, 11, 12
TOLERANT = {"amrnb": ("libopencore_amrnb", 8_000), "amrwb": ("libopencore_amrwb", 16_000)}
"""FFmpeg's own decoders of AMR stop at frames that only say "silence", which phones do send."""


class TooLong(Exception):
    """There is more of it than is listened to."""


def container_of(sound: bytes) -> str:
    """What the first bytes say; empty for anything but a plain voice file. Never left to FFmpeg,
    which would also open playlists and what they name."""
    if sound.startswith((b"#!AMR\n", b"#!AMR-WB\n")):
        return "amr"
    if sound.startswith(b"OggS"):
        return "ogg"
    if sound.startswith(b"ID3") or (sound[:1] == b"\xff" and sound[1:2] >= b"\xe0"):
        return "mp3"
    if sound.startswith(b"RIFF") and sound[8:12] == b"WAVE":
        return "wav"
    return "mov" if sound[4:8] == b"ftyp" else ""


def samples(sound: bytes, container: str, longest_seconds: int) -> bytes:
    """Raises TooLong, and what the library raises on a file it cannot make sense of."""
    pcm = bytearray()
    with av.open(io.BytesIO(sound), "r", format=container) as opened:
        to_speech = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        for frame in itertools.chain(decoded(opened), (None,)):
            for piece in to_speech.resample(frame):
                pcm += bytes(piece.planes[0])[: piece.samples * BYTES_A_SAMPLE]
            if len(pcm) > longest_seconds * RATE * BYTES_A_SAMPLE:
                raise TooLong
    return bytes(pcm)


def decoded(opened: InputContainer) -> Iterator[AudioFrame]:
    """Damaged pieces are left out: the rest is still worth hearing."""
    stream = opened.streams.audio[0]
    decoder = tolerant(stream.codec_context)
    for packet in opened.demux(stream):
        with contextlib.suppress(av.error.FFmpegError):
            yield from decoder.decode(packet)


def tolerant(decoder: AudioCodecContext) -> AudioCodecContext:
    name, rate = TOLERANT.get(decoder.name, ("", 0))
    if name not in av.codecs_available:
        return decoder
    other = AudioCodecContext.create(name, "r")
    if not isinstance(other, AudioCodecContext):
        return decoder
    other.sample_rate, other.layout = rate, "mono"
    return other


def as_wav(pcm: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(BYTES_A_SAMPLE)
        writer.setframerate(RATE)
        writer.writeframes(pcm)
    return file.getvalue()


def main(longest_seconds: int) -> int:
    for limit, most in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CPU, CPU_SECONDS)):
        with contextlib.suppress(ValueError, OSError):  # not every system knows every limit
            resource.setrlimit(limit, (most, most))
    av.logging.set_level(av.logging.PANIC)
    sound = sys.stdin.buffer.read()
    container = container_of(sound)
    if not container:
        return UNKNOWN
    try:
        pcm = samples(sound, container, longest_seconds)
    except TooLong:
        return TOO_LONG
    except Exception:  # whatever is wrong with a stranger's file
        return BROKEN
    sys.stdout.buffer.write(as_wav(pcm))
    return DONE if pcm else BROKEN


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
