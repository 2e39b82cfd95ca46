"""The seed codec: exact round trips, damaged streams, parameters that matter."""

import ast
import base64
import hashlib
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codec_worker.codecs import seed, small
from codec_worker.contract import Clip
from codec_worker.toolbox.container import BitstreamError, pack, unpack


def moving_clip(width: int, height: int, count: int, seed_value: int = 0) -> Clip:
    """A texture that moves by (1, 2) samples a frame under a square that moves otherwise."""
    rng = np.random.default_rng(seed_value)
    y, x = np.mgrid[0 : height + count, 0 : width + 2 * count]
    scene = 128 + 60 * np.sin(x / 7) * np.cos(y / 5) + 30 * np.sin((x + y) / 3)
    scene = (scene + rng.normal(0, 3, scene.shape)).clip(0, 255).astype(np.uint8)
    luma = np.stack([scene[i : i + height, 2 * i : 2 * i + width] for i in range(count)])
    for index in range(count):
        luma[index, 2 + index : 12 + index, 3:14] = 240 - 20 * (index % 3)
    chroma = np.ascontiguousarray(luma[:, ::2, ::2])
    return Clip(luma, chroma, 255 - chroma, 25.0)


def assert_decodes_to(bitstream: bytes, reconstruction: tuple, clip: Clip) -> None:
    for plane, expected, source in zip(
        seed.decode(bitstream), reconstruction, clip[:3], strict=True
    ):
        np.testing.assert_array_equal(plane, expected)
        assert plane.shape == source.shape
        assert plane.dtype == np.uint8
        assert plane.flags.c_contiguous


@settings(max_examples=10)
@given(
    width=st.integers(8, 48).map(lambda half: 2 * half),
    height=st.integers(8, 40).map(lambda half: 2 * half),
    count=st.integers(1, 5),
    quality=st.integers(0, 100),
    structure=st.sampled_from(["random_access", "low_delay"]),
)
def test_decoder_repeats_the_encoders_reconstruction(width, height, count, quality, structure):
    clip = moving_clip(width, height, count)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(seed.PARAMETERS, "structure", structure)
        assert_decodes_to(*seed.encode_with_reconstruction(clip, quality), clip)


@pytest.mark.parametrize("content", ["black", "noise", "flash", "cut"])
@pytest.mark.parametrize("quality", [0, 55, 100])
def test_extreme_content_survives(content, quality):
    rng = np.random.default_rng(1)
    y = np.zeros((4, 32, 48), np.uint8)
    if content == "noise":
        y = rng.integers(0, 256, y.shape, np.uint8)
    if content == "flash":
        y[1] = 255
    if content == "cut":
        y[:2] = rng.integers(0, 256, (32, 48))
        y[2:] = moving_clip(48, 32, 2).y
    clip = Clip(y, y[:, ::2, ::2].copy(), 255 - y[:, ::2, ::2], 30.0)
    assert_decodes_to(*seed.encode_with_reconstruction(clip, quality), clip)


def test_beats_the_small_codec_clearly():
    clip = moving_clip(128, 96, 9)

    def psnr_db(luma: np.ndarray) -> float:
        return float(10 * np.log10(255**2 / np.mean((clip.y.astype(float) - luma) ** 2)))

    small_stream, small_planes = small.encode_with_reconstruction(clip, 44)
    seed_stream, seed_planes = seed.encode_with_reconstruction(clip, 42)
    assert len(seed_stream) < 0.8 * len(small_stream)
    assert psnr_db(seed_planes[0]) > psnr_db(small_planes[0]) - 0.3


def test_quality_buys_psnr_with_bytes():
    clip = moving_clip(80, 64, 5)
    points = []
    for quality in (30, 40, 50, 60):
        bitstream, (luma, _, _) = seed.encode_with_reconstruction(clip, quality)
        points.append((len(bitstream), -np.mean((clip.y.astype(float) - luma) ** 2)))
    assert points == sorted(points)


STREAM = None


