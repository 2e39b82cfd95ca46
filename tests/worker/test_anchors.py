"""Anchors: their order, their cache, and a regression test for each trap of their encoders."""

from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from codec_lab.bd_rate import RateQuality, bd_rate
from codec_lab.clip import ClipRole
from codec_lab.errors import BenchError, ConfigurationError
from codec_lab.plan import DEFAULT_ANCHORS
from codec_lab.tiers import REFERENCE_ANCHOR
from codec_lab.verdict import AnchorCurve, Metric
from codec_worker import anchors, clips, video
from codec_worker.contract import Clip
from codec_worker.directory_store import DirectoryStore
from tests.worker.samples import moving_clip

ALL = tuple(anchors.table())


@pytest.fixture(scope="module")
def carphone() -> Clip:
    frozen = next(iter(clips.default_clips(max_frames=17)))
    return clips.thaw(frozen.source, frozen.data)


@pytest.fixture(scope="module")
def measured(carphone: Clip) -> dict[str, list[RateQuality]]:
    curves = {}
    for name, anchor in anchors.table().items():
        points = [anchors.measure_point(anchor, q, carphone) for q in anchor.points]
        curves[name] = [RateQuality(p.bitrate_bps, p.value(Metric.PSNR_Y)) for p in points]
    return curves


def test_the_table_has_what_the_lab_asks_for() -> None:
    assert set(DEFAULT_ANCHORS) <= set(ALL)
    assert REFERENCE_ANCHOR in DEFAULT_ANCHORS


@pytest.mark.parametrize("name", ALL)
def test_curves_rise(measured: dict[str, list[RateQuality]], name: str) -> None:
    curve = sorted(measured[name])

    assert len(curve) == 6
    assert all(high.quality > low.quality for low, high in pairwise(curve))


def test_anchors_stand_in_their_known_order(measured: dict[str, list[RateQuality]]) -> None:
    against_x264 = {
        name: bd_rate(measured["x264-medium"], curve).percent for name, curve in measured.items()
    }

    order = sorted(against_x264, key=lambda name: against_x264[name] or 0)
    assert order[0] == "svtav1-p6"
    assert order[-2:] == ["x264-lowdelay", "mpeg4"]
    assert against_x264["x264-medium"] == pytest.approx(0, abs=1e-9)


def nal_types(packets: list[bytes]) -> list[int]:
    stream = b"".join(packets)
    return [part[0] & 0x1F for part in stream.split(b"\0\0\1")[1:]]


@pytest.mark.parametrize("name", ["x264-medium", "x264-lowdelay"])
def test_x264_settings_are_not_counted(carphone: Clip, name: str) -> None:
    anchor = anchors.table()[name]
    with_sei = video.encode(anchor.encoder, anchor.options_at(32), carphone)

    packets = anchors.encode_point(anchor, 32, carphone)

    assert 6 in nal_types(with_sei)
    assert nal_types(packets) == [unit for unit in nal_types(with_sei) if unit != 6]
    saved = sum(map(len, with_sei)) - sum(map(len, packets))
    assert 500 < saved < 800
    assert b"x264" not in b"".join(packets)
    for plane, other in zip(
        video.decode("h264", packets), video.decode("h264", with_sei), strict=True
    ):
        np.testing.assert_array_equal(plane, other)


def test_x265_writes_no_settings(carphone: Clip) -> None:
    packets = anchors.encode_point(anchors.table()["x265-medium"], 32, carphone)

    assert b"x265" not in b"".join(packets)


def test_stripping_leaves_other_units_untouched() -> None:
    parameter_set, settings, slice_ = (
        b"\0\0\0\1\x67abc",
        b"\0\0\1\x06settings\x80",
        b"\0\0\1\x65picture",
    )

    assert anchors.without_sei(parameter_set + settings + slice_) == parameter_set + slice_
    assert anchors.without_sei(slice_) == slice_


def test_av1_temporal_delimiters_are_not_counted(carphone: Clip) -> None:
    anchor = anchors.table()["svtav1-p6"]
    with_delimiters = video.encode(anchor.encoder, anchor.options_at(40), carphone)

    packets = anchors.encode_point(anchor, 40, carphone)

    saved = sum(map(len, with_delimiters)) - sum(map(len, packets))
    assert saved == 2 * len(carphone.y)


@pytest.mark.parametrize("name", ALL)
def test_bytes_do_not_vary_and_all_frames_come_back(carphone: Clip, name: str) -> None:
    anchor = anchors.table()[name]
    q = anchor.points[3]

    once, twice = (anchors.encode_point(anchor, q, carphone) for _ in range(2))

    assert once == twice
    assert video.decode(anchor.decoder, once)[0].shape == carphone.y.shape


