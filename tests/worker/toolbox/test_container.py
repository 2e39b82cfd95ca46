"""The envelope: honest headers come back, everything else is refused."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codec_worker.toolbox.container import BitstreamError, Header, pack, unpack

SIDES = st.integers(1, 8192).map(lambda half: 2 * half)
HEADERS = st.builds(
    Header,
    width=SIDES,
    height=SIDES,
    frames=st.integers(1, 65_536),
    fps=st.integers(1, 240_000).map(lambda milli: milli / 1000),
    quality=st.integers(0, 100),
    parameters=st.lists(st.integers(0, 1 << 30), max_size=5).map(tuple),
)


@given(HEADERS, st.binary(max_size=100))
def test_round_trip(header, payload):
    assert unpack(pack(header, payload)) == (header, payload)


@given(st.binary(min_size=1, max_size=60), st.integers(0, 10_000), st.integers(1, 255))
def test_any_changed_byte_is_noticed(payload, place, flip):
    stream = bytearray(pack(Header(64, 48, 3, 25.0, 50), payload))
    stream[place % len(stream)] ^= flip
    with pytest.raises(BitstreamError):
        unpack(bytes(stream))


@given(st.binary(max_size=80))
def test_noise_is_refused(noise):
    with pytest.raises(BitstreamError):
        unpack(noise)


@given(st.binary(max_size=40))
def test_noise_with_a_valid_checksum_never_gives_an_impossible_header(noise):
    body = b"CL\x01" + noise
    stream = body + zlib.crc32(body).to_bytes(4, "little")
    try:
        header, _ = unpack(stream)
    except BitstreamError:
        return
    assert header.width % 2 == 0
    assert 0 < header.width <= 16_384
    assert 0 < header.frames <= 65_536


def test_header_costs_few_bytes():
    assert len(pack(Header(352, 288, 300, 30.0, 40), b"")) == 18
