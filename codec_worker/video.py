"""Video in and out, by PyAV.

Every frame is 8-bit 4:2:0. Planes are copied row by row, because the rows of FFmpeg's planes are
padded (``line_size`` 384 for a width of 352).
"""

import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from codec_lab.errors import BenchError, ConfigurationError
from codec_worker.contract import Clip, Planes

LIBRARY = f"PyAV {av.__version__}, FFmpeg {av.ffmpeg_version_info}"
"""What encodes the anchors and computes the metrics; PyAV's wheel pins every encoder in it."""

MIN_SIZE = 16
MIN_FPS = 0.01
"""Below it no time base of ``time_base_of`` is near."""

_RATE_TOLERANCE = Fraction(2, 100)
_FULL_RANGE = "yuvj420p"
_TEN_BITS = "yuv420p10le"
_Y4M = "yuv4mpegpipe"


class ReadClip(NamedTuple):
    """A clip as it was read, and what a person should know about its conversion."""

    clip: Clip
    notices: tuple[str, ...]


def planes_sha256(clip: Clip) -> str:
    """Hash the raw planes of a clip: Y, U and V of each frame in turn."""
    digest = hashlib.sha256()
    for frame in zip(clip.y, clip.u, clip.v, strict=True):
        for plane in frame:
            digest.update(np.ascontiguousarray(plane).data)
    return digest.hexdigest()


def read(source: Path | bytes, name: str, max_frames: int | None = None) -> ReadClip:
    """Read a video as 8-bit 4:2:0.

    Parameters
    ----------
    source : Path or bytes
        A file, or its content.
    name : str
        How to call it in messages.
    max_frames : int, optional
        Give no more than that, with a notice if there are more.

    Raises
    ------
    ConfigurationError
        If it is missing, no video, a picture, empty, truncated, of odd size, smaller than 16×16,
        or of less than a frame in 100 s.
    """
    file = io.BytesIO(source) if isinstance(source, bytes) else str(source)
    try:
        with av.open(file, "r") as container:
            if not container.streams.video:
                raise ConfigurationError(f"{name} holds no video stream: give a video file.")
            if container.format.name.endswith("_pipe"):  # FFmpeg's demuxers of still pictures
                raise ConfigurationError(f"{name} is a picture: give a video file.")
            stream = container.streams.video[0]
            frames, end = _decode_frames(container, stream, max_frames)
            if not frames:
                raise ConfigurationError(f"{name} holds no frames: give a clip of at least one.")
            is_cut = max_frames is not None and len(frames) > max_frames
            if not is_cut:
                has_rest = container.format.name == _Y4M and end < container.size
                if has_rest or _ends_early(frames, stream):
                    raise ConfigurationError(
                        f"{name} is cut short after {len(frames)} frames: give the whole file."
                    )
            clip, notices = _gather(frames[:max_frames], stream, name)
            only = (f"only its first {max_frames} frames",) if is_cut else ()
            return ReadClip(clip, notices + only)
    except FileNotFoundError as error:
        raise ConfigurationError(f"There is no clip {name}.") from error
    except av.error.FFmpegError as error:
        raise ConfigurationError(
            f"{name} cannot be read as video ({error.strerror}): "
            "it is damaged, cut short, or no video file."
        ) from error


def _decode_frames(
    container: av.container.InputContainer, stream: av.VideoStream, max_frames: int | None
) -> tuple[list[av.VideoFrame], int]:
    """Decode frames, some more than are wanted, and tell at which byte the last packet ended."""
    frames: list[av.VideoFrame] = []
    end = 0
    for packet in container.demux(stream):
        if packet.pos is not None:
            end = max(end, packet.pos + packet.size)
        frames += packet.decode()
        if max_frames is not None and len(frames) > max_frames:
            break
    return frames, end


