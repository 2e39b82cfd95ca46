"""What a person gives ``lab evaluate --clips``: taken with a notice, or refused in one sentence."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from lab.cli import main
from tests.worker.samples import TINY_CODEC, write_video


def truncated(folder: Path) -> None:
    path = write_video(folder / "clip.mp4", frames=40)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def zero_frames(folder: Path) -> None:
    (folder / "clip.y4m").write_bytes(b"YUV4MPEG2 W64 H48 F25:1 Ip A1:1 C420jpeg\n")


def odd_size(folder: Path) -> None:
    write_video(folder / "clip.mkv", size=(65, 48), codec="ffv1", pixel_format="yuv444p")


def text_for_video(folder: Path) -> None:
    (folder / "clip.mp4").write_text("This is no video.\n" * 100)


def sound_for_video(folder: Path) -> None:
    (folder / "clip.avi").write_bytes(b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0")


def raw_samples(folder: Path) -> None:
    write_video(folder / "good.mp4")
    (folder / "clip.yuv").write_bytes(bytes(64 * 48 * 3 // 2))


def black_at_first(folder: Path) -> None:
    write_video(folder / "clip.mkv", frames=12, codec="ffv1", flat_frames=8)


def nothing(folder: Path) -> None:
    (folder / "readme.txt").touch()


@pytest.fixture
def codec(tmp_path: Path) -> Path:
    path = tmp_path / "codec.py"
    path.write_text(TINY_CODEC)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "clips"
    path.mkdir()
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (truncated, "clip.mp4 cannot be read as video"),
        (black_at_first, "clip.mkv begins with 8 frames of one flat colour, on which no codec"),
        (zero_frames, "clip.y4m holds no frames: give a clip of at least one."),
        (odd_size, "clip.mkv is 65×48: width and height must be even"),
        (text_for_video, "clip.mp4 cannot be read as video"),
        (sound_for_video, "clip.avi"),
        (raw_samples, "clip.yuv is of a kind that is not read here: convert it"),
        (nothing, "holds no clip: put video files into it"),
    ],
)
def test_refused_in_one_sentence(
    capsys: pytest.CaptureFixture[str],
    codec: Path,
    folder: Path,
    make: Callable[[Path], None],
    words: str,
) -> None:
    make(folder)
    arguments = ["evaluate", codec, "--clips", folder, "--state-dir", folder.parent / "state"]

    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])

    said = capsys.readouterr()
    assert stopped.value.code == 1
    assert said.out == ""
    assert said.err.startswith(f"lab: {folder}")
    assert words in said.err
    assert said.err.endswith(".\n")
    assert said.err.count("\n") == 1


def test_converted_with_a_notice_and_measured(
    capsys: pytest.CaptureFixture[str], codec: Path, folder: Path
) -> None:
    write_video(folder / "deep.mkv", codec="ffv1", pixel_format="yuv420p10le")
    write_video(folder / "full.mkv", codec="ffv1", pixel_format="yuv444p")
    write_video(folder / "uneven.mkv", steps=(1, 1, 3))
    write_video(folder / "slow.mkv", fps=30, times_s=[Fraction(i, 10) for i in range(12)])
    write_video(folder / "renamed.avi").rename(folder / "renamed.mp4")
    arguments = ["evaluate", codec, "--clips", folder, "--state-dir", folder.parent / "state"]

    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in [*arguments, "--anchor", "mpeg4"]])

    said = capsys.readouterr()
    assert stopped.value.code == 0
    assert said.err.splitlines()[:4] == [
        "deep: converted from yuv420p10le to 8-bit 4:2:0",
        "full: converted from yuv444p to 8-bit 4:2:0",
        (
            "slow: of another frame rate than the 30.000 frames/s that the file declares, "
            "taken as 10.000 frames/s"
        ),
        "uneven: of variable frame rate, taken as 16.176 frames/s",
    ]
    for name in ("deep", "full", "renamed", "slow", "uneven"):
        assert f"{name}, 64×48, 12 frames" in said.out


def test_an_unknown_anchor_is_refused_before_anything_is_measured(
    capsys: pytest.CaptureFixture[str], codec: Path, folder: Path
) -> None:
    state_dir = folder.parent / "state"
    with pytest.raises(SystemExit) as stopped:
        main(["evaluate", str(codec), "--anchor", "x266", "--state-dir", str(state_dir)])

    assert stopped.value.code == 1
    assert capsys.readouterr().err.startswith("lab: There is no anchor 'x266'; there are x264-")
    assert not state_dir.exists()
