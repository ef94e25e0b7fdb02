"""A tone as each phone would send it, encoded by the library that decodes it."""

import array
import io
import math

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream

FORMATS = {
    "amr": ("amr", "libopencore_amrnb", 8_000),
    "opus": ("ogg", "libopus", 48_000),
    "mp3": ("mp3", "libmp3lame", 16_000),
    "m4a": ("ipod", "aac", 44_100),
    "wav": ("wav", "pcm_s16le", 22_050),
}


def tone(name: str, seconds: float = 1.0) -> bytes:
    container, codec, rate = FORMATS[name]
    file = io.BytesIO()
    with av.open(file, "w", format=container) as writer:
        stream = writer.add_stream(codec, rate=rate, layout="mono")
        assert isinstance(stream, AudioStream)
        context = stream.codec_context
        fit = AudioResampler(context.format, context.layout, rate, context.frame_size or None)
        for frame in (*fit.resample(_sine(rate, seconds)), *fit.resample(None)):
            writer.mux(stream.encode(frame))
        writer.mux(stream.encode(None))
    return file.getvalue()


def _sine(rate: int, seconds: float) -> AudioFrame:
    count = round(rate * seconds)
    wave = (int(8000 * math.sin(2 * math.pi * 440 * n / rate)) for n in range(count))
    frame = AudioFrame(format="s16", layout="mono", samples=count)
    frame.planes[0].update(array.array("h", wave).tobytes())
    frame.sample_rate, frame.pts = rate, 0
    return frame
