"""Reading whatever people call a video: converted with a notice, or refused in one sentence."""

import hashlib
import wave
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from codec_lab.errors import BenchError, ConfigurationError
from codec_worker import video
from codec_worker.contract import Geometry
from codec_worker.quality_filters import compare
from tests.worker.samples import moving_clip, write_video


def refusal(path: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        video.read(path, path.name)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "y4m"])
def test_reads_8_bit_420_as_it_is(tmp_path: Path, suffix: str) -> None:
    codec = "rawvideo" if suffix == "y4m" else "libx264"
    path = write_video(tmp_path / f"clip.{suffix}", codec=codec)

    clip, notices = video.read(path, path.name)

    assert Geometry.of(clip) == (12, 48, 64)
    assert clip.fps == 25
    assert notices == ()


def test_missing_file(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nowhere.mp4") == "There is no clip nowhere.mp4."


def test_text_file_named_mp4(tmp_path: Path) -> None:
    path = tmp_path / "notes.mp4"
    path.write_text("This is no video.\n" * 100)

    assert refusal(path).startswith("notes.mp4 cannot be read as video (")


def test_picture_named_mp4(tmp_path: Path) -> None:
    write_video(tmp_path / "one.png", frames=1, codec="png", pixel_format="rgb24")
    path = (tmp_path / "one.png").rename(tmp_path / "one.mp4")

    assert refusal(path) == "one.mp4 is a picture: give a video file."


def test_sound_alone(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(16000))

    assert refusal(path) == "sound.mp4 holds no video stream: give a video file."


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.mkv"
    path.touch()

    assert "empty.mkv" in refusal(path)


def test_zero_frames(tmp_path: Path) -> None:
    path = tmp_path / "nothing.y4m"
    path.write_bytes(b"YUV4MPEG2 W64 H48 F25:1 Ip A1:1 C420jpeg\n")

    assert refusal(path) == "nothing.y4m holds no frames: give a clip of at least one."


CODECS = {"y4m": "rawvideo", "webm": "libvpx-vp9", "avi": "mpeg4"}


@pytest.mark.parametrize("suffix", ["avi", "mkv", "mov", "mp4", "webm", "y4m"])
@pytest.mark.parametrize("share", [0.15, 0.5, 0.67, 0.97])
def test_truncated_file(tmp_path: Path, suffix: str, share: float) -> None:
    codec = CODECS.get(suffix, "libx264")
    path = write_video(tmp_path / f"cut.{suffix}", frames=40, codec=codec)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share) + 17])

    sentence = refusal(path)
    assert "cut short" in sentence or "is damaged at frame" in sentence


@pytest.mark.parametrize("size", [(65, 48), (64, 47)])
def test_odd_size(tmp_path: Path, size: tuple[int, int]) -> None:
    path = write_video(tmp_path / "odd.mkv", size=size, codec="ffv1", pixel_format="yuv444p")

    assert refusal(path) == (
        f"odd.mkv is {size[0]}×{size[1]}: width and height must be even for 4:2:0 video; "
        f"crop it to 64×{size[1] // 2 * 2}."
    )


def test_tiny_size(tmp_path: Path) -> None:
    path = write_video(tmp_path / "dot.mkv", size=(8, 8), codec="ffv1")

    assert refusal(path) == "dot.mkv is 8×8: at least 16×16 is needed."


@pytest.mark.parametrize("pixel_format", ["yuv420p10le", "yuv444p", "yuv422p", "gray"])
def test_other_pixel_formats_are_converted_with_a_notice(tmp_path: Path, pixel_format: str) -> None:
    path = write_video(tmp_path / "deep.mkv", codec="ffv1", pixel_format=pixel_format)

    clip, notices = video.read(path, path.name)

    assert notices == (f"converted from {pixel_format} to 8-bit 4:2:0",)
    assert Geometry.of(clip) == (12, 48, 64)
    assert clip.y.std() > 20


def test_variable_frame_rate_is_told(tmp_path: Path) -> None:
    path = write_video(tmp_path / "vfr.mkv", steps=(1, 1, 3))

    clip, (notice,) = video.read(path, path.name)

    assert clip.fps == pytest.approx(11 / (17 * 0.04), rel=1e-6)
    assert notice == "of variable frame rate, taken as 16.176 frames/s"
    assert len(clip.y) == 12


def test_a_clip_within_the_containers_rounding_is_not_variable(tmp_path: Path) -> None:
    frozen = video.freeze(moving_clip()._replace(fps=30000 / 1001))  # Matroska counts in ms

    assert video.read(frozen, "clip").notices == ()


NOT_DECLARED = (
    "of another frame rate than the {} frames/s that the file declares, taken as {} frames/s"
)


def test_a_slow_rest_of_the_file_does_not_slow_the_frames_that_are_measured(
    tmp_path: Path,
) -> None:
    times_s = [Fraction(i, 30) for i in range(36)] + [Fraction(18 + 15 * i) for i in range(4)]
    options = {"bf": "0"}
    path = write_video(tmp_path / "tail.mp4", frames=40, fps=30, times_s=times_s, options=options)

    clip, notices = video.read(path, path.name, max_frames=33)

    assert clip.fps == pytest.approx(30, rel=1e-9)
    declared = 40 / (63 + 1 / 30)  # an MP4's rate is that of the whole file
    expected = NOT_DECLARED.format(f"{declared:.3f}", "30.000")
    assert notices == (expected, "only its first 33 frames")


