"""The seed at the ends of its range: large frames, many frames, hard content, forged streams."""

import itertools
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codec_worker.codecs import seed
from codec_worker.contract import Clip
from codec_worker.toolbox.container import BitstreamError, Header, pack, unpack


def assert_round_trip(clip: Clip, quality: int) -> bytes:
    bitstream, reconstruction = seed.encode_with_reconstruction(clip, quality)
    decoded = seed.decode(bitstream)
    for plane, expected, source in zip(decoded, reconstruction, clip[:3], strict=True):
        np.testing.assert_array_equal(plane, expected)
        assert plane.shape == source.shape
    return bitstream


def drifting(width: int, height: int, count: int) -> Clip:
    """A smooth picture that drifts, cheap to code at any size."""
    y, x = np.mgrid[0:height, 0 : width + count]
    scene = (128 + 70 * np.sin(x / 37) * np.cos(y / 29)).astype(np.uint8)
    luma = np.stack([scene[:, i : i + width] for i in range(count)])
    chroma = np.ascontiguousarray(luma[:, ::2, ::2])
    return Clip(luma, chroma, 255 - chroma, 30.0)


@pytest.mark.parametrize(
    ("width", "height", "count", "quality"),
    [(1280, 720, 2, 20), (16, 720, 3, 30), (1280, 16, 3, 30), (16, 16, 100, 50), (34, 18, 67, 40)],
)
def test_large_and_long_clips_round_trip(monkeypatch, width, height, count, quality):
    for name, value in (("halvings", 0), ("intra_trials", 1)):  # spares time
        monkeypatch.setitem(seed.PARAMETERS, name, value)
    assert_round_trip(drifting(width, height, count), quality)


@pytest.mark.parametrize("structure", ["random_access", "low_delay"])
def test_scene_cuts_and_flashes_between_pictures_and_noise_round_trip(monkeypatch, structure):
    monkeypatch.setitem(seed.PARAMETERS, "structure", structure)
    rng = np.random.default_rng(5)
    y = drifting(50, 34, 9).y.copy()
    y[2] = 255
    y[3:5] = rng.integers(0, 256, (2, 34, 50))
    y[6] = 0
    y[7] = np.where(np.indices((34, 50)).sum(0) % 2, 0, 255)
    chroma = rng.integers(0, 256, (9, 17, 25), np.uint8)
    for quality in (0, 100):
        assert_round_trip(Clip(y, chroma, chroma[::-1].copy(), 24.0), quality)


def test_every_quality_round_trips_and_costs_no_less_than_much_lower_ones():
    clip = drifting(48, 32, 2)
    sizes = [len(assert_round_trip(clip, quality)) for quality in range(0, 101, 4)]
    assert all(later >= earlier for earlier, later in zip(sizes, sizes[3:], strict=False))
    assert len(set(sizes)) > 15


def test_best_quality_of_noise_is_almost_lossless():
    luma = np.random.default_rng(0).integers(0, 256, (2, 32, 32), np.uint8)
    clip = Clip(luma, luma[:, ::2, ::2].copy(), luma[:, 1::2, 1::2].copy(), 25.0)
    _, (decoded, _, _) = seed.encode_with_reconstruction(clip, 100)
    assert np.mean((decoded.astype(int) - luma) ** 2) < 1


@pytest.fixture(scope="module")
def stream() -> bytes:
    return seed.encode(drifting(64, 48, 4), 45)


@settings(max_examples=40)
@given(edits=st.lists(st.tuples(st.integers(0, 9999), st.integers(0, 7)), min_size=1, max_size=8))
def test_flipped_bits_behind_a_forged_checksum_end_orderly(stream, edits):
    body = bytearray(stream[:-4])
    header_bytes = len(body) - len(unpack(stream)[1])
    for place, bit in edits:
        body[header_bytes + place % (len(body) - header_bytes)] ^= 1 << bit
    forged = bytes(body) + zlib.crc32(body).to_bytes(4, "little")
    try:
        planes = seed.decode(forged)
    except BitstreamError:
        return
    assert [plane.shape for plane in planes] == [(4, 48, 64), (4, 24, 32), (4, 24, 32)]


@settings(max_examples=25)
@given(cut=st.integers(0, 9999), tail=st.binary(max_size=40))
def test_cut_and_extended_streams_are_refused(stream, cut, tail):
    shortened = stream[: cut % len(stream)]
    with pytest.raises(BitstreamError):
        seed.decode(shortened)
    with pytest.raises(BitstreamError):
        seed.decode(stream + b"\x01" + tail)


@pytest.mark.parametrize(
    ("field", "value"), [("width", 0), ("width", 17), ("height", 1 << 20), ("frames", 0)]
)
def test_impossible_headers_are_refused(stream, field, value):
    header, payload = unpack(stream)
    with pytest.raises(BitstreamError):
        seed.decode(pack(header._replace(**{field: value}), payload))


def test_encoding_twice_gives_the_same_bytes():
    clip = drifting(64, 48, 4)
    streams = {seed.encode(clip, 45) for _ in range(2)}
    assert len(streams) == 1
    header, _ = unpack(streams.pop())
    assert header == Header(64, 48, 4, 30.0, 45)


def test_sizes_around_the_blocks_round_trip():
    for width, height in itertools.product((16, 62, 66), (18, 64)):
        assert_round_trip(drifting(width, height, 2), 40)