def stream() -> bytes:
    global STREAM  # noqa: PLW0603 # encoded once for all examples
    STREAM = STREAM or seed.encode(moving_clip(64, 48, 5), 40)
    return STREAM


@pytest.mark.parametrize("cut", [0, 1, 7, 20, -1])
def test_truncated_stream_raises(cut):
    with pytest.raises(BitstreamError):
        seed.decode(stream()[:cut])


@settings(max_examples=25)
@given(place=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_damaged_stream_raises(place, flip):
    damaged = bytearray(stream())
    damaged[place % len(damaged)] ^= flip
    with pytest.raises(BitstreamError):
        seed.decode(bytes(damaged))


@settings(max_examples=60)
@given(place=st.integers(0, 10_000), noise=st.binary(min_size=1, max_size=300))
def test_forged_payload_with_a_valid_checksum_ends_orderly(place, noise):
    header, payload = unpack(stream())
    place %= len(payload)
    forged = pack(header, payload[:place] + noise)
    try:
        planes = seed.decode(forged)
    except BitstreamError:
        return
    assert planes[0].shape == (5, 48, 64)


def literals() -> dict[str, dict]:
    tree = ast.parse(Path(seed.__file__).read_text(encoding="utf-8"))
    return {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in {"PARAMETERS", "SEARCH_SPACE"}
    }


def test_parameters_and_search_space_are_literals_of_the_source():
    found = literals()
    assert found["PARAMETERS"] == seed.PARAMETERS
    assert found["PARAMETERS"].keys() == found["SEARCH_SPACE"].keys()
    for name, allowed in found["SEARCH_SPACE"].items():
        value = found["PARAMETERS"][name]
        if isinstance(allowed, tuple):
            assert allowed[0] <= value <= allowed[1]
        else:
            assert value in allowed


def other_value(name: str) -> object:
    allowed, value = seed.SEARCH_SPACE[name], seed.PARAMETERS[name]
    ends = [allowed[0], allowed[-1]]
    return ends[0] if ends[0] != value else ends[1]


@pytest.fixture(scope="module")
def lively() -> tuple[Clip, bytes]:
    """A clip in which every tool has something to do, and its stream."""
    clip = moving_clip(96, 64, 6, 1)
    y = clip.y.copy()
    y[:, 24:56, 20:52] = np.random.default_rng(3).integers(60, 190, (6, 32, 32))
    y[3] = np.roll(y[3], (9, 24), (0, 1))
    clip = clip._replace(y=y)
    return clip, seed.encode(clip, 36)


@pytest.mark.parametrize("name", sorted(seed.SEARCH_SPACE))
def test_every_parameter_changes_the_coded_result_and_still_decodes(monkeypatch, lively, name):
    clip, before = lively
    monkeypatch.setitem(seed.PARAMETERS, name, other_value(name))
    bitstream, reconstruction = seed.encode_with_reconstruction(clip, 36)
    assert_decodes_to(bitstream, reconstruction, clip)
    monkeypatch.undo()
    decoded_before = seed.decode(before)
    changed = any((a != b).any() for a, b in zip(reconstruction, decoded_before, strict=True))
    assert changed or bitstream != before


def test_checksum_is_of_the_whole_stream():
    assert zlib.crc32(stream()[:-4]).to_bytes(4, "little") == stream()[-4:]


# A stream of this codec (72×40, 5 frames, quality 34) and the hash of the planes its own encoder
# reconstructed: decoding has to give these samples on every machine.
GOLDEN_STREAM = (
    "Lrei8NGJuU!vO#V2)15YOtmw9Zu}&cEKiSDp3PViN?|r@CN|b|Bqpa?2v*hE%<sRzw57`a_8e?*NgD?Wz^ZAx(bW"
    "vdd9w^A?Y7Gh6R~rLtk!8aRPDW9t{}``B8Spw2HfJAyH=jme0ZeOUgyN*6T}T8rOvXdHZ72aj>CStBWcwtnh{_E5"
    "4Jpi8uLA*%?Ga@tE5rE4v#SQ-e?*wCPqfgv5kdUdremhqaof<z-q}%l7h;H<z8BIMpsuvPWD%|(UoRAFIrp-E?2j"
    "y*JNpBsJ9|#wFot#IhG6^p>9*nLpYIutNrRU=ch*Su;8A%`w#NV9LUpyi}oi$)rZcAth14K%1?=I23%L6@D1KBYR"
    "-MZ&L|`kP|pL!cCG5xOz@sGRI-E9G{w%1BL7o3D7x*7X82vWHqX>^IwEX1U{UT_bj$uPTd+)D2RcdgE+AlGvY0~M"
    "nQNe-%2Az65N_qjpeFo9oPBdP)~i^u^epu3U|GVO*b2X?U3i};>3Bg~9>8TjILts|v>&<jiD!vehNa6B_xlqqfEd"
    "JOk8Jxw8zi<)ku_+hOD$|v$yGulQ?Vq&4HvoqCdf@aDO`aSe0X!HLG+A)!m&Yy9Y1k1h}Xi_5+_=Mts>)zKyz)R<"
    "^"
)
GOLDEN_SHA256 = "4f340c3deb3e2f67133a31bbd368b11b5b2b63fb111d0e33a512b687dbe0a5f8"
GOLDEN_PARAMETERS = {
    "structure": "random_access",
    "gop_size": 4,
    "references": 2,
    "key_qp_offset": 1,
    "layer_qp_offset": 1.0,
    "chroma_qp_offset": 0,
    "halvings": 1,
    "min_side": 4,
    "adaptive_transform": 1,
    "deblocking": 1,
    "beta_offset": 0,
    "tc_offset": 0,
}


# The same of a 128×96 clip of 3 frames at quality 20 in which both filters are at work.
GOLDEN_FILTERED = (
    "Lreh_fB|3wsKWsOp#ebE4IUH$7v3`2FVEY4P2oQTvPu6(Hg=z2fZvN{<{%nPx)f~|ON%6k5=7gdyx9X?sbOslE(~"
    ";}Vqb;ia8>GjH~2`LSFtewKj`pxbEO!}3&B$C>gtM7!A8^OilPtz7RJV8AQ~imL3>6r+ik=EoBkLl5m1j8cRihs{"
    "O#^ooy#<#c8sDei?w=`|6snK=02;LX7Z<`=&{ya&sXAhDN_jZy*~eK*_|-dN+Viu&zl6WgsB+}(zp4hhg?Q`U?o{"
    "~Y8N76KN~#2>=k5Y>|^{FjC&gbm9(Yi7C5zK6dhlB14i5?k$4#A(g&E{HG2MCOlK^`9+~?71Zt0bmxG$BUOV9G;V"
    "UJJq-T=z8Wc(coXWQ~TLxXh+E@#nt98)*Yf-FfO$rr$-_xe5mX=_l_GR6LzT0_>N@;Bw;6Lrg(wfJE|DF*#eN=AX"
    "v%Xf(DJnmhN}A$H+0wc-(}lUW`!>-u-nfv%K~fjz=6F6)wg"
)
GOLDEN_FILTERED_SHA256 = "57bb2bc4f7467e1c7a64b19f4f9f3adcc4a57d64a41f108f692de842acc6a2a0"


@pytest.mark.parametrize(
    ("text", "sha256", "filtered"),
    [(GOLDEN_STREAM, GOLDEN_SHA256, 0), (GOLDEN_FILTERED, GOLDEN_FILTERED_SHA256, 1)],
)
def test_golden_streams_decode_to_the_same_samples_everywhere(monkeypatch, text, sha256, filtered):
    switches = {"directional_filter": filtered, "wiener_filter": filtered, "wiener_filters": 8}
    for name, value in (GOLDEN_PARAMETERS | switches).items():
        monkeypatch.setitem(seed.PARAMETERS, name, value)
    planes = seed.decode(base64.b85decode(text))
    assert hashlib.sha256(b"".join(map(bytes, planes))).hexdigest() == sha256