@pytest.mark.parametrize("frames", [2, 3, 12])
@pytest.mark.parametrize("options", [{}, {"bf": "0"}])
def test_evenly_spaced_frames_of_another_rate_than_declared(
    tmp_path: Path, frames: int, options: dict[str, str]
) -> None:
    times_s = [Fraction(i, 10) for i in range(frames)]
    path = write_video(
        tmp_path / "slow.mkv", frames=frames, fps=30, times_s=times_s, options=options
    )

    clip, notices = video.read(path, path.name)

    assert clip.fps == pytest.approx(10, rel=1e-9)
    assert notices == (NOT_DECLARED.format("30.000", "10.000"),)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi", "y4m"])
@pytest.mark.parametrize("frames", [1, 2, 3, 12])
@pytest.mark.parametrize("fps", [25, 60, 144])  # a frame of 144 a second is 6.9 of Matroska's ms
def test_a_rate_that_is_as_declared_is_taken_without_a_word(
    tmp_path: Path, suffix: str, frames: int, fps: int
) -> None:
    codec = {"y4m": "rawvideo", "avi": "mpeg4"}.get(suffix, "libx264")
    path = write_video(tmp_path / f"clip.{suffix}", codec=codec, frames=frames, fps=fps)

    clip, notices = video.read(path, path.name)

    assert (len(clip.y), clip.fps, notices) == (frames, fps, ())


@pytest.mark.parametrize("suffix", ["avi", "h264"])  # h264: no time stamps at all
def test_pictures_in_decoding_order_have_the_declared_rate(tmp_path: Path, suffix: str) -> None:
    path = write_video(tmp_path / f"clip.{suffix}", options={"bf": "3"})

    clip, notices = video.read(path, path.name)

    assert (len(clip.y), clip.fps, notices) == (12, 25, ())


def test_hours_between_frames(tmp_path: Path) -> None:
    times_s = [Fraction(3600 * i) for i in range(3)]
    path = write_video(tmp_path / "lapse.mkv", frames=3, times_s=times_s)

    assert refusal(path) == (
        "lapse.mkv has 0.0002778 frames/s: at least 0.01 are needed; remux it with more."
    )


def test_reads_no_more_frames_than_asked_for(tmp_path: Path) -> None:
    path = write_video(tmp_path / "long.mp4", frames=30)

    clip, notices = video.read(path, path.name, max_frames=5)
    assert len(clip.y) == 5
    assert notices == ("only its first 5 frames",)
    whole, notices = video.read(path, path.name, max_frames=30)
    assert (len(whole.y), notices) == (30, ())


def test_change_of_size(tmp_path: Path) -> None:
    path = tmp_path / "change.h264"
    path.write_bytes(
        b"".join(
            write_video(tmp_path / f"{height}.h264", frames=3, size=(64, height)).read_bytes()
            for height in (48, 64)
        )
    )

    assert refusal(path) == "change.h264 changes its size at frame 3: give a clip of one size."


@pytest.mark.parametrize("width", [64, 82, 176])  # 82 and 176 are padded to longer rows in FFmpeg
def test_freezing_is_lossless_and_repeatable(width: int) -> None:
    clip = moving_clip(width=width)._replace(fps=30000 / 1001)

    data = video.freeze(clip)
    thawed, _ = video.read(data, "frozen")

    assert video.freeze(clip) == data
    assert thawed.fps == pytest.approx(30000 / 1001, rel=1e-9)
    for plane, original in zip(thawed[:3], clip[:3], strict=True):
        np.testing.assert_array_equal(plane, original)


def test_the_hash_is_of_the_samples_in_frame_order() -> None:
    clip = moving_clip(frames=2)
    expected = hashlib.sha256()
    for index in range(2):
        expected.update(clip.y[index].tobytes() + clip.u[index].tobytes() + clip.v[index].tobytes())

    assert video.planes_sha256(clip) == expected.hexdigest()
    assert video.planes_sha256(clip._replace(y=clip.y[::-1])) != expected.hexdigest()


def test_packets_are_padded_for_the_bit_readers() -> None:
    """A packet around foreign bytes makes MPEG-4 decode to garbage that differs by run."""
    clip = moving_clip(frames=12)
    packets = video.encode("mpeg4", {"qmin": "3", "qmax": "3", "threads": "1"}, clip)

    first, *others = (video.decode("mpeg4", packets) for _ in range(5))

    assert compare(clip, first).psnr_db[:, 0].min() > 30
    for other in others:
        np.testing.assert_array_equal(other[0], first[0])


def test_an_unknown_option_is_an_error_and_no_silence() -> None:
    with pytest.raises(BenchError, match="libx264 knows no option no_such_option"):
        video.encode("libx264", {"no_such_option": "1"}, moving_clip())
