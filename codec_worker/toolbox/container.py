"""The bitstream's envelope: what the decoder must know before the first symbol, and a checksum.

Layout: 2 magic bytes, version, ``quality``, width, height and number of frames as
variable-length integers (seven bits a byte, least significant first), frames per second in
thousandths, the codec's own parameters, the payload, and the CRC-32 (ISO-HDLC, as in zlib) of
everything before it. A damaged or shortened stream is refused before any symbol is decoded.
"""

import zlib
from typing import NamedTuple

_MAGIC = b"CL"
_VERSION = 1
_MAX_SIDE = 1 << 14
_MAX_FRAMES = 1 << 16


class BitstreamError(ValueError):
    """The bitstream is truncated, damaged or not one of this codec."""


class Header(NamedTuple):
    """What every stream says about itself.

    ``width`` and ``height`` are of the luma plane in samples; ``parameters`` are the codec's own
    non-negative integers.
    """

    width: int
    height: int
    frames: int
    fps: float
    quality: int
    parameters: tuple[int, ...] = ()


def _number(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _read_number(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 35, 7):
        if position >= len(data):
            raise BitstreamError("The bitstream ends inside its header.")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise BitstreamError("A number in the bitstream's header is too long.")


def pack(header: Header, payload: bytes) -> bytes:
    """Put header and payload into one checked stream.

    Parameters
    ----------
    header
        Dimensions and parameters; see :class:`Header`.
    payload
        The entropy-coded bytes.

    Returns
    -------
    bytes
        The stream, about 14 bytes longer than the payload.
    """
    numbers = (
        header.quality,
        header.width,
        header.height,
        header.frames,
        round(header.fps * 1000),
        len(header.parameters),
        *header.parameters,
    )
    body = _MAGIC + bytes([_VERSION]) + b"".join(map(_number, numbers)) + payload
    return body + zlib.crc32(body).to_bytes(4, "little")


def unpack(bitstream: bytes) -> tuple[Header, bytes]:
    """Check a stream and take it apart.

    Parameters
    ----------
    bitstream
        What :func:`pack` returned.

    Returns
    -------
    tuple[Header, bytes]
        The header and the payload.

    Raises
    ------
    BitstreamError
        When the checksum, the magic number or a dimension does not hold.
    """
    if len(bitstream) < 8 or bitstream[:2] != _MAGIC:
        raise BitstreamError("This is not a bitstream of this codec.")
    body = bitstream[:-4]
    if zlib.crc32(body).to_bytes(4, "little") != bitstream[-4:]:
        raise BitstreamError("The bitstream is damaged: its checksum does not match.")
    if bitstream[2] != _VERSION:
        raise BitstreamError(f"The bitstream has version {bitstream[2]}, not {_VERSION}.")
    position = 3
    fields = []
    for _ in range(6):
        value, position = _read_number(body, position)
        fields.append(value)
    quality, width, height, frames, milli_fps, count = fields
    parameters = []
    for _ in range(min(count, len(body))):
        value, position = _read_number(body, position)
        parameters.append(value)
    sides_hold = all(0 < side <= _MAX_SIDE and side % 2 == 0 for side in (width, height))
    if not sides_hold or not 0 < frames <= _MAX_FRAMES:
        raise BitstreamError(f"The bitstream claims {frames} frames of {width}×{height}.")
    header = Header(width, height, frames, milli_fps / 1000, quality, tuple(parameters))
    return header, body[position:]
