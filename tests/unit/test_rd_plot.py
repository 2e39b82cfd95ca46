"""The rate-distortion plot shows every metric that was measured, and no other."""

from pathlib import Path

import pytest

from codec_lab.verdict import ClipResult
from lab.rd_plot import draw
from tests.unit.builders import clip_result


def with_vmaf(result: ClipResult) -> ClipResult:
    points = tuple(p.model_copy(update={"vmaf": 50 + p.quality / 2}) for p in result.points)
    return result.model_copy(update={"points": points})


def test_each_clip_has_a_panel_for_each_metric(tmp_path: Path) -> None:
    results = [with_vmaf(clip_result(name, {"x265": -3.0})) for name in ("hall", "park")]

    draw(results, tmp_path / "rd.svg")

    drawn = (tmp_path / "rd.svg").read_text()  # texts are paths, each under a comment of its own
    for words in ("PSNR-Y, dB", "XPSNR-Y, dB", "VMAF"):
        assert drawn.count(f"<!-- {words} -->") == 2
    assert drawn.count("<!-- candidate -->") == drawn.count("<!-- x265 -->") == 6


def test_what_was_not_measured_has_no_panel(tmp_path: Path) -> None:
    draw([clip_result("hall", {})], tmp_path / "rd.svg")

    assert "VMAF" not in (tmp_path / "rd.svg").read_text()


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_the_suffix_names_the_format(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"rd{suffix}"

    draw([clip_result("hall", {})], path)

    assert path.read_bytes().startswith({".png": b"\x89PNG", ".svg": b"<?xml"}[suffix])
