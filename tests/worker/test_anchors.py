"""Anchors: their order, their cache, and a regression test for each trap of their encoders."""

from itertools import pairwise
from pathlib import Path
from statistics import fmean

import av
import bjontegaard
import numpy as np
import pytest

from codec_lab.bd_rate import RateQuality, bd_rate
from codec_lab.clip import ClipRole
from codec_lab.errors import BenchError, ConfigurationError
from codec_lab.plan import DEFAULT_ANCHORS
from codec_lab.tiers import REFERENCE_ANCHOR
from codec_lab.verdict import AnchorCurve
from codec_worker import anchors, clips, ffmpeg_program, measuring_code, metrics, video, vvenc
from codec_worker.contract import Clip, Planes
from codec_worker.directory_store import DirectoryStore
from codec_worker.metrics import bitrate_bps, psnr_y_db
from tests.worker.samples import moving_clip

ALL = tuple(anchors.table())


Curves = dict[str, list[RateQuality]]


@pytest.fixture(scope="module")
def default_clips() -> dict[str, Clip]:
    return {
        frozen.source.name: clips.thaw(frozen.source, frozen.data)
        for frozen in clips.default_clips(max_frames=17)
    }


@pytest.fixture(scope="module")
def carphone(default_clips: dict[str, Clip]) -> Clip:
    return default_clips["carphone"]


def curve_on(clip: Clip, anchor: anchors.Anchor) -> list[RateQuality]:
    points = []
    for q in anchor.points:
        packets = anchors.encode_point(anchor, q, clip)
        psnr = psnr_y_db(clip, video.decode(anchor.decoder, packets))
        points.append(RateQuality(bitrate_bps(sum(map(len, packets)), clip), psnr))
    return points


@pytest.fixture(scope="module")
def measured(default_clips: dict[str, Clip]) -> dict[str, Curves]:
    """Every anchor's curve by clip; VVenC's on carphone alone, for it takes its time."""
    return {
        clip_name: {
            name: curve_on(clip, anchor)
            for name, anchor in anchors.table().items()
            if name != "vvenc-fast" or clip_name == "carphone"
        }
        for clip_name, clip in default_clips.items()
    }


def test_the_table_has_what_the_lab_asks_for() -> None:
    assert set(DEFAULT_ANCHORS) <= set(ALL)
    assert REFERENCE_ANCHOR in DEFAULT_ANCHORS


@pytest.mark.parametrize("name", ALL)
def test_curves_rise(measured: dict[str, Curves], name: str) -> None:
    curves = [sorted(curves[name]) for curves in measured.values() if name in curves]

    assert curves
    for curve in curves:
        assert len(curve) == 6
        assert all(high.quality > low.quality for low, high in pairwise(curve))


def test_anchors_stand_in_their_known_order(measured: dict[str, Curves]) -> None:
    """Over 11 clips, in percent against x265: -37.6, -26.6, 0, +10.7, +48.9 and +126."""
    means = {
        name: fmean(
            percent_of(curves[REFERENCE_ANCHOR], curves[name])
            for curves in measured.values()
            if name in curves
        )
        for name in ALL
    }

    assert sorted(means, key=means.__getitem__) == [
        "vvenc-fast",
        "svtav1-p6",
        "x265-medium",
        "x264-medium",
        "x264-lowdelay",
        "mpeg4",
    ]
    assert means["x265-medium"] == pytest.approx(0, abs=1e-9)


def test_every_anchor_agrees_with_the_bjontegaard_package(measured: dict[str, Curves]) -> None:
    compared = 0
    for curves in measured.values():
        reference = sorted(curves[REFERENCE_ANCHOR])
        for name in curves.keys() - {REFERENCE_ANCHOR}:
            tested = sorted(curves[name])
            oracle = bjontegaard.bd_rate(
                *zip(*reference, strict=True),
                *zip(*tested, strict=True),
                method="pchip",
                require_matching_points=False,
                min_overlap=0,
            )
            assert percent_of(reference, tested) == pytest.approx(oracle, abs=0.01)
            compared += 1
    assert compared == 3 * 4 + 1


def percent_of(reference: list[RateQuality], tested: list[RateQuality]) -> float:
    percent = bd_rate(reference, tested).percent
    assert percent is not None
    return percent


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
        ("vvenc-fast", {"threads": "1"}),
        ("svtav1-p6", {"svtav1-params": "tune=1:scd=0:lp=1"}),
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


