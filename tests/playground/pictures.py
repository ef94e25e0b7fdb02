"""Pictures for the documents, light enough to be kept with them."""

import io
from fractions import Fraction

import av
from av.filter import Graph
from av.video.frame import VideoFrame

COLOURS = 48
"""Of a card; more cannot be told apart."""


def lighter(png: bytes) -> bytes:
    """The same picture in few colours, a third of its weight."""
    with av.open(io.BytesIO(png), mode="r", format="png_pipe") as opened:
        frame = _in_few_colours(next(opened.decode(video=0)))
    encoder = av.CodecContext.create("png", "w")
    encoder.width, encoder.height = frame.width, frame.height
    encoder.pix_fmt, encoder.time_base = "pal8", Fraction(1, 25)
    encoder.options = {"compression_level": "9", "pred": "none"}
    return b"".join(bytes(packet) for packet in (*encoder.encode(frame), *encoder.encode(None)))


def _in_few_colours(frame: VideoFrame) -> VideoFrame:
    graph = Graph()
    source = graph.add_buffer(
        width=frame.width,
        height=frame.height,
        format=frame.format,
        time_base=frame.time_base or Fraction(1, 25),
    )
    split, sink = graph.add("split"), graph.add("buffersink")
    palette = graph.add("palettegen", f"max_colors={COLOURS}:reserve_transparent=0")
    painted = graph.add("paletteuse", "dither=none")
    source.link_to(split)
    split.link_to(painted, 0, 0)
    split.link_to(palette, 1, 0)
    palette.link_to(painted, 0, 1)
    painted.link_to(sink)
    graph.configure()
    graph.push(frame)
    graph.push(None)
    drawn = graph.pull()
    assert isinstance(drawn, VideoFrame)
    return drawn
