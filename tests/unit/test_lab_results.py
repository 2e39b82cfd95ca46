"""Tables say what was measured, and "n/a" with its reason where nothing was."""

import io

import pytest
from rich.console import Console, RenderableType

from codec_lab.clip import ClipRole
from codec_lab.phase import Phase, Status
from codec_lab.verdict import BdRate, ClipResult, Metric
from lab.results import (
    bd_rate_table,
    experiment_result,
    metric_table,
    rate_point_table,
    summary_table,
)
from lab.wording import clock_time, percent, wait_scale
from tests.unit.builders import clip_result, experiment

OLD, NEW = "a" * 64, "b" * 64


def text_of(renderable: RenderableType, width: int = 200) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(renderable)
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def rows(renderable: RenderableType) -> dict[str, list[str]]:
    """Give the cells of each row of a table by its first cell."""
    cells = [
        [cell.strip() for cell in line.strip("│").split("│")]
        for line in text_of(renderable).splitlines()
        if line.startswith("│")
    ]
    return {row[0]: row[1:] for row in cells}


def test_rates_stand_by_clip_and_anchor_with_their_mean() -> None:
    results = [
        clip_result("hall", {"x264": 10.0, "x265": -5.25}),
        clip_result("park", {"x264": 20.0, "x265": 5.75}),
    ]
    found = rows(bd_rate_table(results))
    assert found["hall"][:2] == ["+10.0 %", "-5.2 %"]
    assert found["park"][:2] == ["+20.0 %", "+5.8 %"]
    assert found["mean"][:2] == ["+15.0 %", "+0.2 %"]
    assert found["hall"][2:] == ["27.50 – 35.00"]


def test_an_unknown_rate_has_its_reason_and_spoils_the_mean() -> None:
    results = [clip_result("hall", {"x265": None}), clip_result("park", {"x265": -3.0})]
    found = rows(bd_rate_table(results))
    assert found["hall"][0] == "n/a (the curves share 10 % of their quality)"
    assert found["mean"][0] == "n/a (not known on every clip)"


def test_the_mean_of_three_clips_has_its_interval() -> None:
    rates = {"hall": -24.0, "park": -31.2, "city": -12.4}
    results = [clip_result(name, {"x265": rate}) for name, rate in rates.items()]
    assert rows(bd_rate_table(results))["mean"][0] == "-22.5 % [-31.2, -12.4]"


def test_hidden_clips_are_named_and_stay_out_of_the_mean() -> None:
    hidden = clip_result("park", {"x265": 50.0}).model_copy(update={"role": ClipRole.HIDDEN})
    found = rows(bd_rate_table([clip_result("hall", {"x265": -3.0}), hidden]))
    assert found["park (hidden)"][0] == "+50.0 %"
    assert found["mean"][0] == "-3.0 %"


def test_rate_points_have_their_measurements() -> None:
    found = rows(rate_point_table(clip_result("hall", {})))
    assert found["40"] == [
        "4000",
        "200.0",
        "30.00",
        "32.50",
        "29.00",
        "0.9000",
        "–",
        "–",
        "100",
        "25",
    ]


def with_metrics(result: ClipResult, percents: dict[Metric, float | None]) -> ClipResult:
    rates = tuple(
        BdRate(
            anchor="x265-medium",
            metric=metric,
            percent=percent,
            overlap_percent=0 if percent is None else 90,
            reason=result.vmaf_reason if percent is None else None,
        )
        for metric, percent in percents.items()
    )
    return result.model_copy(update={"bd_rates": rates})


def test_metrics_stand_side_by_side_with_the_reason_of_what_is_missing() -> None:
    reason = "VMAF was not measured: no ffmpeg program"
    result = clip_result("hall", {}).model_copy(update={"vmaf_reason": reason})
    result = with_metrics(result, {Metric.PSNR_Y: -3.0, Metric.XPSNR_Y: 4.25, Metric.VMAF: None})

    table = metric_table([result])

    assert rows(table)["hall"] == ["-3.0 %", "n/a", "+4.2 %", "n/a", "n/a", "n/a"]
    assert text_of(table).count(reason) == 1
    assert reason in text_of(rate_point_table(result))


