"""Anchors: how well today's encoders do on the same clips (table: ``anchors.toml``)."""

import os
import tomllib
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache
from importlib import resources
from types import MappingProxyType

from pydantic import Field, ValidationError

from codec_lab import keys
from codec_lab.candidate import canonical_sha256
from codec_lab.clip import SourceClip
from codec_lab.errors import BenchError, ConfigurationError
from codec_lab.model import Model
from codec_lab.ports import ObjectStore
from codec_lab.verdict import AnchorCurve, Metric, RatePoint
from codec_worker import ffmpeg_program, measuring_code, metrics, video, vvenc
from codec_worker.contract import Clip

os.environ.setdefault("SVT_LOG", "1")  # SVT-AV1 tells errors alone, not each setting

_QP_TO_LAGRANGIAN = 118  # FF_QP2LAMBDA of FFmpeg's libavutil/avutil.h
_H264_SEI = 6  # nal_unit_type, ITU-T H.264 table 7-1
_AV1_TEMPORAL_DELIMITER = b"\x12\x00"  # an OBU of type 2 with a size field of 0


class Strip(StrEnum):
    """What to take out of an encoder's packets."""

    SEI = "sei"
    TEMPORAL_DELIMITERS = "temporal-delimiters"


class Anchor(Model):
    """A row of the table."""

    title: str
    structure: str
    encoder: str
    decoder: str
    points: tuple[int, ...] = Field(min_length=4)
    strip: Strip | None = None
    needs_side: int = 0
    """Samples that width or height must have."""
    most_fps: float | None = None
    options: dict[str, str]

    def options_at(self, q: int) -> dict[str, str]:
        """Fill in the options of one rate point."""
        values = {"q": str(q), "lagrangian": str(q * _QP_TO_LAGRANGIAN)}
        return {name: value.format_map(values) for name, value in self.options.items()}

    @property
    def library(self) -> str:
        """What encodes and decodes it, with versions."""
        if self.encoder == vvenc.LIBRARY:
            return f"{ffmpeg_program.version_with(vvenc.LIBRARY)}, decoded by {video.LIBRARY}"
        return video.LIBRARY

    @property
    def description(self) -> str:
        """The encoder and its options, for people who want to repeat it."""
        return " ".join([self.encoder, *(f"-{key} {val}" for key, val in self.options.items())])


@cache
def table() -> Mapping[str, Anchor]:
    """Read the table of anchors by name."""
    text = resources.files(__package__).joinpath("anchors.toml").read_text("utf-8")
    rows = {name: Anchor.model_validate(row) for name, row in tomllib.loads(text).items()}
    return MappingProxyType(rows)


def anchor_named(name: str) -> Anchor:
    """Give a row of the table.

    Raises
    ------
    ConfigurationError
        If there is none of that name, or its encoder is not installed.
    """
    try:
        anchor = table()[name]
    except KeyError as error:
        known = ", ".join(table())
        raise ConfigurationError(f"There is no anchor {name!r}; there are {known}.") from error
    if anchor.encoder == vvenc.LIBRARY and (reason := ffmpeg_program.missing(vvenc.LIBRARY)):
        raise ConfigurationError(f"The anchor {name} cannot be measured: {reason}.")
    return anchor


def without_sei(packet: bytes) -> bytes:
    """Remove the SEI units from an H.264 byte stream (ITU-T H.264, annex B)."""
    starts = []
    position = packet.find(b"\0\0\1")
    while position >= 0:
        has_zero_byte = position > 0 and packet[position - 1] == 0
        starts.append((position - has_zero_byte, packet[position + 3] & 0x1F))
        position = packet.find(b"\0\0\1", position + 3)
    ends = [start for start, _ in starts[1:]] + [len(packet)]
    kept = (
        packet[start:end]
        for (start, unit_type), end in zip(starts, ends, strict=True)
        if unit_type != _H264_SEI
    )
    return b"".join(kept)


