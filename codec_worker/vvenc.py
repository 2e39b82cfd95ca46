"""VVenC by the ffmpeg program: PyAV's wheel decodes VVC but cannot encode it."""

import io
from collections.abc import Iterator, Mapping

import av
import numpy as np

from codec_worker import ffmpeg_program
from codec_worker.contract import Clip
from codec_worker.video import time_base_of

LIBRARY = "libvvenc"


def encode(options: Mapping[str, str], clip: Clip) -> list[bytes]:
    """Encode a clip with VVenC.

    FFmpeg's VVenC takes 10-bit samples only: they are the clip's times four.

    Parameters
    ----------
    options : mapping of str to str
        By FFmpeg's names; one it does not know is an error.
    clip : Clip
        What to encode.

    Returns
    -------
    list of bytes
        The packets, parameter sets in band, in decoding order.

    Raises
    ------
    BenchError
        If the program is missing, fails or takes too long.
    """
    height, width = clip.y.shape[1:]
    raw = ("-f", "rawvideo", "-pix_fmt", "yuv420p10le", "-s", f"{width}x{height}")
    settings = (word for name, value in options.items() for word in (f"-{name}", value))
    stream = ffmpeg_program.run(
        (
            *(*raw, "-r", str(1 / time_base_of(clip.fps)), "-i", "pipe:0"),
            *("-c:v", LIBRARY, *settings, "-f", "vvc", "pipe:1"),
        ),
        _ten_bits(clip),
        timeout_s=120 + clip.y.size / 1e5,
    )
    with av.open(io.BytesIO(stream), "r", format="vvc") as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def _ten_bits(clip: Clip) -> Iterator[memoryview]:
    for frame in zip(*clip[:3], strict=True):
        for plane in frame:
            yield (plane.astype("<u2") << np.uint16(2)).data.cast("B")
