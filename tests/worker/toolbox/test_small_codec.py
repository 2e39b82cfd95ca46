"""The small codec: exact round trips, damaged streams, parameters that matter."""

import ast
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codec_worker.codecs import small
from codec_worker.contract import Clip
from codec_worker.toolbox.container import BitstreamError


def moving_clip(width: int, height: int, count: int, seed: int = 0) -> Clip:
    """A smooth texture that moves by (1, 2) samples a frame, with a little noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : height + count, 0 : width + 2 * count]
    scene = 128 + 60 * np.sin(x / 7) * np.cos(y / 5) + 30 * np.sin((x + y) / 3)
    scene = (scene + rng.normal(0, 2, scene.shape)).clip(0, 255).astype(np.uint8)
    luma = np.stack([scene[i : i + height, 2 * i : 2 * i + width] for i in range(count)])
    chroma = np.ascontiguousarray(luma[:, ::2, ::2])
    return Clip(luma, chroma, 255 - chroma, 25.0)


def psnr_db(a: np.ndarray, b: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.mean((a.astype(float) - b) ** 2)))


@settings(max_examples=15)
@given(
    width=st.integers(8, 40).map(lambda half: 2 * half),
    height=st.integers(8, 32).map(lambda half: 2 * half),
    count=st.integers(1, 3),
    quality=st.integers(0, 100),
    seed=st.integers(0, 3),
)
def test_decoder_repeats_the_encoders_reconstruction(width, height, count, quality, seed):
    clip = moving_clip(width, height, count, seed)
    bitstream, reconstruction = small.encode_with_reconstruction(clip, quality)
    decoded = small.decode(bitstream)
    for plane, expected, source in zip(decoded, reconstruction, clip[:3], strict=True):
        np.testing.assert_array_equal(plane, expected)
        assert plane.shape == source.shape
        assert plane.dtype == np.uint8
        assert plane.flags.c_contiguous


@pytest.mark.parametrize("content", ["black", "noise", "flash"])
def test_extreme_content_survives(content):
    rng = np.random.default_rng(1)
    y = np.zeros((3, 48, 64), np.uint8)
    if content == "noise":
        y = rng.integers(0, 256, y.shape, np.uint8)
    if content == "flash":
        y[1] = 255
    clip = Clip(y, y[:, ::2, ::2].copy(), y[:, ::2, ::2].copy(), 30.0)
    bitstream, reconstruction = small.encode_with_reconstruction(clip, 50)
    for plane, expected in zip(small.decode(bitstream), reconstruction, strict=True):
        np.testing.assert_array_equal(plane, expected)


def test_quality_buys_psnr_with_bytes():
    clip = moving_clip(96, 80, 4)
    points = []
    for quality in (30, 40, 50, 60):
        bitstream, (luma, _, _) = small.encode_with_reconstruction(clip, quality)
        points.append((len(bitstream), psnr_db(clip.y, luma)))
    assert points == sorted(points)
    assert points[0][1] > 27
    assert points[-1][1] > 37


def test_motion_is_cheaper_than_intra():
    clip = moving_clip(96, 80, 5)
    whole = len(small.encode(clip, 50))
    first = len(small.encode(Clip(*(plane[:1] for plane in clip[:3]), 25.0), 50))
    assert whole < 3 * first


@pytest.mark.parametrize("cut", [0, 1, 7, 20, -1])
def test_truncated_stream_raises(cut):
    bitstream = small.encode(moving_clip(32, 32, 2), 40)
    with pytest.raises(BitstreamError):
        small.decode(bitstream[:cut])


@settings(max_examples=25)
@given(place=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_damaged_stream_raises(place, flip):
    bitstream = bytearray(small.encode(moving_clip(32, 32, 2), 40))
    bitstream[place % len(bitstream)] ^= flip
    with pytest.raises(BitstreamError):
        small.decode(bytes(bitstream))


def test_parameters_and_search_space_are_literals_of_the_source():
    tree = ast.parse(Path(small.__file__).read_text(encoding="utf-8"))
    found = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in {"PARAMETERS", "SEARCH_SPACE"}
    }
    assert found["PARAMETERS"] == small.PARAMETERS
    assert found["PARAMETERS"].keys() == found["SEARCH_SPACE"].keys()
    for name, allowed in found["SEARCH_SPACE"].items():
        value = found["PARAMETERS"][name]
        if isinstance(allowed, tuple):
            assert allowed[0] <= value <= allowed[1]
        else:
            assert value in allowed


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("search_reach", 4),
        ("vector_weight", 4.0),
        ("intra_rounding", 0.5),
        ("inter_rounding", 0.4),
        ("intra_bias", 0),
        ("inter_qp_offset", 3),
        ("chroma_qp_offset", -2),
    ],
)
def test_every_parameter_changes_the_coded_result(monkeypatch, name, value):
    rng = np.random.default_rng(3)
    clip = moving_clip(96, 96, 3)
    y = clip.y.copy()
    y[1:, 40:72, 20:60] = rng.integers(90, 120, (2, 32, 40))  # a part that motion cannot predict
    y[2] = np.roll(y[2], (13, 24), (0, 1))
    clip = clip._replace(y=y)
    before = small.encode(clip, 40)
    monkeypatch.setitem(small.PARAMETERS, name, value)
    assert small.encode(clip, 40) != before
