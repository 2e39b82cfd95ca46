"""What may be looked up to answer a question: a campaign's records, to be read and no more."""

import json
from collections.abc import Iterable
from typing import Any

from codec_lab import documents, keys
from codec_lab.clip import ClipRole
from codec_lab.dashboard.experiment_queries import explanation
from codec_lab.dashboard.ports import Listing
from codec_lab.dashboard.table import Wanted, experiment_page
from codec_lab.errors import UnknownRecordError
from codec_lab.experiment import Experiment
from codec_lab.measurements import current_results
from codec_lab.plan import EvaluationPlan
from codec_lab.ports import ObjectStore, Records
from codec_lab.proposal import Proposal
from codec_lab.report.redaction import Redaction
from codec_lab.source_diffs import unified_diff
from codec_lab.tiers import REFERENCE_ANCHOR
from codec_lab.verdict import ClipResult

MAX_CHARACTERS = 12_000
"""Of one look-up; what is longer is cut, and says so."""

MAX_ROWS = 50

_TOLD = (
    "experiment_id", "number", "status", "phase", "change", "hypothesis",
    "expected_bd_rate_percent", "analysis", "stop_reason", "bd_rate_percent",
    "bd_rate_low_percent", "bd_rate_high_percent", "screen_bd_rate_percent", "bitrate_bps",
    "psnr_y_db", "ssim_y", "vmaf", "decode_cpu_s_per_frame", "repeats", "tier", "parameters",
    "validation_attempts", "execution_attempts", "model_cost_usd", "created_at", "updated_at",
)  # fmt: skip


class LookUps:
    """Reads what the dashboard's queries read, of one campaign, without hidden clips.

    Nothing here writes, starts or spends anything, whatever is asked of it.

    Parameters
    ----------
    campaign_id : str
        Which campaign.
    records, listing, objects
        Where to look.
    """

    def __init__(
        self, campaign_id: str, *, records: Records, listing: Listing, objects: ObjectStore
    ) -> None:
        self._campaign_id = campaign_id
        self._records, self._listing, self._objects = records, listing, objects
        plan = documents.load(objects, keys.plan(campaign_id), EvaluationPlan)
        self._clips = tuple(one for one in plan.clips if one.role is ClipRole.DEVELOPMENT)
        self._anchors = plan.anchors
        self._redaction = Redaction(one.name for one in plan.clips if one.role is ClipRole.HIDDEN)

    def campaign(self) -> str:
        """Tell the goal, the state, the measurement and the lessons."""
        campaign = self._records.campaign(self._campaign_id)
        control = self._records.control(self._campaign_id)
        return self._told(
            {
                "campaign_id": campaign.campaign_id,
                "goal": campaign.goal,
                "mind": campaign.mind,
                "paused": control.paused,
                "experiments_begun": campaign.experiment_count,
                "experiment_limit": control.experiment_limit,
                "spent_usd": campaign.model_cost_usd,
                "budget_usd": control.budget_usd,
                "clips": [one.name for one in self._clips],
                "anchors": self._anchors,
                "reference_anchor": REFERENCE_ANCHOR,
                "lessons": campaign.lessons,
            }
        )

    def experiments(self, wanted: Wanted) -> str:
        """Tell a page of the table of experiments."""
        rows = self._listing.rows(self._campaign_id)
        page = experiment_page(rows, wanted)
        items = [
            item.model_dump(mode="json", exclude={"version", "needs_human"}) for item in page.items
        ]
        return self._told({"total": page.total, "experiments": items})

    def experiment(self, experiment_id: str) -> str:
        """Tell an experiment's record and its BD-rates clip by clip."""
        one = self._found(experiment_id)
        facts = {
            name: value for name, value in one.model_dump(mode="json").items() if name in _TOLD
        }
        if one.human_intervention_reasons:
            facts["why_a_person_was_asked"] = explanation(one.human_intervention_reasons[-1])
        shown = {clip.name for clip in self._clips}
        results = current_results(self._records, one)
        return self._told(
            {**facts, "clips": [_clip(result) for result in results if result.clip in shown]}
        )

    def attempts(self, experiment_id: str) -> str:
        """Tell every attempt with its fault and the fix that followed."""
        self._found(experiment_id)
        attempts = [
            {
                "run": one.run,
                "phase": one.phase,
                "attempt": one.attempt,
                "passed": one.passed,
                "fault": one.fault and f"{one.fault.error_type}: {one.fault.message}",
                "refused_fixes": one.rejected_fixes,
                "fix": one.fix_reason,
            }
            for one in self._records.attempts(experiment_id)
        ]
        return self._told({"attempts": attempts})

    def diff(self, experiment_id: str) -> str:
        """Tell what an experiment's source changed in its parent's."""
        one = self._found(experiment_id)
        if one.proposal_key is None:
            raise UnknownRecordError(f"{experiment_id} has no source yet.")
        old = {}
        if one.parent_proposal_key is not None:
            old = self._files(one.parent_proposal_key)
        return self._cut(unified_diff(old, self._files(one.proposal_key)) or "Nothing changed.")

    def known(self, experiment_ids: Iterable[str]) -> tuple[str, ...]:
        """Keep the names that experiments of the campaign have."""
        names = {row.experiment_id for row in self._listing.rows(self._campaign_id)}
        return tuple(one for one in dict.fromkeys(experiment_ids) if one in names)

    def _found(self, experiment_id: str) -> Experiment:
        if not self.known([experiment_id]):
            raise UnknownRecordError(f"The campaign has no experiment {experiment_id[:80]!r}.")
        return self._records.experiment(experiment_id)

    def _files(self, proposal_key: str) -> dict[str, str]:
        return documents.load(self._objects, proposal_key, Proposal).candidate.files

    def _told(self, facts: dict[str, Any]) -> str:
        return self._cut(json.dumps(facts, ensure_ascii=False, default=str))

    def _cut(self, text: str) -> str:
        text = self._redaction(text)
        if len(text) <= MAX_CHARACTERS:
            return text
        return f"{text[:MAX_CHARACTERS]} … ({len(text) - MAX_CHARACTERS} more characters)"


def _clip(result: ClipResult) -> dict[str, Any]:
    return {
        "clip": result.clip,
        "bd_rates": [
            {
                "anchor": rate.anchor,
                "metric": rate.metric,
                "percent": rate.percent,
                "absent_because": rate.reason,
            }
            for rate in result.bd_rates
        ],
        "points": [
            {
                "quality": point.quality,
                "bitrate_bps": round(point.bitrate_bps),
                "psnr_y_db": round(point.psnr_y_db, 3),
                "ssim_y": round(point.ssim_y, 5),
            }
            for point in result.points
        ],
    }