@pytest.mark.parametrize("width", [80, 100])
def test_a_narrow_terminal_shows_every_digit(width: int) -> None:
    rates = {"x264-medium": -24.0, "x265-medium": -120.5, "svtav1-p6": 12.4}
    wide = [clip_result(name, rates) for name in ("bigbuckbunny", "carphone", "bikes")]
    point = (
        wide[0]
        .points[0]
        .model_copy(
            update={"size_bytes": 123456, "bitrate_bps": 12345678, "vmaf": 100.0, "vmaf_neg": 99.9}
        )
    )
    wide[0] = wide[0].model_copy(update={"points": (point,)})

    table = text_of(rate_point_table(wide[0]), width)
    for shown in ("quality", "PSNR-Y", "XPSNR", "decode", "123456", "12345.7", "100.0", "99.9"):
        assert shown in table
    rates_shown = text_of(bd_rate_table(wide), width)
    for shown in ("bigbuckbunny", "x264-medium", "svtav1-p6", "-120.5", "27.50 – 35.00"):
        assert shown in rates_shown
    assert "-120.5" in text_of(metric_table(wide), width)
    assert "…" not in table + rates_shown + text_of(metric_table(wide), width)


@pytest.mark.parametrize("width", [80, 100])
def test_a_narrow_summary_shows_names_and_rates_whole(width: int) -> None:
    record = experiment(
        status=Status.COMPLETED,
        bd_rate_percent=-12.34,
        bd_rate_low_percent=-20.0,
        bd_rate_high_percent=1.0,
        candidate_sha256=NEW,
        change="Changes layer_qp_offset from 1.0 to 1.8819 and wiener_filters from 8 to 6.",
    )
    running = experiment(2, status=Status.RUNNING, phase=Phase.DESIGN_NEXT)
    text = text_of(summary_table([record, running]), width)
    whole = ("default-0001", "completed", "-12.3 %", "[-20.0,", "+1.0]", "layer_qp_offset")
    for shown in (*whole, "running,"):
        assert shown in text
    assert "…" not in text


def test_an_experiment_shows_its_change_and_goal() -> None:
    record = experiment(status=Status.COMPLETED, candidate_sha256=NEW, change="Longer GOP.")
    text = text_of(experiment_result(record, []))
    assert "default-0001  completed  candidate bbbbbbbbbb" in text
    assert "Longer GOP." in text
    assert "goal reached: none" in text


def test_an_experiment_that_the_screen_stopped_has_no_goal_but_a_reason() -> None:
    record = experiment(status=Status.COMPLETED, stop_reason="Stopped after the screen: too bad.")
    text = text_of(experiment_result(record, []))
    assert "Stopped after the screen: too bad." in text
    assert "goal reached" not in text
    cells = rows(summary_table([record]))["default-0001"]
    assert "stopped after the screen" in " ".join(cells)


def test_the_summary_lists_experiments_by_number() -> None:
    second = experiment(2, status=Status.COMPLETED, bd_rate_percent=-12.34, candidate_sha256=NEW)
    third = second.model_copy(
        update={
            "experiment_id": "default-0003",
            "number": 3,
            "bd_rate_low_percent": -20.0,
            "bd_rate_high_percent": 1.0,
        }
    )
    found = rows(summary_table([third, second, experiment(1, validation_attempts=3)]))
    assert list(found)[-3:] == ["default-0001", "default-0002", "default-0003"]
    assert found["default-0001"][3] == "V:3 E:0"
    assert found["default-0002"][4] == "-12.3 %"
    assert found["default-0003"][4] == "-12.3 % [-20.0, +1.0]"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.9, "0:59"), (61, "1:01"), (3661, "1:01:01")]
)
def test_durations(seconds: float, text: str) -> None:
    assert clock_time(seconds) == text


def test_percent_without_value_or_reason() -> None:
    assert percent(None) == "n/a"


@pytest.mark.parametrize(
    ("scale", "text"),
    [
        (1.0, "pauses run at their full length"),
        (0.1, "pauses run at 1/10 of their length"),
        (0.3, "pauses run at 0.3 times of their length"),
        (0.0, "pauses are skipped"),
    ],
)
def test_the_scale_of_pauses_in_words(scale: float, text: str) -> None:
    assert wait_scale(scale) == text
