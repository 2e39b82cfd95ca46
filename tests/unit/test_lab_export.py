"""Every rate point leaves the lab, with every digit."""

import csv
import io
import json

import pytest

from codec_lab.experiment import Evaluation
from lab.export import ExportFormat, rate_point_rows, write_rows
from tests.fakes import MemoryRecords
from tests.unit.builders import NOON, clip_result, experiment

SHA = "c" * 64
BD_RATE = -12.345678901234567


@pytest.fixture
def measured(records: MemoryRecords) -> MemoryRecords:
    for number in (2, 1):
        records.create_experiment(experiment(number, candidate_sha256=SHA))
        records.put_evaluation(
            Evaluation(
                experiment_id=f"default-{number:04}",
                run=1,
                candidate_sha256=SHA,
                bundle_sha256=SHA,
                at=NOON,
                result=clip_result("hall", {"x265-medium": BD_RATE, "svtav1-p6": None}),
            )
        )
    return records


def test_candidates_and_anchors_have_all_their_points(measured: MemoryRecords) -> None:
    rows = list(rate_point_rows(measured, "default"))
    points = [(row["experiment"], row["codec"], row["quality"]) for row in rows]
    assert points == [
        (f"default-000{number}", codec, quality)
        for number in (1, 2)
        for codec in ("candidate", "x265-medium", "svtav1-p6")
        for quality in (30, 40, 50, 60)
    ]


def test_a_row_carries_hash_clip_measurement_and_bd_rate(measured: MemoryRecords) -> None:
    row = next(rate_point_rows(measured, "default"))
    assert row["candidate_sha256"] == SHA
    assert row["clip"] == "hall"
    assert row["size_bytes"] == 3000
    assert row["bitrate_bps"] == 150000
    assert row["psnr_y_db"] == 27.5
    assert row["bd_rate_x265-medium_psnr_y_db_percent"] == BD_RATE
    assert row["bd_rate_svtav1-p6_psnr_y_db_percent"] is None


def test_json_keeps_every_digit(measured: MemoryRecords) -> None:
    rows = list(rate_point_rows(measured, "default"))
    assert json.loads(write_rows(rows, ExportFormat.JSON)) == rows


def test_csv_keeps_every_digit_and_leaves_unknowns_empty(measured: MemoryRecords) -> None:
    text = write_rows(rate_point_rows(measured, "default"), ExportFormat.CSV)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 24
    assert float(rows[0]["bd_rate_x265-medium_psnr_y_db_percent"]) == BD_RATE
    assert rows[0]["bd_rate_svtav1-p6_psnr_y_db_percent"] == ""
    assert rows[4]["library"] == "x"


def test_a_campaign_without_measurements_has_no_rows(records: MemoryRecords) -> None:
    assert list(rate_point_rows(records, "default")) == []