@pytest.mark.parametrize(
    ("name", "pinned"),
    [
        ("x264-medium", {"threads": "1"}),
        ("x264-lowdelay", {"threads": "1"}),
        ("mpeg4", {"threads": "1"}),
    ],
)
def test_one_thread(name: str, pinned: dict[str, str]) -> None:
    options = anchors.table()[name].options_at(32)

    assert pinned.items() <= options.items()


def test_x264_bytes_depend_on_the_number_of_threads(carphone: Clip) -> None:
    """Why threads are pinned: if this fails, the pin has lost its reason."""
    anchor = anchors.table()["x264-medium"]
    many = {**anchor.options_at(27), "threads": "4"}

    packets = video.encode(anchor.encoder, many, carphone)

    assert anchors.without_sei(packets[0]) + b"".join(packets[1:]) != b"".join(
        anchors.encode_point(anchor, 27, carphone)
    )


def test_x265_has_one_thread() -> None:
    options = anchors.table()["x265-medium"].options_at(32)["x265-params"]

    assert ":pools=none:frame-threads=1" in options


@pytest.mark.parametrize("name", ALL)
def test_one_key_frame_even_across_a_scene_cut(name: str) -> None:
    before, after = moving_clip(20, 64, 64, seed=1), moving_clip(20, 64, 64, seed=2)
    y, u, v = (np.concatenate([a, 255 - b]) for a, b in zip(before[:3], after[:3], strict=True))
    anchor = anchors.table()[name]

    packets = anchors.encode_point(anchor, anchor.points[2], Clip(y, u, v, 25.0))

    context = av.CodecContext.create(anchor.decoder, "r")
    assert isinstance(context, av.VideoCodecContext)
    frames = []
    for data in packets:
        packet = av.Packet(len(data))
        packet.update(data)
        frames += context.decode(packet)
    frames += context.decode(None)
    assert [frame.key_frame for frame in frames] == [True] + 39 * [False]


def test_mpeg4_obeys_its_quantiser(carphone: Clip) -> None:
    """A quality scale given by flag gives the same bytes at every point."""
    anchor = anchors.table()["mpeg4"]

    sizes = [sum(map(len, anchors.encode_point(anchor, q, carphone))) for q in anchor.points]
    by_flag = [
        sum(map(len, video.encode("mpeg4", {"flags": "+qscale", "global_quality": q}, carphone)))
        for q in ("236", "3658")
    ]

    assert by_flag[0] == by_flag[1]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 10 * sizes[-1]


def test_mpeg4_decides_by_the_lagrangian_of_its_quantiser(carphone: Clip) -> None:
    """Without these bounds its choices are made for another quantiser."""
    anchor = anchors.table()["mpeg4"]
    options = anchor.options_at(7)
    unbounded = {name: value for name, value in options.items() if name not in {"lmin", "lmax"}}

    assert (options["qmin"], options["qmax"]) == ("7", "7")
    assert (options["lmin"], options["lmax"]) == ("826", "826")
    assert video.encode("mpeg4", unbounded, carphone) != anchors.encode_point(anchor, 7, carphone)


def test_a_curve_is_measured_once(tmp_path: Path) -> None:
    frozen = clips.freeze("sample", moving_clip(), ClipRole.DEVELOPMENT, "")
    store = DirectoryStore(tmp_path)
    first = anchors.curve("x264-medium", frozen.source, moving_clip(), store)

    again = anchors.curve("x264-medium", frozen.source, moving_clip(seed=9), store)

    assert again == first
    assert isinstance(first, AnchorCurve)
    assert first.library == video.LIBRARY
    assert first.options == (
        "libx264 -preset medium -tune psnr -crf {q} -g 9999 -sc_threshold 0 -threads 1"
    )


def test_another_library_or_option_is_another_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    source = clips.freeze("sample", moving_clip(), ClipRole.DEVELOPMENT, "").source
    key = anchors.curve_key("x264-medium", source)

    monkeypatch.setattr(video, "LIBRARY", "PyAV 99")

    assert anchors.curve_key("x264-medium", source) != key
    assert anchors.curve_key("x264-medium", source) != anchors.curve_key("x264-lowdelay", source)


def test_a_damaged_stored_curve_is_our_fault_and_says_so(tmp_path: Path) -> None:
    source = clips.freeze("sample", moving_clip(), ClipRole.DEVELOPMENT, "").source
    store = DirectoryStore(tmp_path)
    store.put(anchors.curve_key("mpeg4", source), b"{}")

    with pytest.raises(BenchError, match="is damaged: delete it"):
        anchors.curve("mpeg4", source, moving_clip(), store)


def test_an_unknown_anchor_is_named() -> None:
    with pytest.raises(ConfigurationError, match="There is no anchor 'x266'; there are x264-med"):
        anchors.anchor_named("x266")
