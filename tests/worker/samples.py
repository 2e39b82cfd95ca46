"""Clips, files and candidates for tests of the worker."""

import textwrap
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from codec_lab.candidate import Candidate
from codec_lab.clip import ClipRole
from codec_worker.clips import FrozenClip, freeze
from codec_worker.contract import Clip

FRAMES = 9

# Quantises and deflates: crude, but an honest codec that needs no time.
TINY_CODEC = textwrap.dedent("""
    import struct
    import zlib

    import numpy as np


    def encode(clip, quality):
        step = 1 + (100 - quality) ** 2 // 280
        differences = []
        for plane in clip[:3]:
            levels = np.rint(plane / step).astype(np.int16)
            differences.append(np.diff(levels, axis=0, prepend=np.zeros_like(levels[:1])))
        data = b"".join(plane.tobytes() for plane in differences)
        return struct.pack("<HHHB", *clip.y.shape, step) + zlib.compress(data)


    def decode(bitstream):
        n, h, w, step = struct.unpack_from("<HHHB", bitstream)
        data = np.frombuffer(zlib.decompress(bitstream[7:]), np.int16)
        planes = []
        for shape in ((n, h, w), (n, h // 2, w // 2), (n, h // 2, w // 2)):
            plane, data = np.split(data, [shape[0] * shape[1] * shape[2]])
            levels = np.cumsum(plane.reshape(shape), axis=0)
            planes.append(np.clip(levels * step, 0, 255).astype(np.uint8))
        return tuple(planes)
""")


def tiny_candidate(encode: str = "", decode: str = "", top: str = "") -> Candidate:
    """The tiny codec; a body that is given replaces one of its functions.

    In the bodies ``honest_encode`` and ``honest_decode`` are the tiny codec's own.
    """
    parts = [TINY_CODEC, "honest_encode, honest_decode = encode, decode\n", textwrap.dedent(top)]
    if encode:
        parts.append("def encode(clip, quality):\n" + _body(encode))
    if decode:
        parts.append("def decode(bitstream):\n" + _body(decode))
    return Candidate(files={"codec.py": "\n".join(parts)})


def _body(text: str) -> str:
    return textwrap.indent(textwrap.dedent(text).strip(), "    ") + "\n"


def moving_clip(frames: int = 8, height: int = 48, width: int = 64, seed: int = 1) -> Clip:
    """A textured picture that moves by a sample a frame, under a little noise."""
    rng = np.random.default_rng(seed)

    def plane(h: int, w: int, speed: int) -> np.ndarray:
        rows, columns = np.mgrid[:h, : w + frames * speed]
        texture = 128 + 60 * np.sin(columns / 5) * np.cos(rows / 7)
        texture += rng.normal(0, 4, texture.shape)
        windows = [texture[:, i * speed : i * speed + w] for i in range(frames)]
        return np.clip(np.stack(windows), 0, 255).astype(np.uint8)

    u, v = plane(height // 2, width // 2, 1), plane(height // 2, width // 2, 1)
    return Clip(plane(height, width, 2), u, v, 25.0)


def sample_clips() -> list[FrozenClip]:
    """A clip that the search may see and one that it may not, of ``FRAMES`` frames each."""
    return [
        freeze("seen", moving_clip(FRAMES, seed=1), ClipRole.DEVELOPMENT, "a test"),
        freeze("unseen", moving_clip(FRAMES, 32, 48, seed=2), ClipRole.HIDDEN, "a test"),
    ]


def write_video(
    path: Path,
    *,
    frames: int = 12,
    size: tuple[int, int] = (64, 48),
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    steps: tuple[int, ...] = (1,),
    flat_frames: int = 0,
    fps: int = 25,
    times_s: Sequence[Fraction] | None = None,
    options: Mapping[str, str] | None = None,
) -> Path:
    """Write a video of random texture; ``steps`` are the time steps between its frames.

    The first ``flat_frames`` are black. The file declares ``fps``, whatever ``times_s``, the times
    of all frames, say.
    """
    width, height = size
    rng = np.random.default_rng(0)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps, options=dict(options or {}))
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        tick_s = Fraction(1, fps if times_s is None else 30000)
        stream.codec_context.time_base = tick_s
        pts = 0
        for index in range(frames):
            rgb = rng.integers(0, 256, (height, width, 3), np.uint8)
            if index < flat_frames:
                rgb[:] = 0
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=pixel_format)
            frame.pts, frame.time_base = pts, tick_s
            if times_s is not None:
                frame.pts = round(times_s[index] / tick_s)
            pts += steps[index % len(steps)]
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
