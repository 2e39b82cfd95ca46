"""What a person downloads proves itself without the lab."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from codec_worker import video
from tests.browser.deployed_lab import DeployedLab, Visit

LAB = Path(sys.executable).parent / "lab"


def test_a_downloaded_bitstream_decodes_to_the_measured_frames(
    lab: DeployedLab, visit: Visit, tmp_path: Path
) -> None:
    [evaluation] = lab.target.records.evaluations("good-0001")
    keys = {point.quality: str(point.bitstream_key) for point in evaluation.result.points}
    bitstream = keys[40].rpartition("/")[2]
    decoded = bitstream.replace(".bin", ".mkv")
    page = visit("/experiments/good-0001?campaign=good&tab=code")
    for name in ("decoder.zip", "verdict.json", bitstream, decoded):
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Download {name}").click()
        assert download.value.suggested_filename == f"good-0001-{name}"
        download.value.save_as(tmp_path / name)
    assert (tmp_path / bitstream).read_bytes() == lab.target.objects.get(keys[40])

    order = [LAB, "decode", "decoder.zip", bitstream, "--verdict", "verdict.json"]
    told = subprocess.run(
        [*order, "--output", "again.mkv"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stderr) == (0, "")
    assert "every sample is as it was measured" in told.stdout
    again, shown = (video.read(tmp_path / name, name).clip for name in ("again.mkv", decoded))
    for plane, shown_plane in zip(again[:3], shown[:3], strict=True):
        assert np.array_equal(plane, shown_plane)