def without_temporal_delimiter(packet: bytes) -> bytes:
    """Remove the temporal delimiter at the start of an AV1 temporal unit."""
    return packet.removeprefix(_AV1_TEMPORAL_DELIMITER)


_STRIPPERS: Mapping[Strip, Callable[[bytes], bytes]] = {
    Strip.SEI: without_sei,
    Strip.TEMPORAL_DELIMITERS: without_temporal_delimiter,
}


def encode_point(anchor: Anchor, q: int, clip: Clip) -> list[bytes]:
    """Encode a clip with an anchor at one rate point.

    Returns
    -------
    list of bytes
        The packets that a decoder needs, and nothing else.
    """
    if anchor.encoder == vvenc.LIBRARY:
        return vvenc.encode(anchor.options_at(q), clip)
    packets = video.encode(anchor.encoder, anchor.options_at(q), clip)
    if anchor.strip is None:
        return packets
    return [_STRIPPERS[anchor.strip](packet) for packet in packets]


def require_codable(anchor: Anchor, width: int, height: int, fps: float) -> None:
    """Refuse a clip that is too small or too fast for an anchor.

    Raises
    ------
    ConfigurationError
        If the encoder cannot code such a clip.
    """
    if max(width, height) < anchor.needs_side:
        raise ConfigurationError(
            f"{anchor.title} cannot code {width}×{height}: leave the clip out; "
            f"one side must have {anchor.needs_side} samples."
        )
    if anchor.most_fps is not None and fps > anchor.most_fps:
        raise ConfigurationError(
            f"{anchor.title} cannot code {fps:.6g} frames/s: leave the clip out; "
            f"it can code at most {anchor.most_fps:g}."
        )


def measure_point(anchor: Anchor, q: int, clip: Clip) -> RatePoint:
    """Encode, decode and measure one rate point of an anchor.

    Raises
    ------
    ConfigurationError
        If the encoder cannot code such a clip.
    BenchError
        If the decoder does not give back as many frames of the same size.
    """
    _, height, width = clip.y.shape
    require_codable(anchor, width, height, clip.fps)
    packets = encode_point(anchor, q, clip)
    decoded = video.decode(anchor.decoder, packets)
    return metrics.rate_point(q, sum(map(len, packets)), clip, metrics.measure(clip, decoded))


def curve_key(name: str, source: SourceClip) -> str:
    """Key of an anchor's curve: another option, library, tool or code of a metric is another.

    So is another shape or frame rate: a clip's hash is of its samples alone, while bitrates, the
    encoders' rate control and XPSNR depend on both.
    """
    settings = {
        "clip": [source.width, source.height, source.fps],
        "library": anchor_named(name).library,
        "anchor": anchor_named(name).model_dump(mode="json"),
        "metrics": list(Metric),
        "vmaf": ffmpeg_program.version_with("libvmaf"),
        "measuring_code": measuring_code.SHA256,
    }
    return keys.anchor_curve(source.sha256, name, canonical_sha256(settings))


def curve(name: str, source: SourceClip, clip: Clip, store: ObjectStore) -> AnchorCurve:
    """Give an anchor's curve on a clip, from the store if it was measured before.

    Parameters
    ----------
    name : str
        A row of the table.
    source : SourceClip
        The clip's identity.
    clip : Clip
        Its frames.
    store : ObjectStore
        Keeps curves by clip, frame rate, library version, options and measuring code.

    Raises
    ------
    ConfigurationError
        If there is no such anchor, or it cannot code such a clip.
    BenchError
        If the anchor cannot be measured or the stored curve is damaged.
    """
    anchor = anchor_named(name)
    key = curve_key(name, source)
    if store.exists(key):
        try:
            return AnchorCurve.model_validate_json(store.get(key))
        except ValidationError as error:
            raise BenchError(f"The stored anchor curve {key} is damaged: delete it.") from error
    measured = AnchorCurve(
        anchor=name,
        library=anchor.library,
        options=anchor.description,
        points=tuple(measure_point(anchor, q, clip) for q in anchor.points),
    )
    store.put(key, measured.model_dump_json().encode())
    return measured