def _ends_early(frames: Sequence[av.VideoFrame], stream: av.VideoStream) -> bool:
    """Tell whether the container announces more than can be decoded."""
    if stream.frames:
        return len(frames) < stream.frames
    times = [frame.time for frame in frames if frame.time is not None]
    announced_s = 0.0
    if "DURATION" in stream.metadata:  # Matroska: "00:00:04.004000000"
        hours, minutes, seconds = stream.metadata["DURATION"].split(":")
        announced_s = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    elif stream.duration and stream.time_base:
        announced_s = float(stream.duration * stream.time_base)
    if not times or not announced_s:
        return False
    longest_step_s = max((b - a for a, b in pairwise(times)), default=announced_s)
    return announced_s - (times[-1] - times[0]) > 2.5 * longest_step_s


def _gather(frames: list[av.VideoFrame], stream: av.VideoStream, name: str) -> ReadClip:
    _check_pictures(frames, name)
    declared = stream.average_rate or stream.guessed_rate
    if not declared:
        raise ConfigurationError(f"{name} has no frame rate: remux it with one.")
    fps, notices = _rate_of(frames, declared, stream.time_base or Fraction(0))
    if fps < MIN_FPS:
        raise ConfigurationError(
            f"{name} has {fps:.4g} frames/s: at least {MIN_FPS} are needed; remux it with more."
        )
    source_format = frames[0].format.name
    if source_format not in {"yuv420p", _FULL_RANGE}:
        notices.append(f"converted from {source_format} to 8-bit 4:2:0")
        frames = [frame.reformat(format="yuv420p") for frame in frames]
    return ReadClip(Clip(*_stack(frames), fps), tuple(notices))


def _check_pictures(frames: Sequence[av.VideoFrame], name: str) -> None:
    width, height = frames[0].width, frames[0].height
    for index, frame in enumerate(frames):
        if (frame.width, frame.height) != (width, height):
            raise ConfigurationError(
                f"{name} changes its size at frame {index}: give a clip of one size."
            )
        if frame.is_corrupt:
            raise ConfigurationError(f"{name} is damaged at frame {index}.")
    if width % 2 or height % 2:
        raise ConfigurationError(
            f"{name} is {width}×{height}: width and height must be even for 4:2:0 video; "
            f"crop it to {width - width % 2}×{height - height % 2}."
        )
    if min(width, height) < MIN_SIZE:
        raise ConfigurationError(
            f"{name} is {width}×{height}: at least {MIN_SIZE}×{MIN_SIZE} is needed."
        )


def _rate_of(
    frames: Sequence[av.VideoFrame], declared: Fraction, tick_s: Fraction
) -> tuple[float, list[str]]:
    """Give frames per second of these frames, with a notice if the file declares another rate.

    The declared rate is of the whole file (MP4) or a mere default (Matroska): it counts unless the
    time stamps are spaced more unevenly, or span more or less time, than containers round.
    """
    times = [frame.pts * tick_s for frame in frames if frame.pts is not None]
    span_s = max(times, default=Fraction(0)) - min(times, default=Fraction(0))
    if len(times) < len(frames) or not span_s:
        return float(declared), []
    steps = [b - a for a, b in pairwise(sorted(times))]  # some are stamped in decoding order
    mean_fps = float(len(steps) / span_s)
    if max(steps) - min(steps) > max(tick_s * 3 / 2, span_s / len(steps) / 10):
        return mean_fps, [f"of variable frame rate, taken as {mean_fps:.3f} frames/s"]
    declared_s = len(steps) / declared
    if abs(span_s - declared_s) < max(tick_s, declared_s * _RATE_TOLERANCE):
        return float(declared), []
    notice = (
        f"of another frame rate than the {float(declared):.3f} frames/s that the file declares, "
        f"taken as {mean_fps:.3f} frames/s"
    )
    return mean_fps, [notice]


def _stack(frames: Sequence[av.VideoFrame]) -> Planes:
    samples = _eight_bits if frames[0].format.name == _TEN_BITS else _rows

    def plane(index: int) -> NDArray[np.uint8]:
        first = frames[0].planes[index]
        out = np.empty((len(frames), first.height, first.width), np.uint8)
        for i, frame in enumerate(frames):
            out[i] = samples(frame.planes[index])
        return out

    return plane(0), plane(1), plane(2)


