"""Some frames as pictures, for people who compare source and decoded clip by eye."""

from fractions import Fraction

import av
import numpy as np

from codec_lab import keys
from codec_lab.model import Sha256
from codec_lab.ports import ObjectStore
from codec_lab.stored_evidence import MAX_PICTURES
from codec_worker.contract import Clip, Planes
from codec_worker.video import frames_of


def shown_frames(frame_count: int) -> tuple[int, ...]:
    """Choose frames at even distances, the first and the last among them."""
    count = min(frame_count, MAX_PICTURES)
    return tuple(int(index) for index in np.linspace(0, frame_count - 1, count).round())


def png_of(planes: Planes, index: int) -> bytes:
    """Write a frame as PNG, 8 bits a channel.

    Both clips take the same conversion from 4:2:0 (BT.601, limited range), so that what differs
    in two pictures differs in the clips.
    """
    one = (planes[0][index : index + 1], planes[1][index : index + 1], planes[2][index : index + 1])
    (frame,) = frames_of(one, Fraction(1))
    picture = frame.reformat(format="rgb24")
    encoder = av.CodecContext.create("png", "w")
    encoder.width, encoder.height = picture.width, picture.height
    encoder.pix_fmt, encoder.time_base = "rgb24", Fraction(1)
    encoder.options = {"pred": "up", "compression_level": "1"}  # as small, four times as fast
    return b"".join(bytes(packet) for packet in (*encoder.encode(picture), *encoder.encode(None)))


def store_pictures(
    store: ObjectStore, clip_sha256: Sha256, source: Clip, decoded: Clip, stem: str
) -> None:
    """Store pictures of a rate point, and those of its source once for all experiments.

    Parameters
    ----------
    clip_sha256 : str
        Names the source.
    source, decoded : Clip
        Clips of the same shape.
    stem : str
        How the keys of the rate point begin.
    """
    for index in shown_frames(len(source.y)):
        store.put(keys.decoded_picture(stem, index), png_of(decoded[:3], index))
        key = keys.source_picture(clip_sha256, index)
        if not store.exists(key):
            store.put(key, png_of(source[:3], index))