@pytest.mark.parametrize("name", ["x264-medium", "x264-lowdelay"])
def test_x264_gives_the_same_bytes_from_run_to_run(name: str) -> None:
    """Its AVX-512 code gave two to four different streams in twenty runs on this clip."""
    blocks = np.random.default_rng(1).integers(60, 200, (30, 40))
    texture = np.kron(blocks, np.ones((4, 4))).astype(np.uint8)
    y = np.stack([texture[i : i + 64, 2 * i : 2 * i + 96] for i in range(12)])
    grey = np.full((12, 32, 48), 128, np.uint8)
    clip = Clip(y, grey, grey, 25.0)

    streams = {b"".join(anchors.encode_point(anchors.table()[name], 42, clip)) for _ in range(20)}

    assert len(streams) == 1


def test_x265_has_one_thread() -> None:
    options = anchors.table()["x265-medium"].options_at(32)["x265-params"]

    assert ":pools=none:frame-threads=1" in options


@pytest.mark.parametrize("name", ALL)
def test_one_key_frame_even_across_a_scene_cut(name: str) -> None:
    before, after = moving_clip(20, 64, 64, seed=1), moving_clip(20, 64, 64, seed=2)
    y, u, v = (np.concatenate([a, 255 - b]) for a, b in zip(before[:3], after[:3], strict=True))
    anchor = anchors.table()[name]

    packets = anchors.encode_point(anchor, anchor.points[2], Clip(y, u, v, 25.0))

    assert video.decode(anchor.decoder, packets)[0].shape[0] == 40
    assert key_frames(anchor.decoder, packets) == 1


def test_mpeg4_names_no_library(carphone: Clip) -> None:
    anchor = anchors.table()["mpeg4"]
    options = anchor.options_at(31)
    named = video.encode(anchor.encoder, {**options, "flags": "+mv4"}, carphone)

    packets = anchors.encode_point(anchor, 31, carphone)

    assert b"Lavc" in b"".join(named)
    assert b"Lavc" not in b"".join(packets)
    assert sum(map(len, named)) - sum(map(len, packets)) == 17
    for plane, other in zip(
        video.decode("mpeg4", packets), video.decode("mpeg4", named), strict=True
    ):
        np.testing.assert_array_equal(plane, other)


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


def key_frames(decoder: str, packets: list[bytes]) -> int:
    context = av.CodecContext.create(decoder, "r")
    assert isinstance(context, av.VideoCodecContext)
    frames = []
    for data in packets:
        packet = av.Packet(len(data))
        packet.update(data)
        frames += context.decode(packet)
    return sum(frame.key_frame for frame in [*frames, *context.decode(None)])


def test_vvenc_ignores_ffmpegs_gop_size() -> None:
    """Why its intra period is given by its own parameters: here a second has 8 frames."""
    clip = moving_clip(25, 64, 64)._replace(fps=8.0)
    options = anchors.table()["vvenc-fast"].options_at(32)
    by_gop_size = {**options, "g": "9999", "vvenc-params": "qpa=0"}

    assert key_frames("vvc", vvenc.encode(options, clip)) == 1
    assert key_frames("vvc", vvenc.encode(by_gop_size, clip)) > 2


def test_vvenc_writes_no_delimiters_and_no_psychovisual_tuning() -> None:
    clip = moving_clip(9, 64, 64)
    options = anchors.table()["vvenc-fast"].options_at(32)

    stream = b"".join(vvenc.encode(options, clip))

    types = [unit[1] >> 3 for unit in stream.split(b"\0\0\1")[1:]]  # ITU-T H.266, 7.3.1.2
    assert types.count(20) == 0  # AUD_NUT
    assert not {23, 24} & set(types)  # SEI
    assert options["vvenc-params"].startswith("qpa=0:")


def test_ten_bits_are_rounded_and_not_dithered() -> None:
    clip = moving_clip(3, 64, 64)
    flat = Clip(clip.y * 0 + 77, clip.u * 0 + 128, clip.v * 0 + 200, 25.0)
    options = anchors.table()["vvenc-fast"].options_at(10)

    decoded = video.decode("vvc", vvenc.encode(options, flat))

    for plane, source in zip(decoded, flat[:3], strict=True):
        np.testing.assert_array_equal(plane, source)


def test_without_the_program_vvenc_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ffmpeg_program, "find", lambda: None)

    with pytest.raises(ConfigurationError) as caught:
        anchors.anchor_named("vvenc-fast")

    assert str(caught.value) == (
        "The anchor vvenc-fast cannot be measured: no ffmpeg program: install the package "
        "imageio-ffmpeg."
    )
    assert anchors.anchor_named("x265-medium").encoder == "libx265"