def _eight_bits(plane: av.video.plane.VideoPlane) -> NDArray[np.uint8]:
    """Round the samples of a 10-bit plane (VVC's); FFmpeg's conversion would dither them."""
    padded = np.frombuffer(memoryview(plane), "<u2").reshape(-1, plane.line_size // 2)
    samples: NDArray[np.uint16] = padded[: plane.height, : plane.width]
    rounded: NDArray[np.uint16] = np.minimum((samples + np.uint16(2)) >> np.uint16(2), 255)
    return rounded.astype(np.uint8)


def _rows(plane: av.video.plane.VideoPlane) -> NDArray[np.uint8]:
    """View the samples of a plane without the padding of its rows."""
    padded = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return padded[: plane.height, : plane.width]


def frames_of(planes: Planes, time_base: Fraction) -> Iterator[av.VideoFrame]:
    """Give planes as FFmpeg's frames, counted in units of ``time_base``."""
    height, width = planes[0].shape[1:]
    for pts, samples in enumerate(zip(*planes, strict=True)):
        frame = av.VideoFrame(width, height, "yuv420p")
        for plane, values in zip(frame.planes, samples, strict=True):
            _rows(plane)[:] = values
        frame.pts = pts
        frame.time_base = time_base
        yield frame


def time_base_of(fps: float) -> Fraction:
    """Give the duration of a frame, exact for the rates of broadcasting (30000/1001)."""
    return 1 / Fraction(fps).limit_denominator(1001)


def freeze(clip: Clip) -> bytes:
    """Write a clip as lossless FFV1 in Matroska; equal clips give equal bytes."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska", options={"fflags": "+bitexact"}) as container:
        time_base = time_base_of(clip.fps)
        stream = container.add_stream(
            "ffv1", rate=1 / time_base, options={"level": "3", "slices": "4", "threads": "1"}
        )
        stream.height, stream.width = clip.y.shape[1:]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.flags |= av.codec.context.Flags.bitexact
        for frame in frames_of((clip.y, clip.u, clip.v), time_base):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def encode(encoder: str, options: Mapping[str, str], clip: Clip) -> list[bytes]:
    """Encode a clip with an encoder of FFmpeg.

    Parameters
    ----------
    encoder : str
        FFmpeg's name, e.g. ``libx264``.
    options : mapping of str to str
        Its options; one it does not know is an error.
    clip : Clip
        What to encode.

    Returns
    -------
    list of bytes
        The packets, headers in band, in decoding order.

    Raises
    ------
    BenchError
        If it is no video encoder or does not know an option.
    """
    context = av.CodecContext.create(encoder, "w")
    if not isinstance(context, av.VideoCodecContext):
        raise BenchError(f"{encoder} is no video encoder.")
    context.height, context.width = clip.y.shape[1:]
    context.pix_fmt = "yuv420p"
    context.time_base = time_base_of(clip.fps)
    context.framerate = 1 / context.time_base
    context.options = dict(options)
    context.open()
    if context.options:  # FFmpeg leaves here what it did not understand
        raise BenchError(f"{encoder} knows no option {', '.join(context.options)}.")
    packets = []
    for frame in frames_of((clip.y, clip.u, clip.v), context.time_base):
        packets += context.encode(frame)
    packets += context.encode(None)
    return [bytes(packet) for packet in packets]


def decode(decoder: str, packets: Iterable[bytes]) -> Planes:
    """Decode packets with a decoder of FFmpeg.

    A packet is filled by ``update``: a packet made around foreign bytes lacks the zero padding
    that FFmpeg's bit readers rely on, and MPEG-4 then decodes to garbage.
    """
    context = av.CodecContext.create(decoder, "r")
    if not isinstance(context, av.VideoCodecContext):
        raise BenchError(f"{decoder} is no video decoder.")
    context.thread_count = 1
    frames: list[av.VideoFrame] = []
    for data in packets:
        packet = av.Packet(len(data))
        packet.update(data)
        frames += context.decode(packet)
    frames += context.decode(None)
    if not frames:
        raise BenchError(f"The decoder {decoder} gave no frame.")
    return _stack(frames)
