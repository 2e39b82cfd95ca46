"""Pauses adapt to success and failure; tiers rest on BD-rate alone."""

import pytest

from codec_lab.pauses import pause_after
from codec_lab.tiers import tier_of, withheld_tier


def test_the_pauses_of_a_row_of_failures() -> None:
    failures, pauses = 0, []
    for succeeded in (True, False, False, False, False, False, False, True):
        pause_s, failures = pause_after(succeeded=succeeded, failures_in_a_row=failures)
        pauses.append(pause_s)
    assert pauses == [10, 30, 30, 30, 30, 300, 30, 10]


def test_the_count_starts_anew_after_the_long_pause() -> None:
    assert pause_after(succeeded=False, failures_in_a_row=4) == (300, 0)
    assert pause_after(succeeded=True, failures_in_a_row=4) == (10, 0)


@pytest.mark.parametrize(
    ("luma", "yuv", "tier"),
    [
        (None, -60.0, None),
        (-60.0, None, None),
        (12.0, 12.0, None),
        (-49.9, -49.9, None),
        (-50.0, -50.0, "50 % below HEVC"),
        (-70.1, -70.0, "70 % below HEVC"),
        (-95.0, -95.0, "90 % below HEVC"),
        (-95.0, -52.0, "50 % below HEVC"),
        (-52.0, 65.0, None),
    ],
)
def test_a_tier_needs_a_bd_rate_on_luma_and_on_all_planes(
    luma: float | None, yuv: float | None, tier: str | None
) -> None:
    assert tier_of(luma, yuv) == tier


def test_a_withheld_tier_has_its_reason() -> None:
    assert withheld_tier(-52.0, 65.0) == (
        "The tier 50 % below HEVC is withheld: it needs as much on PSNR-YUV, where the BD-rate is "
        "+65.0 %."
    )
    assert "where the BD-rate has no mean" in (withheld_tier(-95.0, None) or "")
    assert withheld_tier(-95.0, -92.0) is None
    assert withheld_tier(10.0, 65.0) is None
    assert withheld_tier(None, None) is None