def test_a_curve_is_measured_once(tmp_path: Path) -> None:
    frozen = clips.freeze("sample", moving_clip(), ClipRole.DEVELOPMENT, "")
    store = DirectoryStore(tmp_path)
    first = anchors.curve("x264-medium", frozen.source, moving_clip(), store)

    again = anchors.curve("x264-medium", frozen.source, moving_clip(seed=9), store)

    assert again == first
    assert isinstance(first, AnchorCurve)
    assert first.library == video.LIBRARY
    assert first.options == (
        "libx264 -preset medium -tune psnr -crf {q} -g 9999 -sc_threshold 0 -threads 1 "
        "-x264-params cpu-independent=1"
    )


def test_the_same_samples_at_another_frame_rate_are_measured_anew(tmp_path: Path) -> None:
    clip, store = moving_clip(), DirectoryStore(tmp_path)
    slow = clips.freeze("sample", clip, ClipRole.DEVELOPMENT, "").source
    fast = slow.model_copy(update={"fps": 50.0})

    at_25 = anchors.curve("mpeg4", slow, clip, store).points
    at_50 = anchors.curve("mpeg4", fast, clip._replace(fps=50.0), store).points

    assert [point.bitrate_bps for point in at_50] == [
        8 * point.size_bytes * 50 / 8 for point in at_50
    ]
    assert sum(p.bitrate_bps for p in at_50) > 1.9 * sum(p.bitrate_bps for p in at_25)


def test_another_shape_of_the_same_samples_is_another_curve() -> None:
    wide = clips.freeze("sample", moving_clip(), ClipRole.DEVELOPMENT, "").source
    tall = wide.model_copy(update={"width": wide.height, "height": wide.width})

    assert anchors.curve_key("mpeg4", tall) != anchors.curve_key("mpeg4", wide)


def test_another_library_or_option_is_another_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    source = clips.freeze("sample", moving_clip(), ClipRole.DEVELOPMENT, "").source
    key = anchors.curve_key("x264-medium", source)

    monkeypatch.setattr(video, "LIBRARY", "PyAV 99")

    assert anchors.curve_key("x264-medium", source) != key
    assert anchors.curve_key("x264-medium", source) != anchors.curve_key("x264-lowdelay", source)


def test_other_measuring_code_measures_anew(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clip, store = moving_clip(), DirectoryStore(tmp_path)
    source = clips.freeze("sample", clip, ClipRole.DEVELOPMENT, "").source
    before = anchors.curve("mpeg4", source, clip, store)

    def half_a_db_more(source: Clip, decoded: Planes) -> metrics.Quality:
        measured = honest(source, decoded)
        return measured._replace(psnr_y_db=measured.psnr_y_db + 0.5)

    honest = metrics.measure
    monkeypatch.setattr(metrics, "measure", half_a_db_more)
    monkeypatch.setattr(measuring_code, "SHA256", "5" * 64)
    after = anchors.curve("mpeg4", source, clip, store)

    wanted = [point.psnr_y_db + 0.5 for point in before.points]
    assert [point.psnr_y_db for point in after.points] == pytest.approx(wanted)


def test_a_damaged_stored_curve_is_our_fault_and_says_so(tmp_path: Path) -> None:
    source = clips.freeze("sample", moving_clip(), ClipRole.DEVELOPMENT, "").source
    store = DirectoryStore(tmp_path)
    store.put(anchors.curve_key("mpeg4", source), b"{}")

    with pytest.raises(BenchError, match="is damaged: delete it"):
        anchors.curve("mpeg4", source, moving_clip(), store)


def test_a_clip_that_would_crash_x265_is_refused() -> None:
    stamp = Clip(*(np.zeros((3, h, w), np.uint8) for h, w in ((32, 44), (16, 22), (16, 22))), 25.0)

    with pytest.raises(ConfigurationError) as refusal:
        anchors.measure_point(anchors.anchor_named("x265-medium"), 32, stamp)

    assert str(refusal.value) == (
        "HEVC, x265 medium cannot code 44×32: leave the clip out; one side must have 64 samples."
    )


def test_a_clip_that_is_too_fast_for_svt_av1_is_refused() -> None:
    anchor, clip = anchors.anchor_named("svtav1-p6"), moving_clip(2, 64, 64)

    with pytest.raises(ConfigurationError) as refusal:
        anchors.measure_point(anchor, 62, clip._replace(fps=240.5))

    assert str(refusal.value) == (
        "AV1, SVT-AV1 preset 6 cannot code 240.5 frames/s: leave the clip out; "
        "it can code at most 240."
    )
    assert anchors.measure_point(anchor, 62, clip._replace(fps=240.0)).size_bytes > 0


def test_an_unknown_anchor_is_named() -> None:
    with pytest.raises(ConfigurationError, match="There is no anchor 'x266'; there are x264-med"):
        anchors.anchor_named("x266")
