"""Every rate point of every experiment, as CSV or JSON."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from codec_lab.experiment import Evaluation, Experiment
from codec_lab.ports import Records
from codec_lab.verdict import AnchorCurve, ClipResult, RatePoint

CANDIDATE = "candidate"
"""What the column ``codec`` says of a candidate's points; an anchor's say its name."""


class ExportFormat(StrEnum):
    """How rate points are written."""

    CSV = "csv"
    JSON = "json"


def rate_point_rows(records: Records, campaign_id: str) -> Iterator[dict[str, object]]:
    """List every rate point of a campaign: the candidates' and those of their anchors.

    Yields
    ------
    dict
        Plain values by column. A candidate's row has the BD-rates of its clip's curve in columns
        ``bd_rate_<anchor>_<metric>_percent``.
    """
    for experiment in sorted(records.experiments(campaign_id), key=lambda one: one.number):
        for evaluation in records.evaluations(experiment.experiment_id):
            head = _head(experiment, evaluation)
            result = evaluation.result
            for point in result.points:
                yield {**head, "codec": CANDIDATE, **_point(point), **_bd_rates(result)}
            for curve in result.anchors:
                yield from (
                    {**head, "codec": curve.anchor, **_point(point), **_library(curve)}
                    for point in curve.points
                )


def write_rows(rows: Iterable[Mapping[str, object]], form: ExportFormat) -> str:
    """Write rows as one text; numbers keep every digit."""
    listed = list(rows)
    if form is ExportFormat.JSON:
        return json.dumps(listed, indent=2) + "\n"
    columns = list(dict.fromkeys(column for row in listed for column in row))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(listed)
    return buffer.getvalue()


def _head(experiment: Experiment, evaluation: Evaluation) -> dict[str, object]:
    result = evaluation.result
    return {
        "campaign": experiment.campaign_id,
        "experiment": experiment.experiment_id,
        "run": evaluation.run,
        "candidate_sha256": evaluation.candidate_sha256,
        "bundle_sha256": evaluation.bundle_sha256,
        "measured_at": evaluation.at.isoformat(),
        "clip": result.clip,
        "clip_sha256": result.clip_sha256,
        "clip_role": result.role.value,
        "width": result.width,
        "height": result.height,
        "frame_count": result.frame_count,
        "fps": result.fps,
    }


def _point(point: RatePoint) -> dict[str, object]:
    return point.model_dump(mode="json")


def _library(curve: AnchorCurve) -> dict[str, object]:
    return {"library": curve.library, "options": curve.options}


def _bd_rates(result: ClipResult) -> dict[str, object]:
    return {
        f"bd_rate_{rate.anchor}_{rate.metric}_percent": rate.percent for rate in result.bd_rates
    }
